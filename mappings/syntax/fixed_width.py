"""Fixed-width files: every value at its place in the line, with one kind of line or with record types."""

import re
from collections.abc import Iterator
from typing import Literal

from mappings.data import Data
from mappings.errors import ErrorCode, MappingError, Position, Problem, Refusal
from mappings.syntax.base import EBCDIC, check_mark, check_size, codec_of, decode, refuse, split_bom
from mappings.syntax.fixed_width_options import FixedWidthOptions, Layout
from mappings.syntax.record_tree import (
    ROWS,
    Record,
    RecordTree,
    RecordWire,
    check_columns,
    flatten,
    kind_of,
    rows_of,
)
from mappings.syntax.record_types import Line

_LINE_END = re.compile("\r\n|\n|\r")
_EBCDIC_LINE_END = re.compile("\r\n|\r\x85|\n|\r|\x85")
_END_OF_FILE = "\x1a"
"""What some programs still put behind the last line."""


class FixedWidthSyntax:
    """Fixed-width text ⇄ `{"rows": [{column: value}]}`, or a tree of record types.

    Values of text columns are texts; those of number columns are int, exact `Decimal` where they have decimals, and
    None where there is none.
    """

    paths: Literal["jmespath"] = "jmespath"

    def __init__(self, options: FixedWidthOptions) -> None:
        self._options = options
        self._codec = codec_of(options.encoding)

    def read(self, raw: bytes) -> RecordWire:
        """Return the parsed file."""
        check_size(raw, self._options)
        named, body = (None, raw) if self._codec in EBCDIC else split_bom(raw)
        check_mark(named, self._codec, self._options.encoding)
        text = decode(body, named or self._codec).rstrip(_END_OF_FILE)
        if self._options.records:
            return self._records(text)
        lines: dict[int, Line] = {}
        rows: list[Data] = []
        for number, line in self._lines(text):
            row = self._record(line, self._options.layout, number)
            lines[id(row)] = Line(number, self._options.layout)
            rows.append(row)
        return RecordWire({ROWS: rows}, lines)

    def _lines(self, text: str) -> Iterator[tuple[int, str]]:
        """Yield each line with its number; blank lines are left out."""
        width = self._options.width
        if self._options.line_end == "none" and width is not None:
            text = text.rstrip("\r\n")
            lines = [text[at : at + width] for at in range(0, len(text), width)]
        else:
            lines = (_EBCDIC_LINE_END if self._codec in EBCDIC else _LINE_END).split(text)
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield number, line

    def _records(self, text: str) -> RecordWire:
        options, tree = self._options, RecordTree(self._options.records)
        start = options.code.start - 1 if options.code else 0
        end = start + (options.code.width if options.code else 0)
        for number, line in self._lines(text):
            code = line[start:end].strip()
            kind = kind_of(code, options.records, Position(line=number, column=start + 1))
            tree.add(code, self._record(line, kind.layout, number), number)
        return tree.close(options.checks)

    def _record(self, line: str, layout: Layout, number: int) -> Record:
        """Return a line's values by their columns."""
        self._check_length(line, layout, number)
        record: Record = {}
        for name, (column, start, end) in layout.places.items():
            try:
                record[name] = column.value_of(line[start:end])
            except Refusal as refusal:
                where = Position(line=number, column=start + 1)
                raise refuse(f"{name}: {refusal.reason}", where, ErrorCode.VALUE) from None
        return record

    def _check_length(self, line: str, layout: Layout, number: int) -> None:
        most = self._options.width or layout.width
        if len(line) > most and line[most:].strip():
            reason = f"the line has {len(line.rstrip())} characters, and {most} are agreed"
            raise refuse(reason, Position(line=number, column=most + 1))
        if len(line) < layout.width and self._options.short_lines == "refuse":
            missing = next(name for name, (_, _, end) in layout.places.items() if end > len(line))
            reason = f"the line ends after {len(line)} characters, within or before {missing!r}"
            advice = "say `short_lines: fill` if the partner cuts off spaces at its end"
            where = Position(line=number, column=len(line) + 1)
            raise refuse(f"{reason}; {advice}", where, ErrorCode.MISSING)

    def write(self, tree: object, *, exact: bool = False) -> bytes:
        """Return the text of `{"rows": […]}`, or of a tree of record types with its counts and totals filled in."""
        options = self._options
        end = "" if options.line_end == "none" else options.line_end
        lines = self._written(tree) if options.records else self._rows(tree)
        text = "".join(f"{line.ljust(options.width or 0)}{end}" for line in lines)
        try:
            return text.encode(self._codec)
        except UnicodeEncodeError as error:
            reason = f"the character {error.object[error.start]!r} can't be written in {options.encoding}"
            raise refuse(reason, code=ErrorCode.TARGET) from None

    def _written(self, tree: object) -> Iterator[str]:
        options = self._options
        start, width = (options.code.start - 1, options.code.width) if options.code else (0, 0)
        for number, (code, record) in enumerate(flatten(tree, options.records, options.checks), 1):
            kind = options.records[code]
            line = _line(record, kind.layout, f"record {number} ({kind.name})")
            yield line[:start].ljust(start) + code.ljust(width) + line[start + width :]

    def _rows(self, tree: object) -> Iterator[str]:
        for number, row in enumerate(rows_of(tree), 1):
            check_columns(row, self._options.layout.places)
            yield _line(row, self._options.layout, f"row {number}")


def _line(record: Record, layout: Layout, where: str) -> str:
    """Return the characters of a line, its last column included."""
    line = ""
    for name, (column, start, _) in layout.places.items():
        try:
            line = line.ljust(start) + column.cell_of(record.get(name))
        except Refusal as refusal:
            raise MappingError(Problem(f"{where}: {name}: {refusal.reason}", ErrorCode.TARGET)) from None
    return line
