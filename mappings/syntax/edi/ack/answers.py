"""TA1, 997, 999, CONTRL and APERAK in one shape: which of our interchanges, groups and sets were accepted."""

from dataclasses import dataclass

from mappings.syntax.edi.ack.verdict import Decision


@dataclass(frozen=True, slots=True)
class ElementNote:
    """What the partner says of one element (AK4, IK4, UCD). All count from one; the tag doesn't count."""

    element: int
    component: int | None
    code: str
    """AK403, IK403 or 0085."""
    reference: str | None = None
    """The data element's number."""
    copy: str | None = None
    """What the partner found."""


@dataclass(frozen=True, slots=True)
class SegmentNote:
    """What the partner says of one segment (AK3, IK3, UCS)."""

    tag: str | None
    """EDIFACT names the number alone."""
    number: int | None
    """Counted from ST or UNH, which is 1."""
    codes: tuple[str, ...]
    """AK304, IK304 or 0085; none where only elements are wrong."""
    loop: str | None = None
    elements: tuple[ElementNote, ...] = ()
    context: tuple[str, ...] = ()
    """CTX as it came: `BEG03:4711`."""


@dataclass(frozen=True, slots=True)
class SetAnswer:
    """What became of one of our sets or messages."""

    type: str
    control: str
    decision: Decision
    codes: tuple[str, ...] = ()
    notes: tuple[SegmentNote, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupAnswer:
    """What became of one of our groups; EDIFACT's messages without groups stand in one without a control number."""

    functional_id: str
    control: str
    decision: Decision
    codes: tuple[str, ...] = ()
    sets: tuple[SetAnswer, ...] = ()
    """Those that are named: the others share the group's end."""
    counts: tuple[int, int, int] | None = None
    """Included, received, accepted (AK902 to 904)."""


@dataclass(frozen=True, slots=True)
class ApplicationNote:
    """One error of an APERAK."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One TA1, 997, 999, CONTRL or APERAK."""

    kind: str
    interchange: str | None
    """Our control number; None where it names groups only (997, 999) or a document (APERAK)."""
    decision: Decision | None
    """Of the interchange; None where it says nothing of it, or only that it came."""
    codes: tuple[str, ...] = ()
    groups: tuple[GroupAnswer, ...] = ()
    document: str | None = None
    """The document's number; APERAK only."""
    notes: tuple[ApplicationNote, ...] = ()

    def of_set(self, group: str, control: str) -> Decision | None:
        """Return what became of one of our sets; None where this doesn't say."""
        if self.decision is Decision.REJECTED:
            return Decision.REJECTED
        for answer in self.groups:
            if _same(answer.control, group):
                return _in_group(answer, control)
        return self.decision


def _in_group(answer: GroupAnswer, control: str) -> Decision | None:
    for one in answer.sets:
        if _same(one.control, control):
            return one.decision
    return None if answer.decision is Decision.PARTLY else answer.decision


def _same(one: str, other: str) -> bool:
    """X12's numbers are numbers: 000000017 is 17."""
    return one == other or (one.isdigit() and other.isdigit() and int(one) == int(other))
