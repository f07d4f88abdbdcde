"""What a mapping says about a delimited file: separators, columns, record types, and totals to check."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from mappings.data import Data, is_object
from mappings.syntax.base import SyntaxOptions, codec_of
from mappings.syntax.record_types import Check, RecordKind, check_kinds


class RecordType(RecordKind):
    """The lines that begin with one code."""

    columns: tuple[str, ...] = Field(min_length=1)
    """All columns in their order, that of the discriminator included."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns, in their order."""
        return self.columns


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
            if len(record.columns) < self.discriminator:
                raise ValueError(
                    f"the record type {code} has no column {self.discriminator}, the discriminator"
                )
        check_kinds(self.records, self.checks)
        return self
