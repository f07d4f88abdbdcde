"""Transforms of exact numbers. Nothing here ever is a float."""

import re
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Context, Decimal, DecimalException
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from mappings.data import Data
from mappings.engine.scope import Scope
from mappings.engine.transforms.base import (
    LIST,
    NUMBER,
    TEXT,
    Args,
    Elsewhere,
    InScope,
    Run,
    Tools,
    Transform,
    list_of,
    number_of,
    simple,
)
from mappings.errors import Refusal

LONGEST = 40

_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_NUMBERS = frozenset({NUMBER})
_PARSED = frozenset({NUMBER, TEXT})
_ROUNDINGS = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "down": ROUND_DOWN, "up": ROUND_UP}
EXACT = Context(prec=2 * LONGEST)
"""Precise enough for the product of two of the longest numbers."""


class DecimalArgs(Args):
    """How a partner writes numbers."""

    separator: str = Field(default=".", min_length=1, max_length=1)
    """What stands before the decimals."""
    thousands: str | None = Field(default=None, min_length=1, max_length=1)
    """What groups the digits, if anything."""
    implied: int = Field(default=0, ge=0, le=12)
    """How many digits are decimals where no separator is written: `1995` with 2 is 19.95."""
    trailing_sign: bool = False
    """The sign stands behind: `12.50-`."""


class RoundArgs(Args):
    """Decimals to keep."""

    places: int = Field(ge=0, le=12)
    mode: Literal["half_up", "half_even", "down", "up"] = "half_up"


class FactorArgs(Args):
    """What to multiply or divide by: a number written here, or one from another path."""

    by: Decimal | None = None
    by_from: Elsewhere | None = None

    @field_validator("by", mode="before")
    @classmethod
    def _exact(cls, by: Data) -> Data:
        return _parse_plain(by) if isinstance(by, str) else by

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.by is None) == (self.by_from is None):
            raise ValueError("say either `by` or `by_from`")
        return self


class DivideArgs(FactorArgs):
    """Division has to be told how many decimals to keep."""

    places: int = Field(ge=0, le=12)
    mode: Literal["half_up", "half_even", "down", "up"] = "half_up"


def _parse_plain(text: str) -> Decimal:
    """Return the number that a text is: digits, a sign and a point; no exponent, no underscore, no NaN."""
    if len(text) > LONGEST or not _PLAIN.fullmatch(text):
        raise Refusal("this is not a number" if len(text) <= LONGEST else "this number is too long")
    return Decimal(text)


def _as_decimal(value: Data) -> Decimal:
    if value.__class__ is str:
        # Most numbers are digits, with a point among them, and this finds that out faster than the pattern.
        between = value.strip("0123456789")
        if (value if not between else between == "." and value != ".") and len(value) < LONGEST:
            return Decimal(value)
        return _parse_plain(value)
    return number_of(value)


def _decimal(args: DecimalArgs, _tools: object) -> Run:
    if args == DecimalArgs():
        return _as_decimal
    if args.separator == args.thousands:
        raise ValueError("`separator` and `thousands` are the same")

    def run(value: Data) -> Decimal:
        if not isinstance(value, str):
            return number_of(value).scaleb(-args.implied, EXACT)
        text = _signed(value.strip()) if args.trailing_sign else value.strip()
        if args.thousands is not None:
            text = text.replace(args.thousands, "")
        if args.separator != ".":
            if "." in text:
                raise Refusal(f"this is not a number with {args.separator!r} before its decimals")
            text = text.replace(args.separator, ".")
        number = _parse_plain(text)
        return number if "." in text else number.scaleb(-args.implied, EXACT)

    return run


def _signed(text: str) -> str:
    return text[-1] + text[:-1] if text[-1:] in ("-", "+") else text


def whole_of(value: Data) -> int:
    """Return a whole number; one with decimals that aren't zero is refused."""
    if value.__class__ is int:
        return value
    number = _as_decimal(value)
    if number != number.to_integral_value():
        raise Refusal("a whole number is expected here; `round` it if decimals may be lost")
    if abs(number.adjusted()) > LONGEST:
        raise Refusal("this number is too long")
    return int(number)


def bounded(number: Decimal) -> Decimal:
    """Refuse a result that is no number of a sensible size."""
    if not number.is_finite() or number.adjusted() > LONGEST:
        raise Refusal("the result is too large")
    return number


def rounded(number: Decimal, places: int, mode: str) -> Decimal:
    """Return a number with so many decimals."""
    try:
        return number.quantize(Decimal(1).scaleb(-places), rounding=_ROUNDINGS[mode], context=EXACT)
    except DecimalException:
        raise Refusal("this number is too long") from None


def _round(args: RoundArgs, _tools: object) -> Run:
    return lambda value: rounded(number_of(value), args.places, args.mode)


def _multiply(args: FactorArgs, tools: Tools) -> InScope:
    factor = _factor(args, tools)
    return InScope(lambda v, n, s: bounded(EXACT.multiply(number_of(v), factor(v, n, s))))


def _divide(args: DivideArgs, tools: Tools) -> InScope:
    factor = _factor(args, tools)

    def run(value: Data, node: Data, scope: Scope) -> Decimal:
        by = factor(value, node, scope)
        if not by:
            raise Refusal("this can't be divided by zero")
        return rounded(EXACT.divide(number_of(value), by), args.places, args.mode)

    return InScope(run)


def _factor(args: FactorArgs, tools: Tools) -> Callable[[Data, Data, Scope], Decimal]:
    if args.by_from is None:
        by = args.by or Decimal(0)
        return lambda _value, _node, _scope: by
    getter = tools.getter(args.by_from)

    def factor(value: Data, node: Data, scope: Scope) -> Decimal:
        found = getter(value, node, scope)
        if found is None:
            raise Refusal(f"there is nothing at {args.by_from} to compute with")
        return _as_decimal(found)

    return factor


def _sum(value: Data) -> Decimal:
    total = Decimal(0)
    for item in list_of(value):
        total = EXACT.add(total, _as_decimal(item))
    return bounded(total)


def _product(value: Data) -> Decimal:
    total = Decimal(1)
    for item in list_of(value):
        total = bounded(EXACT.multiply(total, _as_decimal(item)))
    return total


NUMBER_TRANSFORMS = (
    Transform("decimal", "An exact number.", _PARSED, NUMBER, _decimal, DecimalArgs),
    simple("int", "A whole number; `5.000` is one, `5.5` is an error.", "number text", NUMBER, whole_of),
    Transform("round", "Round to `places` decimals.", _NUMBERS, NUMBER, _round, RoundArgs, "places"),
    simple("negate", "The number with the other sign.", "number", NUMBER, lambda value: -number_of(value)),
    simple("absolute", "The number without its sign.", "number", NUMBER, lambda value: abs(number_of(value))),
    Transform(
        "multiply",
        "Multiply by a number, or by one from another path.",
        _NUMBERS,
        NUMBER,
        _multiply,
        FactorArgs,
        "by",
    ),
    Transform(
        "divide", "Divide, and round to `places` decimals.", _NUMBERS, NUMBER, _divide, DivideArgs, "by"
    ),
    Transform("sum", "The sum of a list of numbers.", frozenset({LIST}), NUMBER, lambda _a, _t: _sum),
    Transform(
        "product", "The product of a list of numbers.", frozenset({LIST}), NUMBER, lambda _a, _t: _product
    ),
)
