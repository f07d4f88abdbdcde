"""Raw documents into the store, many in one transaction, before anything else looks at them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from core.bus.port import Item, inbound
from core.engine.changes import Posting
from core.engine.work import Deposit, Stored, data_of
from core.ports import Receipt
from core.security.keys import KeyRing
from core.store import messages
from core.store.messages import as_uuid
from core.store.sql import Session, bulk, bulk_insert

_EXTERNAL = bulk_insert(
    "external_ids",
    "connector text, external_id text, message_id uuid, body_hash text, recorded_at timestamptz",
    tail="ON CONFLICT DO NOTHING",
)
_STORED = bulk(
    "SELECT e.connector, e.external_id, e.message_id, e.body_hash FROM {rows} JOIN external_ids e "
    "ON e.connector = r.connector AND e.external_id = r.external_id",
    "connector text, external_id text",
)


@dataclass(slots=True)
class Deposited:
    """What storing some documents brought."""

    receipts: dict[Deposit, Receipt]
    postings: list[Posting]


async def store(session: Session, ring: KeyRing, deposits: Sequence[Deposit]) -> Deposited:
    """Store each document once by its external id, and post it to its connector's queue."""
    named = sorted(
        (
            (d.connector, d.raw.external_id, d.message_id, _hash(d), session.now)
            for d in deposits
            if d.raw.external_id
        ),
        key=lambda row: (row[0], row[1], row[2]),
    )
    await session.write(_EXTERNAL, named)
    known = {
        (row["connector"], row["external_id"]): (as_uuid(row["message_id"]), row["body_hash"])
        for row in await session.write(_STORED, sorted({(row[0], row[1]) for row in named}))
    }
    receipts = {deposit: _receipt(deposit, known) for deposit in deposits}
    new = [deposit for deposit in deposits if not receipts[deposit].duplicate]
    await messages.insert(session, ring, [_row(deposit) for deposit in new])
    return Deposited(receipts, [Posting(inbound(d.connector), _item(d, session)) for d in new])


def _hash(deposit: Deposit) -> str:
    return hashlib.sha256(deposit.raw.body).hexdigest()


def _receipt(deposit: Deposit, known: dict[tuple[str, str | None], tuple[UUID, str]]) -> Receipt:
    found = known.get((deposit.connector, deposit.raw.external_id))
    if found is None or found[0] == deposit.message_id:
        return Receipt(deposit.message_id)
    return Receipt(found[0], duplicate=True, same_body=found[1] == _hash(deposit))


def _row(deposit: Deposit) -> messages.Row:
    raw = deposit.raw
    return messages.Row(
        deposit.message_id, "in", deposit.connector, raw.kind, "received", raw.media_type, raw.body, sealed=True,
        correlation_id=deposit.message_id, external_id=raw.external_id, headers=raw.headers,
        keys=(("external_id", raw.external_id),) if raw.external_id else (),
    )  # fmt: skip


def _item(deposit: Deposit, session: Session) -> Item:
    return Item(
        id=deposit.message_id,
        type=deposit.raw.kind,
        subject=None,
        attempt=1,
        time=session.now,
        correlation_id=deposit.message_id,
        causation_id=deposit.message_id,
        data=data_of(Stored(deposit.message_id)),
    )
