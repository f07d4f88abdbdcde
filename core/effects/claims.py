"""Claiming effects: one commit that says who sends what, with the exact bytes, before the first of them leaves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from canonical.commands import COMMAND_BY_NAME, Command
from canonical.order import Order
from canonical.parties import Parties
from canonical.stock import Item, Node
from core.engine import snapshots
from core.errors import HubError, RejectedError
from core.ids import uuid7
from core.ports import Effect, EffectContext, EffectPort, Outgoing
from core.security.keys import KeyRing
from core.store import messages
from core.store.messages import as_uuid
from core.store.sql import Session, bulk

_DUE = (
    "SELECT id, key, connector, command, body, order_id, message_id, correlation_id, state, attempt, looks, "
    "first_sent_at, request_id FROM effects "
    "WHERE connector = $1 AND state IN ('pending', 'sending', 'unknown') AND state <> 'sending' AND due_at <= $2 "
    "ORDER BY due_at, id LIMIT $3 {skip}"
)
_CLAIM = bulk(
    "UPDATE effects SET state = 'sending', attempt = r.attempt, looks = r.looks, lease_until = r.lease_until, "
    "lease_owner = r.lease_owner, first_sent_at = COALESCE(effects.first_sent_at, r.first_sent_at), "
    "request_id = r.request_id FROM {rows} WHERE effects.id = r.id",
    "id uuid, attempt int, looks int, lease_until timestamptz, lease_owner text, first_sent_at timestamptz, "
    "request_id uuid",
)
_EXPIRE = (
    "UPDATE effects SET state = 'unknown', due_at = $3, reason = 'the worker that sent it is gone' "
    "WHERE connector = $1 AND state IN ('pending', 'sending', 'unknown') AND state = 'sending' AND lease_until < $2"
)
"""All states are named as in the index of open effects, word for word: only so SQLite uses it."""
_PARTIES = (
    "SELECT p.order_id, p.key_id, p.body, k.wrapped FROM parties p LEFT JOIN data_keys k ON k.id = p.key_id "
    "WHERE p.order_id {any:1:uuid}"
)
_ORDERS = "SELECT id, schema, doc FROM orders WHERE id {any:1:uuid}"
_ITEMS = "SELECT sku, doc FROM items WHERE sku {any:1:text}"
LEASE_MARGIN_S = 15.0
TARGET = "x-target"
"""The stored header that keeps `Outgoing.target`."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An effect that is this worker's until its lease ends: to be sent, or to be looked up."""

    effect: Effect
    port: EffectPort
    connector: str
    look_up: bool
    looks: int
    request_id: UUID
    message_id: UUID | None
    correlation_id: UUID | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An effect that can't even be written down: the partner's format has no room for it."""

    effect_id: UUID
    key: str
    command: Command
    connector: str
    reason: str


@dataclass(frozen=True, slots=True)
class Lease:
    """Who claims, for how long beyond each port's deadline."""

    owner: str
    margin_s: float = LEASE_MARGIN_S


async def expire(session: Session, connector: str, settle_s: float) -> None:
    """Give up leases that ran out: what was under way is unknown, and looked up once it can't take effect any more."""
    await session.run(_EXPIRE, connector, session.now, session.now + timedelta(seconds=settle_s))


async def claim(
    session: Session,
    ring: KeyRing,
    ports: Mapping[tuple[str, str], EffectPort],
    nodes: Mapping[str, Node],
    wanted: Mapping[str, int],
    lease: Lease,
) -> tuple[list[Claim], list[Refusal]]:
    """Claim up to `wanted[connector]` due effects each, and store the bytes of those that are sent first."""
    rows = [
        row
        for connector, free in sorted(wanted.items())
        for row in await session.rows(_DUE, connector, session.now, free)
    ]
    if not rows:
        return [], []
    contexts = await _contexts(session, ring, [row for row in rows if row["request_id"] is None], nodes)
    stored = await messages.load(session, ring, [as_uuid(r["request_id"]) for r in rows if r["request_id"]])
    claims: list[Claim] = []
    refusals: list[Refusal] = []
    new_requests: list[messages.Row] = []
    for row in rows:
        command = COMMAND_BY_NAME[row["command"]].model_validate_json(row["body"])
        try:
            port = _port(ports, row["connector"], row["command"])
            outgoing, request_id = _request(row, command, port, contexts, stored, new_requests)
        except RejectedError as error:
            refusals.append(Refusal(row["id"], row["key"], command, row["connector"], str(error)))
            continue
        claims.append(_claim(row, command, port, outgoing, request_id))
    await messages.insert(session, ring, new_requests)
    await session.write(_CLAIM, [_claimed(c, session.now, lease) for c in claims])
    return claims, refusals


def _port(ports: Mapping[tuple[str, str], EffectPort], connector: str, command: str) -> EffectPort:
    port = ports.get((connector, command))
    if port is None:
        message = f"connector {connector} does not take {command}: check its type in hub.yaml"
        raise RejectedError(message, code="no_port")
    return port


def _claim(row: Any, command: Command, port: EffectPort, outgoing: Outgoing, request_id: UUID) -> Claim:
    look_up = row["state"] == "unknown"
    effect = Effect(
        id=row["id"],
        key=row["key"],
        command=command,
        outgoing=outgoing,
        attempt=row["attempt"] + (0 if look_up else 1),
        first_sent_at=row["first_sent_at"],
    )
    looks = row["looks"] + (1 if look_up else 0)
    return Claim(
        effect, port, row["connector"], look_up, looks, request_id, row["message_id"], row["correlation_id"]
    )


def _claimed(claim: Claim, now: datetime, lease: Lease) -> tuple[Any, ...]:
    until = now + timedelta(seconds=claim.port.deadline_s + lease.margin_s)
    return (claim.effect.id, claim.effect.attempt, claim.looks, until, lease.owner, now, claim.request_id)


def _request(
    row: Any,
    command: Command,
    port: EffectPort,
    contexts: Mapping[UUID, EffectContext],
    stored: Mapping[UUID, messages.Message | HubError],
    new_requests: list[messages.Row],
) -> tuple[Outgoing, UUID]:
    """Return the request's bytes: those stored at the first sending, else rendered now."""
    if row["request_id"] is not None:
        request = stored[as_uuid(row["request_id"])]
        if isinstance(request, HubError):
            raise RejectedError(str(request)) from request
        headers = dict(request.headers)
        target = headers.pop(TARGET, "")
        return Outgoing(request.body, request.media_type, target, headers), request.id
    context = contexts.get(row["order_id"])
    if context is None:
        message = f"order {row['order_id']} is not in the store"
        raise RejectedError(message)
    outgoing = port.render(command, context)
    request_id = uuid7()
    new_requests.append(
        messages.Row(
            request_id, "out", row["connector"], row["command"], "sent", outgoing.media_type, outgoing.body,
            sealed=True, order_id=row["order_id"], correlation_id=row["correlation_id"],
            causation_id=row["message_id"], headers={**outgoing.headers, TARGET: outgoing.target},
            keys=(("external_id", row["key"]),),
        ),
    )  # fmt: skip
    return outgoing, request_id


async def _contexts(
    session: Session,
    ring: KeyRing,
    rows: Sequence[Any],
    nodes: Mapping[str, Node],
) -> dict[UUID, EffectContext]:
    """Load what rendering looks at, set-based."""
    ids = sorted({as_uuid(row["order_id"]) for row in rows})
    if not ids:
        return {}
    orders = {
        as_uuid(row["id"]): snapshots.read(row["doc"], row["schema"])
        for row in await session.rows(_ORDERS, ids)
    }
    parties = await open_parties(session, ring, ids)
    items = await _items(session, (order for order in orders.values() if order is not None))
    return {
        order_id: EffectContext(order, parties.get(order_id), nodes, items, session.now)
        for order_id, order in orders.items()
        if order is not None
    }


async def open_parties(session: Session, ring: KeyRing, order_ids: Sequence[UUID]) -> dict[UUID, Parties]:
    """Return the people of orders; those that were erased are missing."""
    found: dict[UUID, Parties] = {}
    for row in await session.rows(_PARTIES, order_ids):
        if row["wrapped"] is None:
            continue
        order_id = as_uuid(row["order_id"])
        key = ring.unwrap(as_uuid(row["key_id"]), bytes(row["wrapped"]))
        found[order_id] = Parties.model_validate_json(key.open(order_id, bytes(row["body"])))
    return found


async def _items(session: Session, orders: Iterable[Order]) -> dict[str, Item]:
    skus = sorted({line.sku for order in orders for line in order.lines})
    rows = await session.rows(_ITEMS, skus)
    return {row["sku"]: Item.model_validate_json(row["doc"]) for row in rows}
