"""Tables in files: CSV, JSON and YAML, read row by row with the line that each row stands on. Pure."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from core.errors import DocumentError, Problem

FORMATS = ("csv", "json", "yaml")
MOST_ROWS = 200_000
_DECODER = json.JSONDecoder(parse_float=str)


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row of a file, as it is written there. `line` counts from 1."""

    line: int
    values: Mapping[str, Any]


def format_of(name: str) -> str:
    """Return the format that a file's name says; raises `DocumentError`."""
    ending = name.rsplit(".", 1)[-1].casefold()
    found = {"csv": "csv", "json": "json", "yaml": "yaml", "yml": "yaml"}.get(ending)
    if found is None:
        raise DocumentError(
            (
                Problem(
                    "has another ending: .csv, .json and .yaml are read",
                    field="file",
                    value=name,
                    source=name,
                ),
            )
        )
    return found


def read_rows(name: str, content: bytes, file_format: str) -> list[FileRow]:
    """Return a file's rows; raise `DocumentError` with file and line where it can't be read."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DocumentError(
            (
                Problem(
                    "is no UTF-8: save the file as UTF-8",
                    line=line,
                    value=repr(content[error.start : error.end]),
                    source=name,
                ),
            )
        ) from error
    rows = {"csv": _csv, "json": _json, "yaml": _yaml}[file_format](name, text)
    found: list[FileRow] = []
    for row in rows:
        found.append(row)
        if len(found) > MOST_ROWS:
            raise DocumentError(
                (Problem(f"has more than {MOST_ROWS} rows: divide it", line=row.line, source=name),)
            )
    return found


def _csv(name: str, text: str) -> Iterator[FileRow]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [column.strip() for column in next(reader, list[str]())]
        if not any(header):
            raise DocumentError((Problem("is empty: its first line names the columns", line=1, source=name),))
        twice = next((column for column in header if header.count(column) > 1), None)
        if twice is not None:
            raise DocumentError(
                (Problem("stands there twice", line=1, field=twice or "(empty)", source=name),)
            )
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _csv_row(name, line, header, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        raise DocumentError((Problem(f"is no CSV: {error}", line=reader.line_num, source=name),)) from error


def _csv_row(name: str, line: int, header: list[str], cells: list[str]) -> FileRow:
    if len(cells) != len(header):
        reason = f"has {len(cells)} cells, and the first line names {len(header)} columns"
        raise DocumentError((Problem(reason, line=line, source=name),))
    pairs = zip(header, (cell.strip() for cell in cells), strict=True)
    return FileRow(line, {column: cell for column, cell in pairs if cell})


def _json(name: str, text: str) -> Iterator[FileRow]:
    """Read an array of objects, one after the other, so that each row's line is known."""
    at = _skip(text, 0)
    if text[at : at + 1] != "[":
        raise DocumentError((Problem("is an array of objects", line=1, source=name),))
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        line = text.count("\n", 0, at) + 1
        try:
            value, at = _DECODER.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise DocumentError(
                (Problem(f"is no JSON: {error.msg}", line=error.lineno, column=error.colno, source=name),)
            ) from error
        yield FileRow(line, _mapping(name, line, value))
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "]":
            found = text.count("\n", 0, at) + 1
            raise DocumentError((Problem("a comma or ] is missing here", line=found, source=name),))


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _yaml(name: str, text: str) -> Iterator[FileRow]:
    loader: Any = YAML(typ="rt")
    try:
        document: Any = loader.load(text)
    except MarkedYAMLError as error:
        known: Any = error
        mark = known.problem_mark
        line = mark.line + 1 if mark else None
        column = mark.column + 1 if mark else None
        raise DocumentError(
            (Problem(f"is no YAML: {known.problem}", line=line, column=column, source=name),)
        ) from error
    except YAMLError as error:
        raise DocumentError((Problem(f"is no YAML: {error}", source=name),)) from error
    if not isinstance(document, CommentedSeq):
        raise DocumentError((Problem("is a list of rows, each beginning with `- `", line=1, source=name),))
    rows: Any = document
    for i, value in enumerate(rows):
        line = int(rows.lc.item(i)[0]) + 1
        yield FileRow(line, _mapping(name, line, value))


def _mapping(name: str, line: int, value: Any) -> Mapping[str, Any]:
    pairs: Any = getattr(value, "items", None)
    if pairs is None:
        shown = repr(value)[:80]
        raise DocumentError((Problem("is a row of names and values", line=line, value=shown, source=name),))
    return {str(key): inner for key, inner in pairs() if inner is not None}


def row_problems(name: str, row: FileRow, error: ValidationError) -> list[Problem]:
    """Return what is wrong with a row, each with its column, value and line."""
    found: list[Problem] = []
    for wrong in error.errors(include_url=False):
        field = ".".join(str(part) for part in wrong["loc"])
        unknown = wrong["type"] == "extra_forbidden"
        missing = wrong["type"] == "missing"
        reason = "is no column of this table" if unknown else "is missing" if missing else wrong["msg"]
        value = None if missing else str(wrong["input"])[:80]
        found.append(Problem(reason, field=field, value=value, line=row.line, source=name))
    return found
