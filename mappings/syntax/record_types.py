"""Record types of flat files: which line belongs to which, and the counts and totals that a file states of itself.

Delimited and fixed-width files share them; what columns look like is each syntax's own.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from mappings.errors import Position
from mappings.suggest import did_you_mean


class Columns(Protocol):
    """Where the columns of a line stand."""

    def at(self, line: int, column: str | None = None) -> Position:
        """Return the place of a column, or of the line as a whole."""
        ...


class Line(NamedTuple):
    """The line that a record was read from."""

    number: int
    """Counted from one; in a file without line ends that of the record."""
    columns: Columns


class RecordKind(BaseModel):
    """The lines that have one code: a header, a detail, a trailer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    """What it is called in the tree: paths say `orders[*].lines[*].sku`."""
    parent: str | None = None
    """The code of the record type that it belongs to; without one it stands at the top."""
    once: bool = False
    """It comes at most once under its parent, and is an object in the tree, not a list."""
    required: bool = False
    """It must come at least once under each parent."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns, in their order."""
        raise NotImplementedError

    def at(self, line: int, column: str | None = None) -> Position:
        """Return the place of one of its columns, or of the line as a whole."""
        return Position(line=line, element=self.names.index(column) + 1 if column in self.names else None)


class Check(BaseModel):
    """A count or a total that the file itself states."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stated: str
    """Where the file states it: `T.line_count`, as code of the record type and column."""
    count: tuple[str, ...] | None = None
    """The record types whose lines are counted."""
    sum: str | None = None
    """The column that is added up: `D.quantity`."""

    @field_validator("count", mode="before")
    @classmethod
    def _one_or_several(cls, count: object) -> object:
        return (count,) if isinstance(count, str) else count

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.count is None) == (self.sum is None):
            raise ValueError("a check has either `count` or `sum`")
        return self


def check_kinds(kinds: Mapping[str, RecordKind], checks: tuple[Check, ...]) -> None:
    """Raise ValueError where record types, or what is to be checked of them, contradict each other."""
    for code in kinds:
        _check_kind(code, kinds)
    for check in checks:
        for column in (check.stated, check.sum):
            _check_column(column, kinds)
        for code in check.count or ():
            _check_code(code, kinds)


def _check_kind(code: str, kinds: Mapping[str, RecordKind]) -> None:
    kind = kinds[code]
    seen = {code}
    while kind.parent is not None:
        _check_code(kind.parent, kinds)
        if kind.parent in seen:
            raise ValueError(f"the record type {code} belongs to itself")
        seen.add(kind.parent)
        kind = kinds[kind.parent]
    names = kinds[code].names
    children = [child.name for child in kinds.values() if child.parent == code]
    if len({*names, *children}) != len(names) + len(children):
        raise ValueError(f"two columns or record types of {code} have one name")


def _check_code(code: str, kinds: Mapping[str, RecordKind]) -> None:
    if code not in kinds:
        raise ValueError(f"there is no record type {code!r}{did_you_mean(code, kinds)}")


def _check_column(name: str | None, kinds: Mapping[str, RecordKind]) -> None:
    if name is None:
        return
    code, _, column = name.partition(".")
    _check_code(code, kinds)
    if column not in kinds[code].names:
        raise ValueError(f"{code} has no column {column!r}{did_you_mean(column, kinds[code].names)}")
