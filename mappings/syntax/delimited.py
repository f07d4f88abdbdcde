"""Delimited text: CSV and its friends, with a header or fixed columns, or with record types."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mappings.data import Data
from mappings.errors import ErrorCode, Position
from mappings.suggest import did_you_mean
from mappings.syntax.base import check_mark, check_size, codec_of, decode, refuse, split_bom
from mappings.syntax.delimited_options import DelimitedOptions
from mappings.syntax.record_tree import (
    ROWS,
    Record,
    RecordTree,
    RecordWire,
    check_columns,
    flatten,
    kind_of,
    number_in,
    rows_of,
)
from mappings.syntax.record_types import Line
from mappings.syntax.trees import scalar_text

_NO_LINE: tuple[int, list[str]] = (1, [])
_QUOTING: Mapping[str, Literal[0, 1, 2]] = {
    "minimal": csv.QUOTE_MINIMAL, "all": csv.QUOTE_ALL, "texts": csv.QUOTE_NONNUMERIC,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    """The columns of every line of a file without record types."""

    names: Sequence[str]

    def at(self, line: int, column: str | None = None) -> Position:
        """Return the place of a column, or of the line as a whole."""
        return Position(line=line, element=self.names.index(column) + 1 if column in self.names else None)


class DelimitedSyntax:
    """Delimited text ⇄ `{"rows": [{column: text}]}`, or a tree of record types."""

    paths: Literal["jmespath"] = "jmespath"

    def __init__(self, options: DelimitedOptions | None = None) -> None:
        self._options = options or DelimitedOptions()
        self._codec = codec_of(self._options.encoding)
        self.prefixes: Mapping[str, str] = {}

    def read(self, raw: bytes) -> RecordWire:
        """Return the parsed file; its values are texts."""
        check_size(raw, self._options)
        named, body = split_bom(raw)
        check_mark(named, self._codec, self._options.encoding)
        text = decode(body, named or self._codec)
        cells = self._cells(text)
        if self._options.records:
            return self._records(cells)
        lines: dict[int, Line] = {}
        return RecordWire({ROWS: list(self._rows(cells, lines))}, lines)

    def _records(self, cells: Iterator[tuple[int, list[str]]]) -> RecordWire:
        place, tree = self._options.discriminator, RecordTree(self._options.records)
        for line, values in cells:
            code = values[place - 1] if len(values) >= place else ""
            kind = kind_of(code, self._options.records, Position(line=line, element=place))
            tree.add(code, self._record(values, kind.columns, line), line)
        return tree.close(self._options.checks)

    def _record(self, values: list[str], columns: Sequence[str], line: int) -> Record:
        """Return a line's values by their columns; too many or too few are an error."""
        if len(values) > len(columns):
            if any(values[len(columns) :]):
                reason = f"the line has {len(values)} values for {len(columns)} columns"
                raise refuse(reason, Position(line=line, element=len(columns) + 1))
        elif len(values) < len(columns) and self._options.short_lines == "refuse":
            reason = f"the line has {len(values)} values for {len(columns)} columns"
            where = Position(line=line, element=len(values) + 1)
            raise refuse(f"{reason}: {columns[len(values)]!r} is missing", where, ErrorCode.MISSING)
        return dict(zip(columns, [*values, *[""] * (len(columns) - len(values))], strict=False))

    def _cells(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Yield each line's values with the line's number; lines without any value are left out."""
        options = self._options
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=options.delimiter, quotechar=options.quote or None,
            escapechar=options.escape, doublequote=options.escape is None,
            quoting=csv.QUOTE_MINIMAL if options.quote else csv.QUOTE_NONE, strict=True,
        )  # fmt: skip
        first = 1
        try:
            for values in reader:
                trimmed = [value.strip() for value in values] if options.trim else values
                if any(trimmed):
                    yield first, trimmed
                first = reader.line_num + 1
        except csv.Error as error:
            raise refuse(f"this line can't be split: {error}", Position(line=first)) from None

    def _rows(self, cells: Iterator[tuple[int, list[str]]], lines: dict[int, Line]) -> Iterator[Record]:
        columns = self._options.columns
        if self._options.header:
            line, names = next(cells, _NO_LINE)
            columns = self._check_header(line, names)
        columns_of_row = _Row(columns)
        for line, values in cells:
            row = self._record(values, columns, line)
            lines[id(row)] = Line(line, columns_of_row)
            yield row

    def _check_header(self, line: int, names: list[str]) -> tuple[str, ...]:
        if missing := [name for name in self._options.columns if name not in names]:
            advice = did_you_mean(missing[0], names)
            raise refuse(
                f"the header has no column {missing[0]!r}{advice}", Position(line=line), ErrorCode.MISSING
            )
        if "" in names or len(set(names)) != len(names):
            wrong = next((name for i, name in enumerate(names) if not name or name in names[:i]), "")
            reason = f"the header names {wrong!r} twice" if wrong else "a column of the header has no name"
            raise refuse(reason, Position(line=line, element=names.index(wrong) + 1))
        extra = [name for name in names if name not in self._options.columns]
        if extra and self._options.columns and self._options.extra_columns == "refuse":
            reason = f"the header has a column {extra[0]!r} that is not agreed"
            raise refuse(reason, Position(line=line, element=names.index(extra[0]) + 1))
        return tuple(names)

    def write(self, tree: object, *, exact: bool = False) -> bytes:
        """Return the text of `{"rows": […]}`, or of a tree of record types with its counts and totals filled in."""
        options = self._options
        lines = self._written(tree) if options.records else self._table(tree)
        out = io.StringIO(newline="")
        writer = csv.writer(
            out, delimiter=options.delimiter, quotechar=options.quote or None, escapechar=options.escape,
            doublequote=options.escape is None, lineterminator=options.line_end,
            quoting=_QUOTING[options.quoting] if options.quote else csv.QUOTE_NONE,
        )  # fmt: skip
        try:
            for line in lines:
                writer.writerow([self._cell(value) for value in line])
            text = ("\ufeff" if options.bom else "") + out.getvalue()
            return text.encode(self._codec)
        except (csv.Error, TypeError) as error:
            raise refuse(f"this can't be written as delimited text: {error}", code=ErrorCode.TARGET) from None
        except UnicodeEncodeError as error:
            reason = f"the character {error.object[error.start]!r} can't be written in {options.encoding}"
            raise refuse(reason, code=ErrorCode.TARGET) from None

    def _written(self, tree: object) -> Iterator[list[Data]]:
        options = self._options
        for code, record in flatten(tree, options.records, options.checks):
            columns = options.records[code].columns
            values = {columns[options.discriminator - 1]: code, **record}
            yield [values.get(name) for name in columns]

    def _cell(self, value: object) -> object:
        if value is None:
            return ""
        text = scalar_text(value)
        if "\0" in text:
            raise TypeError("a text holds a NUL character")
        if self._options.quoting == "texts" and not isinstance(value, str):
            return number_in(text)
        return text

    def _table(self, tree: object) -> Iterator[list[Data]]:
        rows = rows_of(tree)
        columns = self._options.columns or tuple(dict.fromkeys(name for row in rows for name in row))
        if self._options.header:
            yield list(columns)
        for row in rows:
            check_columns(row, columns)
            yield [row.get(name) for name in columns]
