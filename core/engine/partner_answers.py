"""What partners say of our interchanges, entered into the ledger: what was open ends, what was refused is a failure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from core.engine.changes import Changes
from core.engine.reading import Blame, Part
from core.engine.work import Stored, successor
from core.exchange import ledger
from core.exchange.shapes import PartnerAnswer, Standing
from core.ids import named_id, time_of
from core.store.messages import as_uuid
from core.store.sql import Session

_ENVELOPE_ONLY = frozenset({"TA1"})
"""Says nothing of the sets: a 997 follows."""


@dataclass(frozen=True, slots=True)
class Said:
    """One answer, and the pair whose numbers it names."""

    pair: str
    answer: PartnerAnswer
    part: Part


@dataclass(slots=True)
class _Ours:
    """An interchange of ours that is answered in this batch."""

    id: UUID
    control: str
    connector: str
    message_id: UUID
    was_raised: bool
    details: list[str] = field(default_factory=list[str])
    part: Part | None = None
    documents: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """Type and control number of the newest set about a document that is answered, by its number."""


async def apply(session: Session, changes: Changes, said: Sequence[Said]) -> None:
    """Enter what partners said: first of whole interchanges and groups, then of the sets that are named."""
    if not said:
        return
    found = await _find(session, said)
    whole: list[tuple[Any, ...]] = []
    grouped: list[tuple[Any, ...]] = []
    named: list[tuple[Any, ...]] = []
    touched: dict[UUID, _Ours] = {}
    for one in said:
        ours = found.get(_key(one))
        if ours is None:
            _unknown(changes, one)
            continue
        if one.answer.document is not None and one.answer.standing is not Standing.REJECTED:
            continue  # that an application takes a document says nothing that its syntax' acknowledgement doesn't
        touched[ours.id] = ours
        ours.part = one.part
        if one.answer.document is not None:
            _enter_document(one.answer, ours, one.answer.document, named)
        else:
            _enter(one.answer, ours, grouped if one.answer.group else whole, named)
    await session.write(ledger.SET_STATUS, whole)
    await session.write(ledger.SET_STATUS, grouped)
    await session.write(ledger.SET_STATUS, named)
    await _end(session, changes, touched.values())


def _key(one: Said) -> tuple[str, str, str]:
    if one.answer.document is not None:
        return "document", one.pair, one.answer.document
    if one.answer.interchange is not None:
        return "interchange", one.pair, one.answer.interchange
    return "group", one.pair, one.answer.group or ""


async def _find(session: Session, said: Sequence[Said]) -> dict[tuple[str, str, str], _Ours]:
    """Return the newest interchange of ours for each number that is named: numbers begin again at some time."""
    keys = {_key(one) for one in said}
    found: dict[tuple[str, str, str], _Ours] = {}
    for level, statement, column in (
        ("interchange", ledger.BY_NUMBER, "control"),
        ("group", ledger.BY_GROUP, "group_control"),
        ("document", ledger.BY_DOCUMENT, "reference"),
    ):
        wanted = sorted((pair, number) for kind, pair, number in keys if kind == level)
        for row in await session.write(statement, wanted):
            ours = _Ours(
                as_uuid(row["id"]), row["control"], row["connector"], as_uuid(row["message_id"]),
                row["raised_at"] is not None,
            )  # fmt: skip
            if level == "document":
                ours.documents[row["reference"]] = (row["kind"], row["set_control"])
            found[level, row["pair"], row[column]] = ours
    same: dict[UUID, _Ours] = {}
    for ours in found.values():
        same.setdefault(ours.id, ours).documents.update(ours.documents)
    return {key: same[ours.id] for key, ours in found.items()}


def _enter_document(answer: PartnerAnswer, ours: _Ours, document: str, named: list[tuple[Any, ...]]) -> None:
    kind, control = ours.documents[document]
    named.append((ours.id, None, control, Standing.REJECTED.value))
    why = f": {'; '.join(answer.codes)}" if answer.codes else ""
    ours.details.append(f"{answer.kind} refuses {kind} {document}{why}")


def _enter(
    answer: PartnerAnswer, ours: _Ours, whole: list[tuple[Any, ...]], named: list[tuple[Any, ...]]
) -> None:
    group = answer.group or None
    rejected = answer.standing is Standing.REJECTED
    if rejected or (answer.standing is not None and answer.kind not in _ENVELOPE_ONLY):
        status = answer.standing if answer.standing is not Standing.PARTLY else None
        if status is not None:
            whole.append((ours.id, group, None, status.value))
    if rejected:
        codes = f" ({', '.join(answer.codes)})" if answer.codes else ""
        what = f"group {group}" if group else "the interchange"
        ours.details.append(f"{answer.kind} rejects {what}{codes}")
    for one in answer.sets:
        named.append((ours.id, group, one.control, one.standing.value))
        if one.standing is Standing.REJECTED:
            ours.details.append(f"{answer.kind} rejects set {one.control}: {one.detail}".rstrip(": "))


async def _end(session: Session, changes: Changes, touched: Iterable[_Ours]) -> None:
    """Close what nothing is open of any more, and make a failure record of what was refused."""
    ends: list[tuple[Any, ...]] = []
    answered = sorted(touched, key=lambda one: one.id)
    found: dict[UUID, set[str]] = {}
    for row in await session.write(ledger.STANDINGS, [(ours.id,) for ours in answered]):
        found.setdefault(as_uuid(row["interchange_id"]), set()).add(row["status"])
    for ours in answered:
        standings = found.get(ours.id, set())
        reason = "; ".join(ours.details)[:2000] or None
        if standings and Standing.OPEN.value not in standings:
            ends.append((ours.id, _together(standings).value, reason, changes.now))
            if ours.was_raised:
                changes.add("resolved", overdue_failure(ours.id), changes.now)
        if ours.details and ours.part is not None:
            _refused(changes, ours, reason or "")
    await session.write(ledger.ANSWERED, ends)


def _together(standings: set[str]) -> Standing:
    if len(standings) == 1:
        return Standing(next(iter(standings)))
    return Standing.PARTLY if Standing.REJECTED.value in standings else Standing.WITH_ERRORS


def _refused(changes: Changes, ours: _Ours, reason: str) -> None:
    part = ours.part
    if part is None or part.work.message_id is None:
        return
    item = successor(
        part.work, Stored(part.work.message_id, part.index), tag=f"answer:{ours.id}", now=changes.now
    )
    message = (
        f"our interchange {ours.control} was not accepted: {reason}. Mend what is wrong and send it anew"
    )
    failure_id = named_id(f"not accepted:{ours.id}", time_of(ours.id))
    blame = Blame("acknowledgement", "NotAcceptedError", message)
    changes.failed_item(failure_id, part.work.queue, item, blame, message_id=ours.message_id)


def _unknown(changes: Changes, one: Said) -> None:
    """An answer to what we never sent: another system uses our id, or the ledger isn't the one that sent it."""
    work = one.part.work
    if work.message_id is None:
        return
    level, pair, number = _key(one)
    item = successor(
        work, Stored(work.message_id, one.part.index), tag=f"unknown:{level}:{number}", now=changes.now
    )
    reason = f"{one.answer.kind} answers {level} {number} of {pair}, which is not in the ledger: nothing changes by it"
    failure_id = named_id(f"unknown:{work.message_id}:{level}:{number}", changes.now)
    blame = Blame("acknowledgement", "UnknownInterchangeError", reason)
    changes.failed_item(failure_id, work.queue, item, blame, message_id=work.message_id)


def overdue_failure(interchange_id: UUID) -> UUID:
    """Return the id of the failure that an answer is overdue."""
    return named_id(f"overdue:{interchange_id}", time_of(interchange_id))


def expected_failure(connector: str, kind: str, reference: str, since: datetime) -> UUID:
    """Return the id of the failure that a set is missing."""
    return named_id(f"expected:{connector}:{kind}:{reference}", since)
