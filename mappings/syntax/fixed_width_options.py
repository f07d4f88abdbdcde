"""What a mapping says about a fixed-width file: its columns or record types, its line ends, and totals to check."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from mappings.data import Data, is_object
from mappings.errors import Position
from mappings.syntax.base import SyntaxOptions, codec_of
from mappings.syntax.fixed_width_columns import FixedColumn
from mappings.syntax.record_types import Check, RecordKind, check_kinds

MOST_CHARACTERS = 100_000


class CodePlace(BaseModel):
    """Where each line has the code of its record type."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: int = Field(default=1, ge=1)
    width: int = Field(ge=1, le=100)

    @property
    def end(self) -> int:
        """The first character behind it."""
        return self.start + self.width


class Layout:
    """Columns with their places: `start` and `end` of each as Python slices have them."""

    def __init__(self, columns: Sequence[FixedColumn]) -> None:
        self.places: dict[str, tuple[FixedColumn, int, int]] = {}
        self.width = 0
        for column in columns:
            start = self.width if column.start is None else column.start - 1
            if start < self.width:
                reason = f"the column {column.name} starts at {start + 1}, before the one before it ends"
                raise ValueError(f"{reason} ({self.width}): name columns in their order, without overlaps")
            if column.name in self.places:
                raise ValueError(f"a column is named twice: {column.name}")
            self.width = start + column.width
            self.places[column.name] = (column, start, self.width)

    def at(self, line: int, column: str | None = None) -> Position:
        """Return the place of a column, or of the line as a whole."""
        if column not in self.places:
            return Position(line=line)
        return Position(line=line, column=self.places[column][1] + 1)


class FixedRecord(RecordKind):
    """The lines that have one code at the code's place."""

    columns: tuple[FixedColumn, ...] = ()
    """All columns in their order but the code itself. What no column names is spaces when it is written."""

    @model_validator(mode="after")
    def _columns_are_apart(self) -> Self:
        Layout(self.columns)
        return self

    @cached_property
    def layout(self) -> Layout:
        """Where its columns stand."""
        return Layout(self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns, in their order."""
        return tuple(column.name for column in self.columns)

    def at(self, line: int, column: str | None = None) -> Position:
        """Return the place of one of its columns, or of the line as a whole."""
        return self.layout.at(line, column)


class FixedWidthOptions(SyntaxOptions):
    """How a partner writes fixed-width files."""

    columns: tuple[FixedColumn, ...] = ()
    """The columns of every line, where all are alike: the tree is `{"rows": […]}`."""
    code: CodePlace | None = None
    """Where the code of the record type stands."""
    records: dict[str, FixedRecord] = {}
    """Record types by their code."""
    checks: tuple[Check, ...] = ()
    width: int | None = Field(default=None, ge=1, le=MOST_CHARACTERS)
    """How wide every line is; that of its last column, if not said. Without line ends it must be said."""
    line_end: Literal["\n", "\r\n", "none"] = "\n"
    """`none`: lines of `width` characters follow each other. Reading, LF, CR LF and CR are otherwise all taken."""
    short_lines: Literal["refuse", "fill"] = "refuse"
    """What a line that ends before its last column does means: an error, or that spaces at its end were cut off."""
    encoding: str = "utf-8"

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, encoding: str) -> str:
        codec_of(encoding)
        return encoding

    @field_validator("records", mode="before")
    @classmethod
    def _codes_are_texts(cls, records: Data) -> Data:
        return {str(key): value for key, value in records.items()} if is_object(records) else records

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if bool(self.records) == bool(self.columns):
            raise ValueError(
                "say either `columns`, of every line, or `records`, with a `code` that tells them apart"
            )
        if bool(self.records) != (self.code is not None):
            raise ValueError("`code` says where the code of `records` stands: they go together")
        if self.line_end == "none" and self.width is None:
            raise ValueError("without line ends, `width` says how wide every line is")
        if self.checks and not self.records:
            raise ValueError("`checks` compare record types: declare these under `records`")
        if self.code is not None:
            _check_codes(self.code, self.records)
        check_kinds(self.records, self.checks)
        self._check_widths()
        return self

    @cached_property
    def layout(self) -> Layout:
        """Where the columns stand, without record types."""
        return Layout(self.columns)

    @cached_property
    def needed(self) -> int:
        """How wide the widest line is."""
        ends = [self.layout.width, *(record.layout.width for record in self.records.values())]
        return max(*ends, self.code.end - 1 if self.code else 0)

    def _check_widths(self) -> None:
        if self.needed > (self.width or MOST_CHARACTERS):
            raise ValueError(
                f"the columns end at {self.needed}, and a line has {self.width or MOST_CHARACTERS}"
            )


def _check_codes(place: CodePlace, records: Mapping[str, FixedRecord]) -> None:
    for code, record in records.items():
        if not 0 < len(code.strip()) <= len(code) <= place.width:
            raise ValueError(f"{code!r} can't stand at the code's place, which has {place.width} characters")
        for name, (_, start, end) in record.layout.places.items():
            if start < place.end - 1 and end > place.start - 1:
                reason = f"the column {name} of {code} stands where the code does"
                raise ValueError(f"{reason} ({place.start} to {place.end - 1}): the code needs no column")
