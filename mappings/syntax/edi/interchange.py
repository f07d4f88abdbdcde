"""One interchange as it is read: envelopes opened and closed, counts and control numbers held against what is there."""

import re
from collections.abc import Callable
from dataclasses import replace

from mappings.errors import Position, Severity
from mappings.syntax.edi.charsets import charset_of
from mappings.syntax.edi.cutting import Batch
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
from mappings.syntax.edi.faults import (
    ENVELOPES,
    Envelope,
    Faults,
    duplicate,
    missing_head,
    missing_tail,
    warning,
)
from mappings.syntax.edi.headers import Head
from mappings.syntax.edi.isa_moments import made_when
from mappings.syntax.edi.model import Fault, Level, Segment, SetKey, Standard
from mappings.syntax.edi.oddities import Oddities
from mappings.syntax.edi.opened import Counted, OpenGroup, OpenSet, Reading, check_tail, simple
from mappings.syntax.edi.values import components, place, value

_TAG = {
    Standard.X12: re.compile(r"[A-Z][A-Z0-9]{1,2}"),
    Standard.EDIFACT: re.compile(r"[A-Z][A-Z0-9]{2}(?::[0-9]+)*"),
}
_MOST_TAGS = 2000
"""There are some hundred; what is made up isn't remembered without end."""
_LOOSE = {
    Standard.X12: ("TA1", "TA3", "ISB", "ISE"),
    Standard.EDIFACT: ("USA", "USC", "USR", "USH", "UST", "USB", "USE", "USX", "USY"),
}
"""What may stand outside of sets: acknowledgements of interchanges and their services, security (ISO 9735-5)."""
_NO_HEAD = {Standard.X12: ("022", "024", "6"), Standard.EDIFACT: ("13", "13", "13")}
"""The standard's numbers for a missing header of interchange, group and set: TA105, TA105, AK502; 0085."""


class OpenInterchange:
    """Takes the segments behind one header; gives back the events of each batch."""

    def __init__(self, head: Head, reading: Reading) -> None:
        self._reading = reading
        self._standard = head.standard
        self._delimiters = head.delimiters
        self._whole, self._grouped, self._of_set = ENVELOPES[head.standard]
        self._severity = Severity.ERROR if reading.strict else Severity.WARNING
        self._faults = Faults()
        self._faults.add(head.faults)
        self._count = Counted()
        self._group: OpenGroup | None = None
        self._set: OpenSet | None = None
        self._tail: Segment | None = None
        self._out: list[Event] = []
        self.begin = self._begin(head)
        self._known: dict[str, Callable[[Segment], None] | None] = {
            self._grouped.head: self._begin_group, self._grouped.tail: self._end_group,
            self._of_set.head: self._begin_set, self._of_set.tail: self._end_set,
            self._whole.tail: self._finish, **dict.fromkeys(_LOOSE[head.standard], self._loose),
        }  # fmt: skip

    def _begin(self, head: Head) -> InterchangeBegin:
        segment = head.segment or Segment([self._whole.head], head.start)
        charset = self._reading.x12_charset
        if head.standard is Standard.EDIFACT:
            charset = charset_of(value(segment, 1, head.delimiters) or "UNOA")
        if head.segment is None:
            message = f"{self._whole.head} is missing: it should stand here"
            fault = Fault(
                f"no-{self._whole.head}", message, Level.INTERCHANGE, Position(offset=head.start),
                tag=self._whole.head, standard_code=_NO_HEAD[head.standard][0],
            )  # fmt: skip
            self._faults.add([fault])
        if charset.codec is None:
            message = f"the character set {charset.name!r} is not known here: only ASCII can be read"
            found = warning("unknown-charset", message, Level.INTERCHANGE, place(segment, 1))
            self._faults.add([found])
        if head.segment is not None and head.standard is Standard.X12:
            self._faults.add(made_when(segment, head.delimiters))
        batch = Batch([segment], is_ascii=False, wrapped=frozenset((segment.offset,) if head.wrapped else ()))
        self._odd = Oddities(head.standard, charset, self._severity, batch)
        self._faults.add(self._odd.of(segment, Level.INTERCHANGE))
        return InterchangeBegin(head.standard, head.delimiters, segment, charset, head.start, head.written)

    # --- segments ----------------------------------------------------------------------------------------------

    def take(self, batch: Batch) -> list[Event]:
        """Return the events of the next segments."""
        out = self._out = []
        handlers, unknown = self._known, self._unknown
        self._odd.batch = batch
        odd = self._odd.of if batch.wrapped or not batch.is_ascii else None
        for segment in batch.segments:
            handle = handlers.get(segment[0][0], unknown)
            if handle is not None:
                handle(segment)
            else:
                opened = self._set or self._headless(segment)
                opened.number += 1
                opened.last = segment
                out.append(segment)
                if opened.take is not None and (found := opened.take(segment, opened.number)):
                    opened.faults.add(found)
                if odd is not None:
                    opened.faults.add(odd(segment, Level.ELEMENT, opened.number, envelope=False))
        return out

    def note(self, fault: Fault) -> None:
        """Take a fault of the scanner: of the set at hand where a segment of it was left out."""
        if fault.code == "segment-too-long" and self._set is not None:
            self._set.number += 1
            position = replace(fault.position, segment=self._set.number)
            self._set.faults.add([replace(fault, level=Level.SEGMENT, position=position, standard_code=None)])
        else:
            self._faults.add([fault])

    def close(self, end: int, before: str) -> list[Event]:
        """Return the events of the interchange's end; `before` is what comes instead of trailers that are missing."""
        self._out = []
        self._close_set(None, end, before)
        self._close_group(None, end, before)
        if self._tail is None:
            self._faults.add([missing_tail(self._whole, end, None, before)])
        self._out.append(
            InterchangeEnd(self._tail, self._count.groups, self._count.sets, end, self._faults.all())
        )
        return self._out

    def _body(self, segment: Segment) -> OpenSet:
        opened = self._set or self._headless(segment)
        opened.number += 1
        opened.last = segment
        self._out.append(segment)
        if opened.take is not None:
            opened.faults.add(opened.take(segment, opened.number))
        envelope = segment.tag in (self._of_set.head, self._of_set.tail)
        opened.faults.add(self._odd.of(segment, Level.ELEMENT, opened.number, envelope=envelope))
        return opened

    def _unknown(self, segment: Segment) -> None:
        """Take a segment whose tag wasn't met before; a grammar says more of one that can't be right."""
        tag = segment.tag
        right = _TAG[self._standard].fullmatch(tag) is not None
        if right and len(self._known) < _MOST_TAGS:
            self._known[tag] = None
        opened = self._body(segment)
        if not right and opened.take is None:
            message = f"{tag[:20]!r} is no tag of a segment: the segment before it may lack its terminator"
            code = "1" if self._standard is Standard.X12 else "12"
            fault = Fault(
                "bad-tag",
                message,
                Level.SEGMENT,
                place(segment, None, opened.number),
                tag[:3],
                standard_code=code,
            )
            opened.faults.add([fault])

    def _loose(self, segment: Segment) -> None:
        if self._set is None:
            self._faults.add(self._odd.of(segment, Level.INTERCHANGE, envelope=False))
            self._out.append(LooseSegment(segment))
        else:
            self._body(segment)

    # --- sets --------------------------------------------------------------------------------------------------

    def _headless(self, segment: Segment) -> OpenSet:
        begin = SetBegin(
            SetKey(self._standard, "", ""), "", Segment([self._of_set.head], segment.offset), headless=True
        )
        opened = self._set = OpenSet(begin, None)
        opened.faults.add([missing_head(self._of_set, segment, Level.SET, _NO_HEAD[self._standard][2])])
        self._out.append(begin)
        return opened

    def _begin_set(self, segment: Segment) -> None:
        self._close_set(None, segment.offset, segment.tag)
        delimiters = self._delimiters
        if self._standard is Standard.X12:
            if self._group is None:
                self._no_group(segment)
            version = self._group.version if self._group else ""
            key = SetKey(self._standard, value(segment, 1, delimiters), version)
        else:
            named = [part.replace(" ", "") for part in components(segment, 2, delimiters)]
            key = SetKey(self._standard, named[0], "".join(named[1:3]))
        control = simple(segment, self._of_set.reference, delimiters)
        begin = SetBegin(key, control, segment)
        grammars = self._reading.grammars
        check = grammars.check_for(key, delimiters) if grammars is not None else None
        opened = self._set = OpenSet(begin, check)
        self._out.append(begin)
        seen = self._group.seen if self._group else self._count.seen_sets
        if control and seen.again(control):
            opened.faults.add([duplicate(self._of_set, segment, control, self._severity, 1)])
        self._count.sets += 1
        if self._group is not None:
            self._group.sets += 1
        if grammars is not None and check is None:
            message = f"there is no grammar for {key.type} {key.version}: only its envelope is checked"
            opened.faults.add([warning("no-grammar", message, Level.SET, place(segment, None, 1))])
        self._body(segment)

    def _no_group(self, segment: Segment) -> None:
        if self._count.groups == 0 and self._count.sets == 0:
            fault = missing_head(self._grouped, segment, Level.INTERCHANGE, _NO_HEAD[self._standard][1])
            self._faults.add([fault])

    def _end_set(self, segment: Segment) -> None:
        self._close_set(segment, segment.offset, segment.tag)

    def _close_set(self, tail: Segment | None, offset: int, before: str) -> None:
        if tail is not None:
            self._body(tail)
        opened = self._set
        if opened is None:
            return
        if tail is None:
            opened.faults.add([missing_tail(self._of_set, offset, opened.number + 1, before)])
        else:
            opened.faults.add(
                self._check(self._of_set, tail, opened.counted, opened.begin.control, opened.number)
            )
        if opened.check is not None:
            opened.faults.add(opened.check.close())
        begin, last = opened.begin, opened.last
        end = last.offset + sum(map(len, last.fields)) + len(last.fields)
        self._out.append(SetEnd(begin.key, begin.control, tail, opened.number, end, opened.faults.all()))
        self._set = None

    def _check(
        self, envelope: Envelope, tail: Segment, found: int, control: str, number: int | None = None
    ) -> list[Fault]:
        faults = check_tail(envelope, tail, self._delimiters, found, control, number)
        if self._reading.strict:
            return faults
        bare = len(tail.fields) <= 2  # noqa: PLR2004 - the element with the control number isn't there
        return [
            replace(fault, severity=self._severity)
            if bare and fault.code == envelope.reference_code
            else fault
            for fault in faults
        ]

    # --- groups and the interchange ----------------------------------------------------------------------------

    def _begin_group(self, segment: Segment) -> None:
        self._close_set(None, segment.offset, segment.tag)
        self._close_group(None, segment.offset, segment.tag)
        control = simple(segment, self._grouped.reference, self._delimiters)
        version = value(segment, 8, self._delimiters)[:6] if self._standard is Standard.X12 else ""
        opened = self._group = OpenGroup(control, version)
        self._count.groups += 1
        opened.faults.add(self._odd.of(segment, Level.GROUP))
        if control and self._count.seen_groups.again(control):
            opened.faults.add([duplicate(self._grouped, segment, control, self._severity)])
        self._out.append(GroupBegin(segment, value(segment, 1, self._delimiters), control))

    def _end_group(self, segment: Segment) -> None:
        self._close_set(None, segment.offset, segment.tag)
        if self._group is None:
            fault = missing_head(self._grouped, segment, Level.INTERCHANGE, _NO_HEAD[self._standard][1])
            self._faults.add([fault])
        self._close_group(segment, segment.offset, segment.tag)

    def _close_group(self, tail: Segment | None, offset: int, before: str) -> None:
        opened = self._group
        if opened is None:
            return
        if tail is None:
            opened.faults.add([missing_tail(self._grouped, offset, None, before)])
        else:
            opened.faults.add(self._odd.of(tail, Level.GROUP))
            opened.faults.add(self._check(self._grouped, tail, opened.sets, opened.control))
        self._out.append(GroupEnd(tail, opened.sets, opened.faults.all()))
        self._group = None

    def _finish(self, segment: Segment) -> None:
        """Take IEA or UNZ. It counts groups; in EDIFACT messages, where there are no groups."""
        self._close_set(None, segment.offset, segment.tag)
        self._close_group(None, segment.offset, segment.tag)
        self._tail = segment
        self._faults.add(self._odd.of(segment, Level.INTERCHANGE))
        in_sets = self._standard is Standard.EDIFACT and self._count.groups == 0
        found = self._count.sets if in_sets else self._count.groups
        self._faults.add(self._check(self._whole, segment, found, self.begin.control.strip()))
