"""Delimited text: CSV and its friends, with a header or fixed columns, or with record types."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Literal

from mappings.data import Data, is_list, is_object
from mappings.errors import ErrorCode, Position
from mappings.suggest import did_you_mean
from mappings.syntax.base import check_mark, check_size, codec_of, decode, refuse, split_bom
from mappings.syntax.delimited_options import DelimitedOptions
from mappings.syntax.delimited_records import RecordReader, check_totals, flatten, number_in, record_of
from mappings.syntax.trees import TreePlace, child_of, scalar_text, tree_name

ROWS = "rows"

_NO_LINE: tuple[int, list[str]] = (1, [])
_QUOTING: Mapping[str, Literal[0, 1, 2]] = {
    "minimal": csv.QUOTE_MINIMAL, "all": csv.QUOTE_ALL, "texts": csv.QUOTE_NONNUMERIC,
}  # fmt: skip


class DelimitedWire:
    """A parsed file, and the line of each of its records."""

    def __init__(self, root: dict[str, Data], lines: dict[int, int]) -> None:
        self.root = root
        self._lines = lines

    def name(self, place: TreePlace) -> str:
        """Return the path of a place."""
        return tree_name(place)

    def position(self, place: TreePlace) -> Position | None:
        """Return the line of the record around a place, and which of its columns it is."""
        node: Data = self.root
        found: Position | None = None
        for step in place:
            line = self._lines.get(id(node))
            if line is not None and is_object(node) and step in node:
                found = Position(line=line, element=list(node).index(str(step)) + 1)
            node = child_of(node, step)
            if id(node) in self._lines:
                found = Position(line=self._lines[id(node)])
        return found


class DelimitedSyntax:
    """Delimited text ⇄ `{"rows": [{column: text}]}`, or a tree of record types."""

    paths: Literal["jmespath"] = "jmespath"

    def __init__(self, options: DelimitedOptions | None = None) -> None:
        self._options = options or DelimitedOptions()
        self._codec = codec_of(self._options.encoding)
        self.prefixes: Mapping[str, str] = {}

    def read(self, raw: bytes) -> DelimitedWire:
        """Return the parsed file; its values are texts."""
        check_size(raw, self._options)
        named, body = split_bom(raw)
        check_mark(named, self._codec, self._options.encoding)
        text = decode(body, named or self._codec)
        lines: dict[int, int] = {}
        cells = self._cells(text)
        if self._options.records:
            reader = RecordReader(self._options, lines)
            root = reader.read(cells)
            check_totals(self._options, reader)
            return DelimitedWire(root, lines)
        return DelimitedWire({ROWS: list(self._rows(cells, lines))}, lines)

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

    def _rows(
        self, cells: Iterator[tuple[int, list[str]]], lines: dict[int, int]
    ) -> Iterator[dict[str, str]]:
        columns = self._options.columns
        if self._options.header:
            line, names = next(cells, _NO_LINE)
            columns = self._check_header(line, names)
        for line, values in cells:
            row = record_of(values, columns, line, self._options)
            lines[id(row)] = line
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
        lines = flatten(tree, options) if options.records else self._table(tree)
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
        rows: Data = tree.get(ROWS) if is_object(tree) else None
        if not is_list(rows) or not all(is_object(row) for row in rows):
            raise refuse(f"a file is written from a list of `{ROWS}`", code=ErrorCode.TARGET)
        columns = self._options.columns or tuple(dict.fromkeys(name for row in rows for name in row))
        if self._options.header:
            yield list(columns)
        for row in rows:
            if unknown := [name for name in row if name not in columns]:
                advice = did_you_mean(unknown[0], columns)
                raise refuse(f"there is no column {unknown[0]!r}{advice}", code=ErrorCode.TARGET)
            yield [row.get(name) for name in columns]
