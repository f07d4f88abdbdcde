"""What `orderhub edi` says of files while it reads them: nothing is gathered, however many sets there are."""

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from hub.cli.edi_partners import as_agreed
from hub.cli.output import Output
from hub.interchanges import Partner
from mappings.errors import Severity
from mappings.syntax.business.checking import MOST_BYTES, XmlReport, check_business_xml, looks_like_xml
from mappings.syntax.edi.events import (
    Event,
    GroupBegin,
    GroupEnd,
    InterchangeBegin,
    InterchangeEnd,
    SetBegin,
    SetEnd,
)
from mappings.syntax.edi.model import Fault, Segment
from mappings.syntax.edi.opened import Reading
from mappings.syntax.edi.reading import read_events
from mappings.syntax.edi.tree import Shapes, Tree
from mappings.syntax.xml_schemas import XmlSchema


def fault_data(fault: Fault) -> dict[str, Any]:
    """Return what is known of a fault as plain data."""
    position = fault.position
    named = {
        "code": fault.code, "message": fault.message, "severity": fault.severity.value, "level": fault.level.value,
        "line": position.line, "column": position.column, "segment": position.segment, "element": position.element,
        "component": position.component, "offset": position.offset, "tag": fault.tag,
        "loop": fault.loop, "reference": fault.reference, "standard_code": fault.standard_code,
    }  # fmt: skip
    return {name: value for name, value in named.items() if value is not None}


_MOST_FAULTS = 10_000
"""That `edi parse --json` keeps for the end."""


def unread(name: str, error: OSError) -> str:
    """Return what to say of a file that can't be opened."""
    way = "is the path right?"
    if isinstance(error, IsADirectoryError):
        way = "name the files in it"
    elif isinstance(error, PermissionError):
        way = "let it be read, or read it as another user"
    return f"{name} can't be read: {error.strerror or error}; {way}"


class Report:
    """Goes through the events of one file after the other."""

    def __init__(
        self,
        out: Output,
        reading: Reading,
        *,
        named: bool,
        schema: XmlSchema | None = None,
        partner: Partner | None = None,
    ) -> None:
        self.failed = self.unopened = False
        self._out, self._schema = out, schema
        self._reading, self._partner = reading, partner
        self._named = named
        self._file = ""
        self._around: InterchangeBegin | None = None
        self._group: GroupBegin | None = None

    def read(self, name: str, chunks: Iterable[bytes]) -> None:
        """Report one file; raises OSError where it can't be opened."""
        self._file = name
        first, chunks = _peeked(chunks)
        if looks_like_xml(first):
            self._xml(check_business_xml(_whole(chunks), self._schema))
            return
        for event in as_agreed(read_events(chunks, self._reading), self._partner):
            self._see(event)

    def _xml(self, report: XmlReport) -> None:
        """Report a file of XML documents."""
        raise NotImplementedError

    def unreadable(self, name: str, error: OSError) -> None:
        """Report a file that can't be opened."""
        self.failed = self.unopened = True
        self._out.trouble(unread(name, error))

    def close(self) -> None:
        """Say what is left to say when all files were read."""
        raise NotImplementedError

    def _see(self, event: Event) -> None:
        if isinstance(event, InterchangeBegin):
            self._around, self._group = event, None
        elif isinstance(event, GroupBegin):
            self._group = event
        elif isinstance(event, GroupEnd):
            self._group = None
            self._tell(event.faults, "")
        elif isinstance(event, InterchangeEnd):
            self._tell(event.faults, "")
        elif isinstance(event, Fault):
            self._tell([event], "")

    def _tell(self, faults: Iterable[Fault], where: str) -> None:
        raise NotImplementedError

    def _line(self, fault: Fault, where: str) -> str:
        position = fault.position
        parts = [
            where, *(
                f"{name} {number}"
                for name, number in (
                    ("line", position.line), ("column", position.column), ("segment", position.segment),
                    ("element", position.element), ("component", position.component), ("byte", position.offset),
                )
                if number is not None
            ),
        ]  # fmt: skip
        prefix = f"{self._file}: " if self._named else ""
        warning = "warning: " if fault.severity is Severity.WARNING else ""
        return f"{prefix}{', '.join(part for part in parts if part)}: {fault.code}: {warning}{fault.message}"


class Validation(Report):
    """Each fault as a line; with JSON one document of all files."""

    def __init__(
        self,
        out: Output,
        reading: Reading,
        *,
        named: bool,
        schema: XmlSchema | None = None,
        partner: Partner | None = None,
    ) -> None:
        super().__init__(out, reading, named=named, schema=schema, partner=partner)
        self._stream = Stream("faults") if out.json else None
        self._counts = {"interchanges": 0, "sets": 0, "accepted": 0, "errors": 0, "warnings": 0}

    def _see(self, event: Event) -> None:
        if isinstance(event, Segment):
            return
        if isinstance(event, InterchangeBegin):
            self._counts["interchanges"] += 1
        elif isinstance(event, SetEnd):
            self._counts["sets"] += 1
            self._counts["accepted"] += event.accepted
            self._tell(event.faults, f"set {event.control}" if event.control else "")
        super()._see(event)

    def _xml(self, report: XmlReport) -> None:
        """Count each document as a set, and the file as their interchange."""
        self._counts["interchanges"] += 1
        self._counts["sets"] += len(report.documents)
        self._counts["accepted"] += len(report.documents) if report.valid else 0
        self._tell(report.faults, "")

    def _tell(self, faults: Iterable[Fault], where: str) -> None:
        for fault in faults:
            wrong = fault.severity is Severity.ERROR
            self.failed = self.failed or wrong
            self._counts["errors" if wrong else "warnings"] += 1
            if self._stream is not None:
                named = {"file": self._file} | ({"set": where.removeprefix("set ")} if where else {})
                self._stream.add(named | fault_data(fault))
            else:
                sys.stdout.write(self._line(fault, where) + "\n")

    def unreadable(self, name: str, error: OSError) -> None:
        """Report a file that can't be opened, in JSON too."""
        super().unreadable(name, error)
        self._counts["errors"] += 1
        if self._stream is not None:
            message = error.strerror or str(error)
            self._stream.add({"file": name, "code": "unreadable", "message": message, "severity": "error"})

    def close(self) -> None:
        """Say the last: the counts."""
        if self._stream is not None:
            self._stream.close(ok=not self.failed, **self._counts)
            return
        counts = self._counts
        sets, interchanges = _counted(counts["sets"], "set"), _counted(counts["interchanges"], "interchange")
        said = f"{sets} in {interchanges}: {counts['accepted']} sound"
        self._out.trouble(said, style="red" if self.failed else "green")


class Listing(Report):
    """Each set with its segments; with JSON its tree."""

    def __init__(self, out: Output, reading: Reading, shapes: Shapes, *, named: bool) -> None:
        super().__init__(out, reading, named=named)
        self._shapes = shapes
        self._stream = Stream("sets") if out.json else None
        self._tree: Tree | None = None
        self._found = False

    def read(self, name: str, chunks: Iterable[bytes]) -> None:
        """Report one file; one without any interchange can't be parsed."""
        self._found = False
        super().read(name, chunks)
        self.failed = self.failed or not self._found

    def _see(self, event: Event) -> None:
        if isinstance(event, Segment):
            self._segment(event)
        elif isinstance(event, SetBegin):
            self._begin(event)
        elif isinstance(event, SetEnd):
            self._end(event)
        else:
            self._found = self._found or isinstance(event, InterchangeBegin)
            super()._see(event)

    def _begin(self, event: SetBegin) -> None:
        if event.headless or self._around is None:
            return
        if self._stream is not None:
            shown = self._around.charset.shown
            self._tree = Tree(event, self._around, self._group, self._shapes, shown)
        else:
            prefix = f"{self._file}: " if self._named else ""
            sys.stdout.write(
                f"{prefix}{event.key.type} {event.key.version} {event.control}\n".replace("  ", " ")
            )

    def _segment(self, event: Segment) -> None:
        if self._tree is not None:
            self._tree.add(event)
        elif self._stream is None and self._around is not None:
            text = self._around.delimiters.element.join(event.fields)
            sys.stdout.write(f"  {printable(self._around.charset.shown(text))}\n")

    def _end(self, event: SetEnd) -> None:
        tree, self._tree = self._tree, None
        where = f"set {event.control}" if event.control else ""
        self._tell(event.faults, where)
        if tree is None or self._stream is None:
            return
        tree.close()
        named = {"file": self._file, "type": event.key.type, "version": event.key.version}
        counted = {"control": event.control, "segments": event.segments, "accepted": event.accepted}
        self._stream.add({**named, **counted, "tree": tree.root})

    def _xml(self, report: XmlReport) -> None:
        """Show the type of each document."""
        self._found = bool(report.documents) or report.valid
        for kind in report.documents:
            if self._stream is not None:
                self._stream.add({"file": self._file, "type": kind, "accepted": report.valid})
            else:
                sys.stdout.write(f"{f'{self._file}: ' if self._named else ''}{printable(kind)}\n")
        self._tell(report.faults, "")

    def _tell(self, faults: Iterable[Fault], where: str) -> None:
        for fault in faults:
            if self._stream is not None:
                named = {"file": self._file} | ({"set": where.removeprefix("set ")} if where else {})
                self._stream.later(named | fault_data(fault))
            else:
                style = "yellow" if fault.severity is Severity.WARNING else "red"
                self._out.trouble(self._line(fault, where), style=style)

    def close(self) -> None:
        """Say the last: with JSON what is wrong."""
        if self._stream is not None:
            self._stream.close()


def _peeked(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the beginning of a file, and all of it."""
    rest = iter(chunks)
    first = next(rest, b"")
    return first, chain((first,), rest)


def _whole(chunks: Iterable[bytes]) -> bytes:
    """Return a file as far as XML is read at all: what goes on behind that is refused for its size."""
    found = bytearray()
    for chunk in chunks:
        found += chunk
        if len(found) > MOST_BYTES:
            break
    return bytes(found)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def printable(text: str) -> str:
    """Return the text with what a terminal would obey made visible."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


class Stream:
    """One JSON document, written as it becomes known: an object with one long list."""

    def __init__(self, name: str) -> None:
        self._first = True
        self._faults: list[dict[str, Any]] = []
        self._left_out = 0
        sys.stdout.write(f'{{"{name}": [')

    def add(self, item: dict[str, Any]) -> None:
        """Write one item of the list."""
        sys.stdout.write(("\n" if self._first else ",\n") + json.dumps(item, ensure_ascii=False))
        self._first = False

    def later(self, fault: dict[str, Any]) -> None:
        """Keep a fault for the end, up to a limit."""
        if len(self._faults) < _MOST_FAULTS:
            self._faults.append(fault)
        else:
            self._left_out += 1

    def close(self, **more: object) -> None:
        """Write the end, with what else there is to say."""
        if not more:
            more = {"faults": self._faults, "faults_left_out": self._left_out}
        rest = json.dumps(more, ensure_ascii=False)
        sys.stdout.write(f"\n], {rest[1:]}\n")
        sys.stdout.flush()
