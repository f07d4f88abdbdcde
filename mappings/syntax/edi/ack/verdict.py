"""What is accepted of an interchange. Processing and acknowledging ask the same function, so they never differ."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from mappings.errors import Position, Severity
from mappings.syntax.edi.ack.outline import (
    ANSWERS,
    GroupOutline,
    InterchangeOutline,
    SetOutline,
    is_group_nameable,
    is_nameable,
    set_type,
)
from mappings.syntax.edi.heading import Heading
from mappings.syntax.edi.model import Fault, Level, Segment, Standard

_NOTED = frozenset(
    {"010", "011", "012", "013", "014", "015", "019", "024", "028", "029", "030", "031"},
)
"""TA105 (X12 data element I18) that leave no doubt who sent what to whom, and that all of it is there: the rest is
taken, and the TA1 says E. Authorisation and security, date, time, the wish for a TA1, one group's content."""
_CONTENT = frozenset({Level.SEGMENT, Level.ELEMENT})


class Decision(StrEnum):
    """What becomes of an interchange, a group or a set."""

    ACCEPTED = "accepted"
    WITH_ERRORS = "accepted with errors"
    PARTLY = "partly accepted"
    """Of a group: some of its sets are rejected."""
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed with a partner about what is taken."""

    sets: frozenset[str] | None = None
    """Types that are taken (`850`, `ORDERS`); None takes all. Acknowledgements are taken always."""
    recipient: tuple[str, str] | None = None
    """Our own qualifier and id; None: not looked at."""
    production: bool = True
    """A test interchange is refused; otherwise one that is none is refused."""
    content_errors: Literal["reject", "accept"] = "reject"
    """Whether a set with an error in a segment or an element is taken nevertheless, as accepted with errors."""
    tolerated: frozenset[str] = frozenset()
    """Codes of faults that are noted, and reject nothing."""


@dataclass(frozen=True, slots=True)
class SetVerdict:
    """One set: taken unless it, its group or its interchange is rejected."""

    outline: SetOutline
    decision: Decision
    faults: tuple[Fault, ...]
    """What an acknowledgement reports."""
    own: Decision
    """What it would be in a sound group of a sound interchange."""


@dataclass(frozen=True, slots=True)
class GroupVerdict:
    """One group with its sets."""

    outline: GroupOutline
    decision: Decision
    sets: tuple[SetVerdict, ...]
    faults: tuple[Fault, ...]
    own: Decision
    """What its own header and trailer alone would make of it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One interchange with its groups. `decision` is about its envelope: no group makes it anything else."""

    outline: InterchangeOutline
    decision: Decision
    groups: tuple[GroupVerdict, ...]
    faults: tuple[Fault, ...]
    cause: Fault | None
    """Of the faults the one that decided: a TA1 and a UCI have room for one."""

    def accepted(self) -> Iterator[SetVerdict]:
        """Yield the sets that are processed: exactly those that the acknowledgement accepts."""
        for group in self.groups:
            yield from (one for one in group.sets if one.decision is not Decision.REJECTED)


def judge(
    outline: InterchangeOutline, agreement: Agreement | None = None, further: Sequence[Fault] = ()
) -> Verdict:
    """Decide about an interchange and everything in it. `further`: faults that its bytes don't show (a duplicate)."""
    agreed = agreement or Agreement()
    faults = (*_reported(outline.faults), *disagreements(outline, agreed), *_unnameable(outline), *further)
    decision = _own(faults, outline.standard, agreed)
    rejected = decision is Decision.REJECTED
    groups = tuple(_group(group, outline, agreed, lost=rejected) for group in outline.groups)
    cause = next((f for f in faults if _rejects(f, outline.standard, agreed)), next(iter(faults), None))
    return Verdict(outline, decision, groups, faults, cause)


def _group(
    group: GroupOutline, outline: InterchangeOutline, agreed: Agreement, *, lost: bool
) -> GroupVerdict:
    faults = _reported(group.faults)
    own = _own(faults, outline.standard, agreed)
    if not is_group_nameable(group, outline):
        own = Decision.REJECTED
    lost = lost or own is Decision.REJECTED
    sets = tuple(_set(one, outline, agreed, lost=lost) for one in group.sets)
    return GroupVerdict(group, Decision.REJECTED if lost else _of(own, sets), sets, faults, own)


def _set(one: SetOutline, outline: InterchangeOutline, agreed: Agreement, *, lost: bool) -> SetVerdict:
    faults = _reported(one.faults)
    refused = not_agreed(set_type(one, outline), one.head, outline.standard, agreed)
    faults = faults if refused is None else (refused, *faults)
    own = _own(faults, outline.standard, agreed) if is_nameable(one, outline) else Decision.REJECTED
    return SetVerdict(one, Decision.REJECTED if lost else own, faults, own)


def _reported(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Leave out what no acknowledgement can say: a warning without a code, such as a set that we have no grammar of."""
    return tuple(f for f in faults if f.severity is Severity.ERROR or f.standard_code is not None)


def _own(faults: Sequence[Fault], standard: Standard, agreed: Agreement) -> Decision:
    if any(_rejects(fault, standard, agreed) for fault in faults):
        return Decision.REJECTED
    return Decision.WITH_ERRORS if faults else Decision.ACCEPTED


def is_only_noted(fault: Fault, agreed: Agreement) -> bool:
    """Say whether it was agreed that a fault rejects nothing, or it is a warning."""
    if fault.severity is Severity.WARNING or fault.code in agreed.tolerated:
        return True
    return fault.level in _CONTENT and agreed.content_errors == "accept"


def _rejects(fault: Fault, standard: Standard, agreed: Agreement) -> bool:
    if is_only_noted(fault, agreed):
        return False
    is_noted = fault.level is Level.INTERCHANGE and standard is Standard.X12
    return not (is_noted and fault.standard_code in _NOTED)


def _of(own: Decision, sets: Sequence[SetVerdict]) -> Decision:
    """Return a group's decision, which its sets' make where its own envelope is sound."""
    rejected = sum(one.decision is Decision.REJECTED for one in sets)
    if sets and rejected == len(sets):
        return Decision.REJECTED
    if rejected:
        return Decision.PARTLY
    noted = any(one.decision is Decision.WITH_ERRORS for one in sets)
    return Decision.WITH_ERRORS if noted else own


# --- what the agreement itself refuses -------------------------------------------------------------------------


def disagreements(outline: Heading, agreed: Agreement) -> Iterator[Fault]:
    """Yield why an interchange is refused whatever it holds: a test in production, the reverse, not addressed to us."""
    if agreed.production and outline.is_test:
        yield _refused(outline, "test-refused", "is a test, and this hub runs in production", "020", "25", 15)
    elif not agreed.production and not outline.is_test:
        yield _refused(
            outline, "production-refused", "is no test, and only tests are agreed yet", "020", "25", 15
        )
    if agreed.recipient is not None and outline.receiver != agreed.recipient:
        wanted = ":".join(part for part in agreed.recipient if part)
        yield _refused(outline, "not-for-us", f"is not addressed to {wanted}", "008", "7", 8)


def _refused(outline: Heading, code: str, why: str, x12: str, edifact: str, element: int) -> Fault:
    is_x12 = outline.standard is Standard.X12
    if not is_x12:
        element = 11 if code != "not-for-us" else 3
    return Fault(
        code, f"interchange {outline.control} {why}", Level.INTERCHANGE,
        Position(offset=outline.head.offset, element=element), tag=outline.head.tag,
        standard_code=x12 if is_x12 else edifact,
    )  # fmt: skip


def _unnameable(outline: InterchangeOutline) -> Iterator[Fault]:
    """What can't be named can't be refused by name: it is never processed, and the envelope's answer says so.

    TA105 024: the interchange's content is invalid; its other groups are taken. 0085 13: missing. A CONTRL accepts what
    it doesn't name, so that there all of the interchange is refused.
    """
    is_x12 = outline.standard is Standard.X12
    for group in outline.groups:
        sets = [] if is_x12 else [one for one in group.sets if not is_nameable(one, outline)]
        if sets or not is_group_nameable(group, outline):
            head = sets[0].head if sets else group.head or group.sets[0].head
            named = "GS01 and GS06" if is_x12 else "its reference and type"
            yield Fault(
                f"{head.tag}-unnamed", f"{head.tag} says no {named}, so that no acknowledgement can name it",
                Level.INTERCHANGE, Position(offset=head.offset), tag=head.tag,
                standard_code="024" if is_x12 else "13",
            )  # fmt: skip


def not_agreed(kind: str, head: Segment, standard: Standard, agreed: Agreement) -> Fault | None:
    """Return the fault of a set whose type the partner may not send; None where it may.

    AK502 1: transaction set not supported; 0085 17: no agreement.
    """
    if agreed.sets is None or kind in agreed.sets or kind in ANSWERS:
        return None
    is_x12 = standard is Standard.X12
    return Fault(
        f"{head.tag}-not-agreed", f"a set of type {kind!r} is not agreed with this partner: agree on it first",
        Level.SET, Position(offset=head.offset, segment=1, element=1 if is_x12 else 2), tag=head.tag,
        standard_code="1" if is_x12 else "17",
    )  # fmt: skip


def duplicate(outline: InterchangeOutline) -> Fault:
    """Return the fault of a control number that was used before for something else (TA105 025, 0085 26)."""
    is_x12 = outline.standard is Standard.X12
    return Fault(
        f"{outline.head.tag}-duplicate",
        f"interchange {outline.control} came before with other contents: send it under a new control number",
        Level.INTERCHANGE, Position(offset=outline.head.offset, element=13 if is_x12 else 5),
        tag=outline.head.tag, standard_code="025" if is_x12 else "26",
    )  # fmt: skip
