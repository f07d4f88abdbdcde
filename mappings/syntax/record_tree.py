"""Lines of several record types: read into a tree, written from one, their counts and totals checked."""

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from mappings.data import Data, is_list, is_object
from mappings.errors import ErrorCode, Position
from mappings.suggest import did_you_mean
from mappings.syntax.base import refuse
from mappings.syntax.record_types import Check, Line, RecordKind
from mappings.syntax.trees import LONGEST_NUMBER, TreePlace, child_of, tree_name

Record = dict[str, Data]
Kind = TypeVar("Kind", bound=RecordKind)


ROWS = "rows"
"""What the lines of a file without record types are called in its tree."""


class RecordWire:
    """A parsed flat file, and the line of each of its records."""

    def __init__(self, root: Record, lines: Mapping[int, Line]) -> None:
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
                found = line.columns.at(line.number, str(step))
            node = child_of(node, step)
            line = self._lines.get(id(node))
            if line is not None:
                found = line.columns.at(line.number)
        return found


class RecordTree:
    """Grows line by line: each record goes under the last one of its parent's type."""

    def __init__(self, kinds: Mapping[str, RecordKind]) -> None:
        self._kinds = kinds
        self.root: Record = {}
        self.lines: dict[int, Line] = {}
        self.found: dict[str, list[Record]] = {code: [] for code in kinds}
        self._open: dict[str, Record] = {}
        self._last = 1
        self._prepare(None, self.root)

    def add(self, code: str, record: Record, line: int) -> None:
        """Hang a record in; one that stands where its type can't is an error."""
        kind = self._kinds[code]
        parent = self.root if kind.parent is None else self._open.get(kind.parent)
        if parent is None:
            raise refuse(
                f"a record {code} stands before any {kind.parent} that it belongs to", Position(line=line)
            )
        if not kind.once:
            parent[kind.name].append(record)
        elif kind.name in parent:
            raise refuse(f"the record {code} comes a second time", Position(line=line))
        else:
            parent[kind.name] = record
        self._last = line
        self._opened(code, record, Line(line, kind))

    def close(self, checks: tuple[Check, ...]) -> RecordWire:
        """Return the whole file; what is missing, and a count or total that isn't as stated, is an error."""
        self._check_required()
        for check in checks:
            self._check(check)
        return RecordWire(self.root, self.lines)

    def _opened(self, code: str, record: Record, line: Line) -> None:
        self._prepare(code, record)
        self._open[code] = record
        for inner in self._below(code):
            self._open.pop(inner, None)
        self.found[code].append(record)
        self.lines[id(record)] = line

    def _below(self, code: str) -> Iterator[str]:
        for inner, kind in self._kinds.items():
            if kind.parent == code:
                yield inner
                yield from self._below(inner)

    def _prepare(self, code: str | None, record: Record) -> None:
        """Give a new record its empty lists, so that no order without lines looks like one without the name."""
        for kind in self._kinds.values():
            if kind.parent == code and not kind.once:
                record[kind.name] = []

    def _check_required(self) -> None:
        for code, kind in self._kinds.items():
            parents = [self.root] if kind.parent is None else self.found[kind.parent]
            for parent in parents if kind.required else []:
                if not parent.get(kind.name):
                    line = self.lines.get(id(parent))
                    where = Position(line=line.number if line else self._last)
                    raise refuse(f"the record {code} ({kind.name}) is missing", where, ErrorCode.MISSING)

    def _check(self, check: Check) -> None:
        code, _, column = check.stated.partition(".")
        for record in self.found[code]:
            said = record[column]
            actual = _actual(check, self.found, self.lines)
            if number_in(said) != actual:
                what = f"{' and '.join(check.count)} records" if check.count else f"the sum of {check.sum}"
                stated = "nothing" if said in ("", None) else said
                line = self.lines[id(record)]
                raise refuse(
                    f"{check.stated} states {stated}, but {what} make {actual}",
                    line.columns.at(line.number, column), ErrorCode.VALUE,
                )  # fmt: skip


def _actual(check: Check, found: dict[str, list[Record]], lines: Mapping[int, Line]) -> Decimal:
    if check.count is not None:
        return Decimal(sum(len(found[code]) for code in check.count))
    code, _, column = (check.sum or "").partition(".")
    total = Decimal(0)
    for record in found[code]:
        number = number_in(record.get(column, ""))
        if number is None:
            line = lines.get(id(record))
            where = line.columns.at(line.number, column) if line else None
            raise refuse(f"{check.sum} is to be added up, and is no number here", where, ErrorCode.VALUE)
        total += number
    return total


def number_in(text: object) -> Decimal | None:
    """Return the number that a text is, if it is one."""
    try:
        number = Decimal(str(text).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= LONGEST_NUMBER else None


def kind_of(code: str, kinds: Mapping[str, Kind], where: Position) -> Kind:
    """Return the record type of a code; an unknown one is an error."""
    kind = kinds.get(code)
    if kind is None:
        reason = f"{code[:40]!r} is no record type{did_you_mean(code, kinds)}"
        raise refuse(reason, where, ErrorCode.TABLE)
    return kind


def flatten(
    tree: object, kinds: Mapping[str, RecordKind], checks: tuple[Check, ...]
) -> Iterator[tuple[str, Record]]:
    """Yield code and values of each line of a tree, parents before children, with counts and totals filled in."""
    if not is_object(tree):
        raise refuse("a file is written from an object of record types", code=ErrorCode.TARGET)
    ordered = list(_walk(tree, None, kinds))
    found: dict[str, list[Record]] = {code: [] for code in kinds}
    for code, record in ordered:
        found[code].append(record)
    filled: dict[str, Record] = {code: {} for code in kinds}
    for check in checks:
        code, _, column = check.stated.partition(".")
        filled[code][column] = _actual(check, found, {})
    for code, record in ordered:
        yield code, {**filled[code], **record}


def _walk(tree: Record, parent: str | None, kinds: Mapping[str, RecordKind]) -> Iterator[tuple[str, Record]]:
    children = {kind.name: (code, kind) for code, kind in kinds.items() if kind.parent == parent}
    known = [*children, *(kinds[parent].names if parent else ())]
    if unknown := [name for name in tree if name not in known]:
        advice = did_you_mean(unknown[0], known)
        raise refuse(f"there is no column or record {unknown[0]!r} here{advice}", code=ErrorCode.TARGET)
    for name, (code, kind) in children.items():
        for record in _records(tree.get(name), kind):
            yield code, record
            yield from _walk(record, code, kinds)


def _records(found: Data, kind: RecordKind) -> list[Record]:
    records = [] if found is None else found if is_list(found) else [found]
    if not all(is_object(record) for record in records):
        raise refuse(f"{kind.name} is written from objects", code=ErrorCode.TARGET)
    return records


def rows_of(tree: object) -> list[Record]:
    """Return the lines of a file without record types."""
    rows: Data = tree.get(ROWS) if is_object(tree) else None
    if not is_list(rows) or not all(is_object(row) for row in rows):
        raise refuse(f"a file is written from a list of `{ROWS}`", code=ErrorCode.TARGET)
    return rows


def check_columns(row: Record, columns: Collection[str]) -> None:
    """Refuse a line with a value that has no column."""
    if unknown := [name for name in row if name not in columns]:
        advice = did_you_mean(unknown[0], columns)
        raise refuse(f"there is no column {unknown[0]!r}{advice}", code=ErrorCode.TARGET)
