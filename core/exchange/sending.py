"""What goes into the ledger with an interchange that we send, whoever sends it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.exchange import ledger
from core.exchange.numbers import Counters, Numbers
from core.exchange.shapes import Draft, Standing
from core.store.sql import Session


@dataclass(frozen=True, slots=True)
class Written:
    """A draft with its numbers: bytes that never change again."""

    draft: Draft
    numbers: Numbers
    body: bytes
    name: str

    @property
    def control(self) -> str:
        """The interchange's control number."""
        return str(self.numbers.interchange)


def write(draft: Draft, counters: Counters) -> Written:
    """Give a draft its numbers, of a pair that is locked."""
    numbers = counters.draw(draft.pair, draft.groups, len(draft.sets))
    return Written(draft, numbers, draft.write(numbers), draft.name(numbers))


def rehearse(draft: Draft) -> bytes:
    """Return a draft's bytes with numbers that count for nothing; raises what writing it would raise."""
    return draft.write(Numbers(1, tuple(range(1, draft.groups + 1)), tuple(range(1, len(draft.sets) + 1))))


@dataclass(frozen=True, slots=True)
class Sent:
    """An interchange on its way: stored as a message, to be sent by an effect."""

    id: UUID
    connector: str
    written: Written
    message_id: UUID
    effect_key: str
    answers: UUID | None = None
    """The interchange that it acknowledges."""


async def enter(session: Session, sent: list[Sent]) -> None:
    """Enter interchanges that we send into the ledger, with what the partner owes us for them."""
    now = session.now
    await session.write(ledger.INTERCHANGES, [_row(one, now) for one in sent])
    await session.write(ledger.SETS, [row for one in sent for row in _sets(one)])
    wishes = {
        (one.connector, wish.kind, wish.reference): (wish.after, one.id, now, now + wish.within)
        for one in sent
        for wish in one.written.draft.wishes
    }
    await session.write(ledger.WISHES, [(*key, *wish) for key, wish in sorted(wishes.items())])


def _row(one: Sent, now: datetime) -> tuple[Any, ...]:
    within = one.written.draft.answer_within
    status = Standing.SENT if within is None else Standing.OPEN
    due_at, ended_at = (None, now) if within is None else (now + within, None)
    return (
        one.id, "out", one.connector, one.written.draft.pair, one.written.control, digest(one.written.body),
        one.message_id, one.effect_key, one.answers, status.value, None, now, due_at, ended_at,
    )  # fmt: skip


def _sets(one: Sent) -> list[tuple[Any, ...]]:
    """Only what is to be acknowledged has sets to be looked up by."""
    draft, numbers = one.written.draft, one.written.numbers
    if draft.answer_within is None:
        return []
    return [
        (
            one.id, seq, one.connector, part.kind, "" if part.group is None else str(numbers.groups[part.group]),
            str(numbers.sets[seq]), part.reference, one.message_id, Standing.OPEN.value,
        )
        for seq, part in enumerate(draft.sets)
    ]  # fmt: skip


def digest(body: bytes) -> str:
    """Return by what bytes are known again."""
    return hashlib.sha256(body).hexdigest()
