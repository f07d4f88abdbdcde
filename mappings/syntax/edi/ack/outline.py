"""An interchange without its contents: envelopes, and what is wrong with each level. All that a verdict looks at."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mappings.syntax.edi.faults import ENVELOPES
from mappings.syntax.edi.heading import Heading
from mappings.syntax.edi.model import Fault, Segment, Standard
from mappings.syntax.edi.values import value

ACKNOWLEDGEMENTS = frozenset({"997", "999", "TA1", "CONTRL"})
"""What is never acknowledged: two hubs would answer each other for ever."""
ANSWERS = ACKNOWLEDGEMENTS | {"APERAK"}
"""What tells of our own interchanges."""


@dataclass(frozen=True, slots=True)
class SetOutline:
    """One transaction set or message: ST…SE, UNH…UNT."""

    head: Segment
    """ST or UNH, as it is written."""
    faults: tuple[Fault, ...] = ()
    """Of level SET, SEGMENT and ELEMENT, in the order of their places."""
    opening: Segment | None = None
    """The segment behind the head, which names the business document: BEG, BSN, BGM."""
    span: tuple[int, int] = (0, 0)
    """Bytes from the start of the file: where the head begins, and where the trailer has ended."""
    segments: tuple[Segment, ...] = ()
    """Of an acknowledgement all of them, header and trailer too; of others none."""
    references: tuple[str, ...] = ()
    """The numbers of the orders that it is about."""


@dataclass(frozen=True, slots=True)
class GroupOutline:
    """A functional group; `head` is None for messages of EDIFACT that stand in none."""

    head: Segment | None
    sets: tuple[SetOutline, ...]
    included: int | None = None
    """How many sets the trailer says that there are; None where it doesn't say."""
    faults: tuple[Fault, ...] = ()
    """Of level GROUP."""


@dataclass(frozen=True, slots=True)
class InterchangeOutline(Heading):
    """ISA…IEA or UNB…UNZ."""

    groups: tuple[GroupOutline, ...] = ()
    faults: tuple[Fault, ...] = ()
    """Of level INTERCHANGE."""
    ta1: tuple[Segment, ...] = field(default=())
    """TA1 segments, which stand outside of groups."""
    span: tuple[int, int] = (0, 0)
    written: str = ""
    """UNA as it stands in the file."""

    def sets(self) -> Iterator[SetOutline]:
        """Yield every set, in order."""
        for group in self.groups:
            yield from group.sets

    @property
    def wants_answer(self) -> bool:
        """Whether the sender asks for a TA1 or CONTRL: ISA14 is 1, UNB's 0031 is 1."""
        return self.element(14 if self.standard is Standard.X12 else 9) == "1"

    @property
    def only_acknowledges(self) -> bool:
        """Whether it holds nothing but what is never acknowledged."""
        types = {set_type(one, self) for one in self.sets()}
        return bool(types or self.ta1) and types <= ACKNOWLEDGEMENTS


def is_nameable(one: SetOutline, interchange: InterchangeOutline) -> bool:
    """Say whether an acknowledgement can name a set: it has a type and a control number."""
    said = (set_type(one, interchange), set_control(one, interchange))
    return all(found.isascii() and found.isalnum() for found in said)


def is_group_nameable(group: GroupOutline, interchange: InterchangeOutline) -> bool:
    """Say whether an acknowledgement can name a group. EDIFACT's may be without one."""
    if interchange.standard is not Standard.X12:
        return group.head is None or bool(group_control(group, interchange))
    if group.head is None:
        return False
    kind = value(group.head, 1, interchange.delimiters)
    number = group_control(group, interchange)
    return kind.isascii() and kind.isalnum() and number.isascii() and number.isdigit()


def set_type(one: SetOutline, interchange: InterchangeOutline) -> str:
    """Return `850` or `ORDERS`; empty where the head doesn't say."""
    return value(one.head, 1 if interchange.standard is Standard.X12 else 2, interchange.delimiters)


def set_control(one: SetOutline, interchange: InterchangeOutline) -> str:
    """Return ST02 or UNH's 0062; empty where it is missing."""
    return value(one.head, ENVELOPES[interchange.standard][2].reference, interchange.delimiters)


def group_control(group: GroupOutline, interchange: InterchangeOutline) -> str:
    """Return GS06 or UNG's 0048; empty where there is none."""
    if group.head is None:
        return ""
    return value(group.head, ENVELOPES[interchange.standard][1].reference, interchange.delimiters)
