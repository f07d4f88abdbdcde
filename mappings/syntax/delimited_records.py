"""Lines of several record types: read into a tree, written from one, their counts and totals checked."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation

from mappings.data import Data, is_list, is_object
from mappings.errors import ErrorCode, Position
from mappings.suggest import did_you_mean
from mappings.syntax.base import refuse
from mappings.syntax.delimited_options import Check, DelimitedOptions, RecordType
from mappings.syntax.trees import LONGEST_NUMBER

Record = dict[str, Data]


def record_of(values: list[str], columns: Sequence[str], line: int, options: DelimitedOptions) -> Record:
    """Return a line's values by their columns; too many or too few are an error."""
    if len(values) > len(columns):
        if any(values[len(columns) :]):
            reason = f"the line has {len(values)} values for {len(columns)} columns"
            raise refuse(reason, Position(line=line, element=len(columns) + 1))
    elif len(values) < len(columns) and options.short_lines == "refuse":
        reason = f"the line has {len(values)} values for {len(columns)} columns: {columns[len(values)]!r} is missing"
        raise refuse(reason, Position(line=line, element=len(values) + 1), ErrorCode.MISSING)
    return dict(zip(columns, [*values, *[""] * (len(columns) - len(values))], strict=False))


class RecordReader:
    """Builds the tree line by line: each record goes under the last one of its parent's type."""

    def __init__(self, options: DelimitedOptions, lines: dict[int, int]) -> None:
        self._options = options
        self.lines = lines
        self.found: dict[str, list[Record]] = {code: [] for code in options.records}
        self._open: dict[str, Record] = {}
        self._root: Record = {}

    def read(self, cells: Iterable[tuple[int, list[str]]]) -> Record:
        """Return the tree of all lines."""
        line = 1
        self._prepare(None, self._root)
        for line, values in cells:
            self._add(line, values)
        self._check_required(line)
        return self._root

    def _add(self, line: int, values: list[str]) -> None:
        options = self._options
        code = values[options.discriminator - 1] if len(values) >= options.discriminator else ""
        kind = options.records.get(code)
        if kind is None:
            reason = f"{code[:40]!r} is no record type{did_you_mean(code, options.records)}"
            raise refuse(reason, Position(line=line, element=options.discriminator), ErrorCode.TABLE)
        parent = self._root if kind.parent is None else self._open.get(kind.parent)
        if parent is None:
            raise refuse(
                f"a record {code} stands before any {kind.parent} that it belongs to", Position(line=line)
            )
        record = record_of(values, kind.columns, line, options)
        if not kind.once:
            parent[kind.name].append(record)
        elif kind.name in parent:
            raise refuse(f"the record {code} comes a second time", Position(line=line))
        else:
            parent[kind.name] = record
        self._opened(code, record, line)

    def _opened(self, code: str, record: Record, line: int) -> None:
        self._prepare(code, record)
        self._open[code] = record
        for inner in self._below(code):
            self._open.pop(inner, None)
        self.found[code].append(record)
        self.lines[id(record)] = line

    def _below(self, code: str) -> Iterator[str]:
        for inner, kind in self._options.records.items():
            if kind.parent == code:
                yield inner
                yield from self._below(inner)

    def _prepare(self, code: str | None, record: Record) -> None:
        """Give a new record its empty lists, so that no order without lines looks like one without the name."""
        for kind in self._options.records.values():
            if kind.parent == code and not kind.once:
                record[kind.name] = []

    def _check_required(self, last: int) -> None:
        for code, kind in self._options.records.items():
            parents = [self._root] if kind.parent is None else self.found[kind.parent]
            for parent in parents if kind.required else []:
                if not parent.get(kind.name):
                    where = Position(line=self.lines.get(id(parent), last))
                    raise refuse(f"the record {code} ({kind.name}) is missing", where, ErrorCode.MISSING)


def check_totals(options: DelimitedOptions, reader: RecordReader) -> None:
    """Compare what the file states about itself with what it holds."""
    for check in options.checks:
        code, _, column = check.stated.partition(".")
        for record in reader.found[code]:
            stated = number_in(record[column])
            actual = _actual(check, reader.found, reader.lines)
            if stated != actual:
                what = f"{' and '.join(check.count)} records" if check.count else f"the sum of {check.sum}"
                reason = f"{check.stated} states {record[column] or 'nothing'}, but {what} make {actual}"
                element = list(record).index(column) + 1
                raise refuse(
                    reason, Position(line=reader.lines[id(record)], element=element), ErrorCode.VALUE
                )


def _actual(check: Check, found: dict[str, list[Record]], lines: dict[int, int]) -> Decimal:
    if check.count is not None:
        return Decimal(sum(len(found[code]) for code in check.count))
    code, _, column = (check.sum or "").partition(".")
    total = Decimal(0)
    for record in found[code]:
        number = number_in(record.get(column, ""))
        if number is None:
            where = Position(line=lines.get(id(record)), element=list(record).index(column) + 1)
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


def flatten(tree: object, options: DelimitedOptions) -> Iterator[list[Data]]:
    """Yield the lines of a tree of record types, parents before children, with counts and totals filled in."""
    if not is_object(tree):
        raise refuse("a file is written from an object of record types", code=ErrorCode.TARGET)
    ordered: list[tuple[str, Record]] = list(_walk(tree, None, options))
    found: dict[str, list[Record]] = {code: [] for code in options.records}
    for code, record in ordered:
        found[code].append(record)
    filled: dict[tuple[str, str], Decimal] = {}
    for check in options.checks:
        code, _, column = check.stated.partition(".")
        filled[code, column] = _actual(check, found, {})
    for code, record in ordered:
        columns = options.records[code].columns
        marker = columns[options.discriminator - 1]
        values = {marker: code, **{name: filled[code, name] for name in columns if (code, name) in filled}}
        yield [record.get(name, values.get(name)) for name in columns]


def _walk(tree: Record, parent: str | None, options: DelimitedOptions) -> Iterator[tuple[str, Record]]:
    kinds = {kind.name: (code, kind) for code, kind in options.records.items() if kind.parent == parent}
    known = [*kinds, *(options.records[parent].columns if parent else ())]
    if unknown := [name for name in tree if name not in known]:
        advice = did_you_mean(unknown[0], known)
        raise refuse(f"there is no column or record {unknown[0]!r} here{advice}", code=ErrorCode.TARGET)
    for name, (code, kind) in kinds.items():
        for record in _records(tree.get(name), kind):
            yield code, record
            yield from _walk(record, code, options)


def _records(found: Data, kind: RecordType) -> list[Record]:
    records = [] if found is None else found if is_list(found) else [found]
    if not all(is_object(record) for record in records):
        raise refuse(f"{kind.name} is written from objects", code=ErrorCode.TARGET)
    return records
