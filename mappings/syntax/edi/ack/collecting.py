"""A file's events as outlines: what a verdict looks at, what partners acknowledge, and what each set is about.

Of the sets nothing is kept but their places: an outline grows with the number of sets, not with their size. Segments of
acknowledgements are kept, because they are read where they stand.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from mappings.syntax.edi.ack.outline import ANSWERS, GroupOutline, InterchangeOutline, SetOutline
from mappings.syntax.edi.events import (
    Event,
    GroupBegin,
    GroupEnd,
    InterchangeBegin,
    InterchangeEnd,
    LooseSegment,
    SetBegin,
    SetEnd,
)
from mappings.syntax.edi.faults import ENVELOPES
from mappings.syntax.edi.model import Delimiters, Fault, Segment, Standard
from mappings.syntax.edi.opened import Reading
from mappings.syntax.edi.reading import read_events
from mappings.syntax.edi.values import components, value
from mappings.syntax.edi.values import raw as raw_element

MOST_REFERENCES = 20
_X12 = {
    "BEG": 3, "BAK": 3, "BCH": 3, "BCA": 6, "PRF": 1, "BIG": 4, "W05": 2, "W06": 2, "W17": 4,
}  # fmt: skip
"""Which element says our number: the purchase order's; with warehouses that of a release or an announcement."""
_EDIFACT = frozenset({"ON", "OP", "CO", "ACW", "AAJ", "IDR"})
"""RFF's qualifiers that name an order: the buyer's number, the original one, the buyer's of a change; a message;
a release, as the UN and as EANCOM has it."""


@dataclass(frozen=True, slots=True)
class Outlines:
    """What one file holds."""

    interchanges: tuple[InterchangeOutline, ...]
    faults: tuple[Fault, ...]
    """Of what stands outside of interchanges."""


@dataclass(slots=True)
class _Collector:
    outlines: list[InterchangeOutline] = field(default_factory=list[InterchangeOutline])
    faults: list[Fault] = field(default_factory=list[Fault])
    begin: InterchangeBegin | None = None
    groups: list[GroupOutline] = field(default_factory=list[GroupOutline])
    sets: list[SetOutline] = field(default_factory=list[SetOutline])
    ta1: list[Segment] = field(default_factory=list[Segment])
    group: Segment | None = None
    set: SetBegin | None = None
    opening: Segment | None = None
    kept: list[Segment] = field(default_factory=list[Segment])
    references: dict[str, None] = field(default_factory=dict[str, None])

    def see(self, event: Event) -> None:
        """Take the next event."""
        match event:
            case Segment():
                self._segment(event)
            case SetBegin():
                self.set, self.opening, self.kept, self.references = event, None, [], {}
            case SetEnd():
                self._set(event)
            case GroupBegin(head):
                self._loose_sets()
                self.group = head
            case GroupEnd():
                tail, marks = event.tail, self._marks()
                stated = value(tail, 1, marks) if tail is not None else ""
                included = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 10 else None  # noqa: PLR2004
                self.groups.append(GroupOutline(self.group, tuple(self.sets), included, event.faults))
                self.group, self.sets = None, []
            case LooseSegment(segment):
                self.ta1 += [segment] if segment.tag == "TA1" else []
            case InterchangeBegin():
                self.begin, self.groups, self.sets, self.ta1 = event, [], [], []
            case InterchangeEnd():
                self._end(event)
            case Fault():
                self.faults.append(event)

    def _marks(self) -> Delimiters:
        if self.begin is None:
            raise AssertionError("a reader says of every interchange where it begins")
        return self.begin.delimiters

    def _segment(self, segment: Segment) -> None:
        if self.set is None:
            return
        if self.opening is None and segment is not self.set.head and segment.tag != self.set.head.tag:
            self.opening = segment
        if self.set.key.type in ANSWERS:
            self.kept.append(segment)
        elif len(self.references) < MOST_REFERENCES and (number := self._reference(segment, self.set)):
            self.references[number] = None

    def _reference(self, segment: Segment, begin: SetBegin) -> str:
        marks = self._marks()
        if begin.key.standard is Standard.X12:
            element = _X12.get(segment.tag)
            return value(segment, element, marks) if element else ""
        if segment.tag == "BGM" and begin.key.type in {"ORDERS", "ORDCHG"}:
            return value(segment, 2, marks)
        if segment.tag == "RFF":
            found = components(segment, 1, marks)
            return found[1] if len(found) > 1 and found[0] in _EDIFACT else ""
        return ""

    def _set(self, end: SetEnd) -> None:
        begin, self.set = self.set, None
        if begin is None:
            return
        self.sets.append(
            SetOutline(
                begin.head, end.faults, self.opening, (begin.head.offset, end.end), tuple(self.kept),
                tuple(self.references),
            )
        )  # fmt: skip

    def _loose_sets(self) -> None:
        """Put sets that stand in no group into one without a header."""
        if self.sets:
            self.groups.append(GroupOutline(None, tuple(self.sets)))
            self.sets = []

    def _end(self, end: InterchangeEnd) -> None:
        begin, self.begin = self.begin, None
        self._loose_sets()
        if begin is not None:
            self.outlines.append(
                InterchangeOutline(
                    begin.standard, begin.delimiters, begin.head, tuple(self.groups), end.faults, tuple(self.ta1),
                    (begin.start, end.end), begin.written,
                )
            )  # fmt: skip


def collect(chunks: Iterable[bytes], reading: Reading | None = None) -> Outlines:
    """Return the outlines of a file. It never raises for what is in it."""
    collector = _Collector()
    for event in read_events(chunks, reading):
        collector.see(event)
    return Outlines(tuple(collector.outlines), tuple(collector.faults))


def alone(one: SetOutline, group: GroupOutline, outline: InterchangeOutline, raw: bytes) -> bytes:
    """Return a set as an interchange that holds nothing else, so that it can be read, shown and replayed by itself."""
    marks = outline.delimiters
    heads = [outline.head, *([group.head] if group.head is not None else [])]
    before = outline.written + "".join(marks.element.join(head.fields) + marks.segment for head in heads)
    whole, grouped, _ = ENVELOPES[outline.standard]
    around = [(grouped, group.head)] if group.head is not None else []
    after = "".join(
        marks.element.join((envelope.tail, "1", raw_element(head, envelope.reference))) + marks.segment
        for envelope, head in (*around, (whole, outline.head))
    )
    start, end = one.span
    return before.encode("latin-1") + raw[start:end] + after.encode("latin-1")
