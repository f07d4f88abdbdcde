"""Interchanges in a batch: number, verdict, sets, acknowledgement and ledger are one commit with the inbox.

The last lock class: the pairs of partners, sorted. Whoever holds a pair is alone with its numbers, so that of two
workers that read the same interchange the second one finds it in the ledger.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from canonical.commands import SendInterchange
from core.bus.port import Item, inbound
from core.engine import partner_answers as answers
from core.engine.changes import Changes, Posting
from core.engine.reading import Blame, Part
from core.engine.work import Ending, Outcome, Stored, data_of, successor
from core.exchange import ledger, sending
from core.exchange.numbers import Counters
from core.exchange.shapes import Draft, Received, RefusedSet, Ruling, Standing, TakenSet, Wish
from core.ids import named_id, uuid7
from core.ports import TARGET
from core.store import messages
from core.store.messages import as_uuid
from core.store.sql import Session, as_instant


@dataclass(frozen=True, slots=True)
class _Before:
    """An interchange that had the number before."""

    message_id: UUID | None
    digest: str
    recorded_at: datetime


@dataclass(slots=True)
class _Taking:
    """What the interchanges of one batch bring."""

    session: Session
    changes: Changes
    counters: Counters
    before: dict[tuple[str, str], _Before]
    rows: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    sets: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    effects: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    sent: list[sending.Sent] = field(default_factory=list[sending.Sent])
    said: list[answers.Said] = field(default_factory=list[answers.Said])
    wishes: list[tuple[str, Wish, UUID]] = field(default_factory=list[tuple[str, Wish, UUID]])
    came: set[tuple[str, str, str]] = field(default_factory=set[tuple[str, str, str]])

    def take(self, part: Part, received: Received) -> None:
        """Decide about one interchange, and gather what that brings."""
        key, now = (received.inward, received.control), self.changes.now
        before = self.before.get(key)
        if before is not None and before.recorded_at < now - received.window:
            before = None
        is_same = before is not None and before.digest == received.digest
        if before is not None and is_same and received.ignores_same_bytes:
            reason = f"interchange {received.control} came before with the same bytes, as message {before.message_id}"
            part.outcome = Outcome(Ending.DUPLICATE, reason)
            return
        try:
            ruling = received.rule(before is not None and (is_same or not received.takes_other_bytes))
        except Exception as error:  # noqa: BLE001 - a defect about one interchange harms no other
            part.blame = Blame("read", type(error).__name__, str(error) or repr(error))
            return
        if ruling.standing is not Standing.REJECTED:
            self.before[key] = _Before(part.work.message_id, received.digest, now)
        self._record(part, received, ruling)

    def _record(self, part: Part, received: Received, ruling: Ruling) -> None:
        interchange_id, now, connector = uuid7(), self.changes.now, part.work.connector
        draft = ruling.acknowledgement
        effect_key = self._acknowledge(part, draft, interchange_id) if draft is not None else None
        due_at, ended_at = (None, now) if draft is None else (now + received.answer_within, None)
        self.rows.append(
            (
                interchange_id, "in", connector, received.inward, received.control, received.digest,
                part.work.message_id, effect_key, None, ruling.standing.value, ruling.reason, now, due_at, ended_at,
            )
        )  # fmt: skip
        for seq, one in enumerate(ruling.sets):
            self._taken(part, received, interchange_id, seq, one)
        for seq, refused in enumerate(ruling.refused, start=len(ruling.sets)):
            self._refused(part, interchange_id, seq, refused)
        self.said.extend(answers.Said(received.outward, answer, part) for answer in ruling.answers)
        self.wishes.extend((connector, wish, interchange_id) for wish in ruling.wishes)
        if ruling.standing is Standing.REJECTED:
            reason = ruling.reason or f"interchange {received.control} was rejected"
            part.blame = Blame("envelope", "RejectedInterchangeError", reason, ruling.problems)

    def _taken(self, part: Part, received: Received, interchange_id: UUID, seq: int, one: TakenSet) -> None:
        """Let a set become a message of its own, on its way as if it had come by itself."""
        work, connector = part.work, part.work.connector
        message_id = uuid7()
        self.changes.message_rows.append(
            messages.Row(
                message_id, "in", connector, one.kind, "received", received.media_type, one.body, sealed=True,
                correlation_id=work.item.correlation_id, causation_id=work.message_id,
                keys=(("interchange", received.control), *(("document", r) for r in one.references)),
            )
        )  # fmt: skip
        item = Item(
            id=message_id, type=one.kind, subject=None, attempt=1, time=self.changes.now,
            correlation_id=work.item.correlation_id, causation_id=message_id,
            data=data_of(Stored(message_id)),
        )  # fmt: skip
        self.changes.postings.append(Posting(inbound(connector), item))
        reference = one.references[0] if one.references else None
        self.sets.append(
            (
                interchange_id, seq, connector, one.kind, one.group_control, one.control, reference, message_id,
                one.standing.value,
            )
        )  # fmt: skip
        self.came.update((connector, one.kind, reference) for reference in one.references)

    def _refused(self, part: Part, interchange_id: UUID, seq: int, one: RefusedSet) -> None:
        connector = part.work.connector
        self.sets.append(
            (
                interchange_id, seq, connector, one.kind, one.group_control, one.control, None, None,
                Standing.REJECTED.value,
            )
        )  # fmt: skip
        if part.work.message_id is None:
            return
        item = successor(
            part.work, Stored(part.work.message_id, part.index), tag=f"refused:{part.index}:{seq}",
            now=self.changes.now,
        )  # fmt: skip
        blame = Blame("syntax", "RejectedSetError", one.reason, one.problems)
        failure_id = named_id(f"refused:{interchange_id}:{seq}", self.changes.now)
        self.changes.failed_item(failure_id, part.work.queue, item, blame, message_id=part.work.message_id)

    def _acknowledge(self, part: Part, draft: Draft, answers_id: UUID) -> str:
        """Store the acknowledgement with its numbers, and the effect that sends these bytes."""
        work, now, connector = part.work, self.changes.now, part.work.connector
        written = sending.write(draft, self.counters)
        exchange_id, message_id, effect_id = uuid7(), uuid7(), uuid7()
        key = f"interchange:{exchange_id}"
        self.changes.message_rows.append(
            messages.Row(
                message_id, "out", connector, "acknowledgement", "sent", draft.media_type, written.body, sealed=True,
                correlation_id=work.item.correlation_id, causation_id=work.message_id,
                headers={TARGET: written.name}, keys=(("external_id", key), ("interchange", written.control)),
            )
        )  # fmt: skip
        command = SendInterchange(order_id=exchange_id, connector=connector, key=key, control=written.control)
        name = type(command).__name__
        self.effects.append(
            (
                effect_id, key, connector, name, command.model_dump_json(), exchange_id, work.message_id,
                work.item.correlation_id, "pending", now, message_id, now,
            )
        )  # fmt: skip
        self.changes.asked(work, connector, effect_id, name, None)
        self.sent.append(sending.Sent(exchange_id, connector, written, message_id, key, answers_id))
        return key

    async def write(self) -> None:
        """Write what was gathered, but for what is the batch's own."""
        session = self.session
        await self.counters.save(session)
        await session.write(ledger.INTERCHANGES, self.rows)
        await session.write(ledger.SETS, self.sets)
        await sending.enter(session, self.sent)
        await session.write(ledger.EFFECTS, self.effects)
        await answers.apply(session, self.changes, self.said)
        await self._owed()

    async def _owed(self) -> None:
        """Note what the partner owes from now on, if it hasn't come, and forget what has."""
        session, now = self.session, self.changes.now
        wanted = {(c, w.kind, w.reference): (w.after, i, now, now + w.within) for c, w, i in self.wishes}
        have = {
            (row["connector"], row["kind"], row["reference"])
            for row in await session.write(ledger.HAVE, sorted(wanted))
        }
        new = [(*key, *wish) for key, wish in sorted(wanted.items()) if key not in have]
        await session.write(ledger.WISHES, new)
        for row in await session.write(ledger.CAME, sorted(self.came)):
            if row["raised_at"] is not None:
                failure_id = answers.expected_failure(
                    row["connector"], row["kind"], row["reference"], as_instant(row["since"])
                )
                self.changes.add("resolved", failure_id, now)


async def take(session: Session, changes: Changes, parts: Sequence[Part]) -> None:
    """Take the interchanges among the parts of a batch."""
    found = [
        (p, p.received) for p in parts if p.received is not None and p.outcome is None and p.blame is None
    ]
    if not found:
        return
    pairs = {pair for _, received in found for pair in (received.inward, received.outward)}
    counters = await Counters.lock(session, pairs)
    keys = sorted({(received.inward, received.control) for _, received in found})
    before = {
        (row["pair"], row["control"]): _Before(
            as_uuid(row["message_id"]), row["digest"], as_instant(row["recorded_at"])
        )
        for row in await session.write(ledger.BEFORE, keys)
    }
    taking = _Taking(session, changes, counters, before)
    for part, received in found:
        taking.take(part, received)
    await taking.write()
