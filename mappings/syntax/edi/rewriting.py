"""What was read, written again: the same segments, with trailers that are right."""

from collections.abc import Iterable, Iterator, Sequence

from mappings.errors import Severity
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
from mappings.syntax.edi.faults import ENVELOPES, TOO_MANY, Envelope
from mappings.syntax.edi.model import Segment, Standard
from mappings.syntax.edi.values import raw


class _Counting:
    """Writes one interchange: it has counted, and knows the control numbers, so that trailers are its own."""

    def __init__(self, begin: InterchangeBegin, line_end: str) -> None:
        self._whole, self._grouped, self._set = ENVELOPES[begin.standard]
        self._in_sets = begin.standard is Standard.EDIFACT
        self._mark = begin.delimiters.element
        self._behind = begin.delimiters.segment + line_end
        self._groups = self._sets = self._in_group = self._number = 0
        self._interchange = raw(begin.head, self._whole.reference)
        self._group = self._control = ""
        self._passing = False

    def write(self, event: Event) -> bytes:
        """Return what an event is written as; nothing for faults, and for segments that are in no set."""
        if isinstance(event, Segment):
            return self._segment(event)
        if isinstance(event, SetBegin | SetEnd):
            return self._bound(event)
        fields = self._around(event)
        return self.fields(fields) if fields else b""

    def _around(self, event: Event) -> Sequence[str]:
        match event:
            case LooseSegment():
                return event.segment.fields
            case GroupBegin():
                self._groups, self._in_group = self._groups + 1, 0
                self._group = raw(event.head, self._grouped.reference)
                return event.head.fields
            case GroupEnd():
                return _tail(self._grouped, event, self._in_group, self._group)
            case InterchangeEnd():
                count = self._sets if self._in_sets and not self._groups else self._groups
                return _tail(self._whole, event, count, self._interchange)
            case _:
                return ()

    def _bound(self, event: SetBegin | SetEnd) -> bytes:
        if isinstance(event, SetBegin):
            self._passing, self._number = not event.headless, 0
            self._sets += self._passing
            self._in_group += self._passing
            self._control = raw(event.head, self._set.reference)
            return b""
        passing, self._passing = self._passing, False
        return self.fields(_tail(self._set, event, self._number + 1, self._control)) if passing else b""

    def _segment(self, segment: Segment) -> bytes:
        if not self._passing or segment.tag == self._set.tail:
            return b""
        self._number += 1
        return self.fields(segment.fields)

    def fields(self, fields: Sequence[str]) -> bytes:
        """Return a segment whose elements are written as they are to stand."""
        return (self._mark.join(fields) + self._behind).encode("latin-1")


def _tail(
    envelope: Envelope, end: SetEnd | GroupEnd | InterchangeEnd, count: int, reference: str
) -> Sequence[str]:
    """Return a trailer as it was read where it is right, however it was written: `SE*0000000026*0001 `."""
    wrong = {fault.code for fault in end.faults if fault.severity is Severity.ERROR}
    is_right = not wrong & {envelope.reference_code, TOO_MANY}
    if end.tail is not None and is_right and (raw(end.tail, 1).strip().lstrip("0") or "0") == str(count):
        return end.tail.fields
    return [envelope.tail, str(count), reference]


def write_events(events: Iterable[Event], *, line_end: str = "") -> Iterator[bytes]:
    """Yield the bytes of what was read. A sound file comes out as it went in, but for the layout of its lines.

    `line_end` stands behind every segment, unless it is the terminator itself. A trailer that is
    right stays as it is written; wrong and missing ones are filled in; segments outside of sets are left out.
    """
    writer: _Counting | None = None
    for event in events:
        if isinstance(event, InterchangeBegin):
            end = "" if event.delimiters.segment in "\r\n" else line_end
            writer = _Counting(event, end)
            announced = event.written.strip() + end if event.written else ""
            yield announced.encode("latin-1") + writer.fields(event.head.fields)
        elif writer is not None:
            yield writer.write(event)
