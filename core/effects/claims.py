"""Claiming effects: one commit that says who sends what, with the exact bytes, before the first of them leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from canonical.commands import COMMAND_BY_NAME, Command
from canonical.stock import Node
from core.effects.requests import Requests, open_parties
from core.engine.memory import OrderMemory
from core.errors import RejectedError
from core.ids import uuid7
from core.ports import Effect, EffectPort, Outgoing
from core.security.keys import KeyRing
from core.store import messages
from core.store.messages import as_uuid
from core.store.sql import Session, bulk

__all__ = ["LEASE_MARGIN_S", "Claim", "Claims", "Refusal", "claim", "expire", "open_parties"]

_CANDIDATES = (
    "SELECT id, key, connector, command, body, order_id, message_id, correlation_id, state, attempt, looks, "
    "first_sent_at, request_id FROM effects "
    "WHERE connector = $1 AND state IN ('pending', 'sending', 'unknown') AND state <> 'sending' AND due_at <= $2 "
)
_OLDEST = "ORDER BY due_at, id LIMIT $3 {skip}"
_DUE = _CANDIDATES + _OLDEST
_DUE_OF_OTHERS = _CANDIDATES + "AND NOT (state = 'pending' AND command {any:4:text}) " + _OLDEST
"""The same without what is to be sent of some commands. What is looked up is another call at the partner."""
_CLAIM = bulk(
    "UPDATE effects SET state = 'sending', attempt = r.attempt, looks = r.looks, lease_until = r.lease_until, "
    "lease_owner = r.lease_owner, first_sent_at = COALESCE(effects.first_sent_at, r.first_sent_at), "
    "request_id = COALESCE(r.request_id, effects.request_id) FROM {rows} WHERE effects.id = r.id",
    "id uuid, attempt int, looks int, lease_until timestamptz, lease_owner text, first_sent_at timestamptz, "
    "request_id uuid",
)
_EXPIRE = (
    "UPDATE effects SET state = 'unknown', due_at = $3, reason = 'the worker that sent it is gone', "
    "lease_until = NULL, lease_owner = NULL "
    "WHERE connector = $1 AND state IN ('pending', 'sending', 'unknown') AND state = 'sending' AND lease_until < $2"
)
"""All states are named as in the index of open effects, word for word: only so SQLite uses it."""
LEASE_MARGIN_S = 15.0
REFUSAL_LEASE_S = 60.0
"""How long the one who found that an effect can't be sent has to say so."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An effect that is this claim's until its lease ends: to be sent, or to be looked up."""

    effect: Effect
    port: EffectPort
    connector: str
    look_up: bool
    looks: int
    request_id: UUID
    message_id: UUID | None
    correlation_id: UUID | None
    owner: str
    """The lease's: no two claims have the same, so that one that came too late changes nothing."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An effect that can't be sent at all. A `RejectedError` tells the order; anything else is for a person."""

    effect_id: UUID
    key: str
    command: str
    order_id: UUID
    connector: str
    error: Exception
    owner: str
    in_doubt: bool
    """It was sent before, and nobody knows what became of it."""


@dataclass(slots=True)
class Claims:
    """What one transaction claimed."""

    claims: list[Claim]
    refusals: list[Refusal]


async def expire(session: Session, connector: str, settle_s: float) -> None:
    """Give up leases that ran out: what was under way is unknown, and looked up once it can't take effect any more."""
    await session.run(_EXPIRE, connector, session.now, session.now + timedelta(seconds=settle_s))


async def claim(
    session: Session,
    ring: KeyRing,
    ports: Mapping[tuple[str, str], EffectPort],
    nodes: Mapping[str, Node],
    memory: OrderMemory,
    wanted: Mapping[str, int],
    margin_s: float,
    held: Mapping[str, Sequence[str]],
) -> Claims:
    """Claim up to `wanted[connector]` due effects each, and store the bytes of those that are sent first.

    A lease lasts `margin_s` longer than its port's deadline. Nothing is sent of the commands in `held[connector]`.
    """
    rows = [
        row
        for connector, free in sorted(wanted.items())
        for row in await _due(session, connector, free, held.get(connector))
    ]
    made = Claims([], [])
    if not rows:
        return made
    requests = await Requests.load(session, ring, rows, nodes, memory)
    for row in rows:
        try:
            made.claims.append(_claim(row, ports, requests))
        except Exception as error:  # noqa: BLE001 - a port's defect harms its own effect only
            made.refusals.append(_refusal(row, error))
    numbered = await requests.number(session)
    made.claims = [_numbered(one, numbered) for one in made.claims]
    await messages.insert(session, ring, requests.new)
    await session.write(_CLAIM, _leases(made, rows, session.now, margin_s))
    return made


async def _due(session: Session, connector: str, free: int, held: Sequence[str] | None) -> Sequence[Any]:
    if held:
        return await session.rows(_DUE_OF_OTHERS, connector, session.now, free, held)
    return await session.rows(_DUE, connector, session.now, free)


def _claim(row: Any, ports: Mapping[tuple[str, str], EffectPort], requests: Requests) -> Claim:
    command = COMMAND_BY_NAME[row["command"]].model_validate_json(row["body"])
    port = _port(ports, row["connector"], row["command"])
    outgoing, request_id = requests.of(row, command, port)
    look_up = row["state"] == "unknown"
    return Claim(
        _effect(row, command, outgoing, look_up=look_up), port, row["connector"], look_up,
        row["looks"] + 1 if look_up else 0, request_id, row["message_id"], row["correlation_id"], str(uuid7()),
    )  # fmt: skip


def _numbered(claim: Claim, numbered: Mapping[UUID, Outgoing]) -> Claim:
    outgoing = numbered.get(claim.request_id)
    return claim if outgoing is None else replace(claim, effect=replace(claim.effect, outgoing=outgoing))


def _effect(row: Any, command: Command, outgoing: Outgoing, *, look_up: bool) -> Effect:
    return Effect(
        id=as_uuid(row["id"]),
        key=row["key"],
        command=command,
        outgoing=outgoing,
        attempt=row["attempt"] + (0 if look_up else 1),
        first_sent_at=row["first_sent_at"],
    )


def _port(ports: Mapping[tuple[str, str], EffectPort], connector: str, command: str) -> EffectPort:
    port = ports.get((connector, command))
    if port is None:
        message = f"connector {connector} does not take {command}: check its type in hub.yaml"
        raise RejectedError(message, code="no_port")
    return port


def _refusal(row: Any, error: Exception) -> Refusal:
    return Refusal(
        as_uuid(row["id"]), row["key"], row["command"], as_uuid(row["order_id"]), row["connector"], error,
        str(uuid7()), in_doubt=row["state"] == "unknown",
    )  # fmt: skip


def _leases(
    made: Claims, rows: Sequence[Any], now: datetime, margin_s: float
) -> list[tuple[UUID, int, int, datetime, str, datetime | None, UUID | None]]:
    """Return the leases to be written. Who refuses holds one too: nobody else refuses it at the same time."""
    before = {as_uuid(row["id"]): row for row in rows}
    until = now + timedelta(seconds=REFUSAL_LEASE_S)
    claimed = [
        (
            c.effect.id, c.effect.attempt, c.looks, now + timedelta(seconds=c.port.deadline_s + margin_s),
            c.owner, now, c.request_id,
        )
        for c in made.claims
    ]  # fmt: skip
    refused = [
        (
            r.effect_id,
            before[r.effect_id]["attempt"],
            before[r.effect_id]["looks"],
            until,
            r.owner,
            None,
            None,
        )
        for r in made.refusals
    ]
    return [*claimed, *refused]
