"""Columns of fixed-width files: what their characters mean, and which characters a value takes."""

import re
from collections.abc import Mapping
from decimal import Context, Decimal
from types import MappingProxyType
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mappings.data import Data
from mappings.errors import Refusal
from mappings.syntax.record_tree import number_in
from mappings.syntax.trees import LONGEST_NUMBER, scalar_text

_DIGITS = re.compile("[0-9]+")
_EXACT = Context(prec=2 * LONGEST_NUMBER)
_POSITIVE, _NEGATIVE = "{ABCDEFGHI", "}JKLMNOPQR"
_PUNCHED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        letter: (sign, str(digit))
        for sign, letters in (("+", _POSITIVE), ("-", _NEGATIVE))
        for digit, letter in enumerate(letters)
    }
)
"""Overpunched last characters with their sign and digit: IBM zoned decimals, as EBCDIC shows them."""


class FixedColumn(BaseModel):
    """One column: where it stands, and how its value is written there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    width: int = Field(ge=1, le=10_000)
    """In characters, as `start`."""
    start: int | None = Field(default=None, ge=1)
    """Its first character, counted from one; right after the column before it, if not said."""
    type: Literal["text", "number"] = "text"
    align: Literal["left", "right"] | None = None
    """Where the value stands in it: texts left and numbers right, if not said."""
    pad: str | None = Field(default=None, min_length=1, max_length=1)
    """What fills the rest: spaces for texts and `0` for numbers, if not said. Spaces are taken off too when reading."""
    decimals: int = Field(default=0, ge=0, le=12)
    """How many of a number's digits are decimals."""
    point: Literal[".", ","] | None = None
    """What stands before the decimals; null: nothing, they are implied (`0001995` with two is 19.95)."""
    sign: Literal["none", "leading", "trailing", "overpunch"] = "none"
    """Where a number's sign stands: before it, behind it, or in its last digit (`0000199N` is -1995)."""
    plus: Literal["", " ", "+"] = ""
    """What a positive number has at the sign's place; overpunched, `+` punches it too. Reading, all are taken."""
    empty: Literal["spaces", "zeros"] = "spaces"
    """Writing: what stands where a number isn't there. Reading, spaces are no number, and zeros are 0."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.type == "text":
            said = {"decimals", "point", "sign", "plus", "empty"} & self.model_fields_set
            if said:
                raise ValueError(
                    f"{self.name} has `{min(said)}`, and only a number has that: say `type: number`"
                )
        elif self.width > LONGEST_NUMBER:
            raise ValueError(f"{self.name} is a number of {self.width} digits; {LONGEST_NUMBER} is the most")
        elif self.filler in "123456789.,+-":
            raise ValueError(f"{self.name} is filled with {self.filler!r}, which could be part of its number")
        elif self.filler == "0" and not self.stands_right:
            raise ValueError(f"{self.name} is a number that stands left: zeros behind it would be digits")
        return self

    @property
    def stands_right(self) -> bool:
        """Say whether its value stands at its right end."""
        return (self.align or ("right" if self.type == "number" else "left")) == "right"

    @property
    def filler(self) -> str:
        """The character that fills it."""
        return self.pad or ("0" if self.type == "number" else " ")

    def value_of(self, cell: str) -> Data:
        """Return the text, int or exact `Decimal` in its characters; a number that isn't there is None.

        Raise `Refusal` where they are no number as agreed.
        """
        bare = cell.strip(" ")
        if self.type == "text":
            return (bare.lstrip(self.filler) if self.stands_right else bare.rstrip(self.filler)).strip(" ")
        if not bare.strip(self.filler.replace("0", " ")):
            return None
        sign, digits = self._signed(bare)
        return self._number(cell, sign, digits)

    def _signed(self, text: str) -> tuple[str, str]:
        """Return sign and digits; the sign may be left out."""
        if self.sign == "overpunch" and text[-1] in _PUNCHED:
            sign, digit = _PUNCHED[text[-1]]
            return sign, text[:-1] + digit
        if self.sign == "trailing" and text[-1] in "+-":
            return text[-1], text[:-1].rstrip(" ")
        if self.sign == "leading":
            bare = text.lstrip(self.filler.replace("0", " "))
            if bare[:1] in ("+", "-"):
                return bare[0], bare[1:].lstrip(" ")
        return "+", text

    def _number(self, cell: str, sign: str, text: str) -> int | Decimal:
        filler = self.filler.replace("0", " ")
        digits = text.lstrip(filler) if self.stands_right else text.rstrip(filler)
        whole, point, fraction = digits.partition(self.point) if self.point else (digits, "", "")
        if not _DIGITS.fullmatch(whole + fraction) or (point and len(fraction) > self.decimals):
            raise Refusal(f"{cell!r} is not a number {self._agreed()}")
        if self.point is None:
            number = Decimal(whole).scaleb(-self.decimals, _EXACT)
        else:
            number = Decimal(f"{whole or 0}.{fraction or 0}")
        number = _EXACT.minus(number) if sign == "-" else number
        return number if self.decimals else int(number)

    def _agreed(self) -> str:
        how = f"after {self.point!r}" if self.point else "implied"
        decimals = f"of {self.decimals} decimals, {how}, " if self.decimals else ""
        sign = {"none": "without a sign", "overpunch": "with its sign in the last digit"}
        return decimals + sign.get(self.sign, f"with a {self.sign} sign, if any")

    def cell_of(self, value: object) -> str:
        """Return the characters of a value, as many as the column is wide; raise `Refusal` where it doesn't fit."""
        if value is None or value == "":
            return ("0" if self.type == "number" and self.empty == "zeros" else " ") * self.width
        if self.type == "number":
            return self._written(value)
        try:
            text = scalar_text(value)
        except TypeError as error:
            raise Refusal(str(error)) from None
        if any(ord(character) < ord(" ") or character == "\x85" for character in text):
            raise Refusal("the text holds a control character, which would break the line")
        if len(text) > self.width:
            reason = f"the text has {len(text)} characters, and the column has {self.width}"
            raise Refusal(f"{reason}: shorten it, or let the mapping `truncate` it")
        return (
            text.rjust(self.width, self.filler) if self.stands_right else text.ljust(self.width, self.filler)
        )

    def _written(self, value: object) -> str:
        number = number_in(value)
        if number is None:
            raise Refusal(
                f"a {type(value).__name__} that is no number can't be written into a number's column"
            )
        scaled = number.scaleb(self.decimals, _EXACT)
        if scaled != scaled.to_integral_value():
            raise Refusal(f"{number} has more than {self.decimals} decimals: `round` it")
        negative = number < 0
        if negative and self.sign == "none":
            raise Refusal(f"{number} is negative, and the column has no sign")
        digits = str(abs(int(scaled))).zfill(self.decimals + 1)
        if self.point and self.decimals:
            digits = f"{digits[: -self.decimals]}{self.point}{digits[-self.decimals :]}"
        cell = self._with_sign(digits, negative=negative)
        if len(cell) > self.width:
            raise Refusal(f"{number} takes {len(cell)} characters, and the column has {self.width}")
        return cell

    def _with_sign(self, digits: str, *, negative: bool) -> str:
        sign = "-" if negative else self.plus
        if self.sign == "overpunch":
            if sign.strip():
                digits = digits[:-1] + (_NEGATIVE if negative else _POSITIVE)[int(digits[-1])]
            return self._filled(digits, self.width)
        if self.sign == "trailing":
            return self._filled(digits, self.width - 1) + (sign or " ")
        if self.sign == "leading" and self.filler == "0":
            return sign + self._filled(digits, self.width - len(sign))
        return self._filled(sign + digits, self.width)

    def _filled(self, text: str, width: int) -> str:
        return text.rjust(width, self.filler) if self.stands_right else text.ljust(width, self.filler)
