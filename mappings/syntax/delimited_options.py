"""What a mapping says about a delimited file: separators, columns, record types, and totals to check."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from mappings.data import Data, is_object
from mappings.suggest import did_you_mean
from mappings.syntax.base import SyntaxOptions, codec_of


class RecordType(BaseModel):
    """The lines that begin with one code: a header, a detail, a trailer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    """What it is called in the tree: paths say `orders[*].lines[*].sku`."""
    columns: tuple[str, ...] = Field(min_length=1)
    """All columns in their order, that of the discriminator included."""
    parent: str | None = None
    """The code of the record type that it belongs to; without one it stands at the top."""
    once: bool = False
    """It comes at most once under its parent, and is an object in the tree, not a list."""
    required: bool = False
    """It must come at least once under each parent."""


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


class DelimitedOptions(SyntaxOptions):
    """How a partner writes delimited text."""

    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str | None = Field(default='"', min_length=1, max_length=1)
    """null: quotes mean nothing, and no value may hold the delimiter."""
    quoting: Literal["minimal", "all", "texts"] = "minimal"
    """Writing: quote what needs it, everything, or everything that isn't a number."""
    escape: str | None = Field(default=None, min_length=1, max_length=1)
    """null: a quote inside quotes is doubled."""
    encoding: str = "utf-8"
    bom: bool = False
    """Write a byte order mark (some spreadsheets want one). Reading, it is always taken off."""
    line_end: Literal["\n", "\r\n"] = "\n"
    """Writing. Reading, both are taken, and a bare carriage return too."""
    trim: bool = True
    """Take spaces off both ends of each value."""
    header: bool = True
    """The first line names the columns."""
    columns: tuple[str, ...] = ()
    """With a header: the columns that must be there, and those to write. Without: all columns, in their order."""
    extra_columns: Literal["keep", "refuse"] = "keep"
    """What a column of the header that isn't in `columns` means."""
    short_lines: Literal["refuse", "fill"] = "refuse"
    """What a line with too few values means: an error, or that the rest is empty."""
    records: dict[str, RecordType] = {}
    """Record types by their code; without any, every line is an item of `rows`."""
    discriminator: int = Field(default=1, ge=1)
    """The column with the record type's code, counted from one."""
    checks: tuple[Check, ...] = ()

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
        if not self.records and not self.header and not self.columns:
            raise ValueError("without a header, `columns` names the columns")
        if self.records and self.columns:
            raise ValueError("with `records`, each record type has its own `columns`")
        if len(set(self.columns)) != len(self.columns):
            raise ValueError("a column is named twice")
        if self.checks and not self.records:
            raise ValueError("`checks` compare record types: declare these under `records`")
        for code, record in self.records.items():
            self._check_record(code, record)
        for check in self.checks:
            for column in (check.stated, check.sum):
                self._check_column(column)
            for code in check.count or ():
                self._check_code(code)
        return self

    def _check_record(self, code: str, record: RecordType) -> None:
        if record.parent is not None:
            self._check_code(record.parent)
        seen = {code}
        while record.parent is not None:
            if record.parent in seen:
                raise ValueError(f"the record type {code} belongs to itself")
            seen.add(record.parent)
            record = self.records[record.parent]
        columns = self.records[code].columns
        if len(columns) < self.discriminator:
            raise ValueError(f"the record type {code} has no column {self.discriminator}, the discriminator")
        children = [child.name for child in self.records.values() if child.parent == code]
        if len(set(columns) | set(children)) != len(columns) + len(children):
            raise ValueError(f"two columns or record types of {code} have one name")

    def _check_code(self, code: str) -> None:
        if code not in self.records:
            raise ValueError(f"there is no record type {code!r}{did_you_mean(code, self.records)}")

    def _check_column(self, name: str | None) -> None:
        if name is None:
            return
        code, _, column = name.partition(".")
        self._check_code(code)
        if column not in self.records[code].columns:
            raise ValueError(
                f"{code} has no column {column!r}{did_you_mean(column, self.records[code].columns)}"
            )
