"""How a batch's parts and pieces of work end: outcomes, failure records, and what their messages say of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from canonical.documents import KeyKind
from core.bus.port import Item, inbound
from core.engine.changes import Changes, Posting
from core.engine.reading import Part
from core.engine.work import (
    AuditEntry,
    Ending,
    Facts,
    Happening,
    NewMessage,
    Outcome,
    Stored,
    Work,
    data_of,
    successor,
)
from core.ids import uuid7
from core.store import messages


@dataclass(frozen=True, slots=True)
class Endings:
    """Writes ends into a batch's changes. `disowned` is work whose settlement counts for nothing."""

    changes: Changes
    disowned: Collection[Work]

    def close(self, part: Part) -> None:
        """Write the failure record of a part that failed, or close the one that it replayed."""
        changes = self.changes
        work = part.work
        if part.blame is not None:
            failure_id = part.outcome.failure_id if part.outcome else None
            failure_id = failure_id or part.failure_id or uuid7()
            part.outcome = Outcome(Ending.FAILED, part.blame.reason, failure_id=failure_id)
            item = successor(work, content_of(part), tag=f"failed:{part.index}", now=changes.now)
            changes.failed(failure_id, work, part.blame, part.order_id, item)
        elif part.failure_id is not None and not _waits(part):
            changes.add("resolved", part.failure_id, changes.now)

    def of(self, works: Iterable[Work], parts: Iterable[Part]) -> dict[Work, Outcome]:
        """Give every piece of work its outcome, and its message its status."""
        by_work: dict[Work, list[Part]] = defaultdict(list)
        for part in parts:
            by_work[part.work].append(part)
        outcomes: dict[Work, Outcome] = {}
        for work in works:
            own = by_work.get(work)
            if own is None:
                outcomes[work] = Outcome(Ending.DUPLICATE, "it was taken in before")
                continue
            outcome = _worst([p.outcome or Outcome(Ending.DONE) for p in own])
            outcomes[work] = outcome
            self._record(work, own, outcome)
        return outcomes

    def _record(self, work: Work, parts: Sequence[Part], outcome: Outcome) -> None:
        changes = self.changes
        if work.settlement is not None and work not in self.disowned:
            changes.settle(work.settlement, work.audit)
        if work.audit is not None:
            changes.audited(work.audit if outcome.ending in _AS_ASKED else _in_vain(work.audit, outcome))
        ids = {part.order_id for part in parts if part.order_id is not None}
        order_id = next(iter(ids)) if len(ids) == 1 else None
        for record in filter(None, (work.record, *work.files)):
            changes.message_rows.append(
                messages.Row(
                    record.id, record.direction, record.connector, record.kind, outcome.ending.value,
                    record.media_type, record.body, sealed=True, order_id=order_id or record.order_id,
                    correlation_id=record.correlation_id, causation_id=record.causation_id, keys=record.keys,
                ),
            )  # fmt: skip
        for one in work.arrived:
            self._arrived(one)
        if isinstance(work.content, Stored):
            message_id = work.content.message_id
            mapping = next(
                (p.blame.mapping for p in parts if p.blame and p.blame.mapping),
                next((p.mapping for p in parts if p.mapping), None),
            )
            changes.add(
                "finish", message_id, outcome.ending.value, order_id, mapping, outcome.reason, changes.now,
            )  # fmt: skip
            if order_id is not None:
                changes.add("adopt", message_id, order_id)
            for key in {
                (k.kind.value, k.value) for part in parts for k in part.keys if k.kind is not KeyKind.ORDER_ID
            }:
                changes.add("message_keys", *key, message_id)

    def _arrived(self, one: NewMessage) -> None:
        """Let what came with an answer be on its way as if it had come by itself."""
        changes = self.changes
        changes.message_rows.append(
            messages.Row(
                one.id, "in", one.connector, one.kind, "received", one.media_type, one.body, sealed=True,
                correlation_id=one.correlation_id or one.id, causation_id=one.causation_id, keys=one.keys,
            ),
        )  # fmt: skip
        item = Item(
            id=one.id, type=one.kind, subject=None, attempt=1, time=changes.now,
            correlation_id=one.correlation_id or one.id, causation_id=one.id, data=data_of(Stored(one.id)),
        )  # fmt: skip
        changes.postings.append(Posting(inbound(one.connector), item))


def _waits(part: Part) -> bool:
    return part.outcome is not None and part.outcome.ending is Ending.WAITING


_SEVERITY = (Ending.FAILED, Ending.WAITING, Ending.STALE, Ending.DONE, Ending.DUPLICATE, Ending.IGNORED)


def _worst(outcomes: Sequence[Outcome]) -> Outcome:
    return min(outcomes, key=lambda outcome: _SEVERITY.index(outcome.ending))


_AS_ASKED = frozenset({Ending.DONE, Ending.DUPLICATE, Ending.IGNORED})


def _in_vain(entry: AuditEntry, outcome: Outcome) -> AuditEntry:
    """Return what the audit log says of a wish that did not come true, or not yet."""
    became = "waits" if outcome.ending is Ending.WAITING else "refused"
    return replace(
        entry, action=f"{entry.action}.{became}", detail=f"{entry.detail} ({outcome.reason})".strip()
    )


def content_of(part: Part) -> Stored | Facts | Happening:
    """Return what a part is, so that it can be tried again by itself."""
    content = part.work.content
    if isinstance(content, Stored):
        return Stored(content.message_id, part.index if part.index is not None else content.part)
    if part.happening is not None:
        return part.happening
    return Facts((part.document,)) if part.document is not None else content
