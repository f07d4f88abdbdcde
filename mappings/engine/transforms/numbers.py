"""Transforms of exact numbers. Nothing here ever is a float."""

import re
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Context, Decimal, DecimalException
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from canonical.money import exponent
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
from mappings.engine.transforms.iso import check_currency
from mappings.errors import Refusal

LONGEST = 40

_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_NUMBERS = frozenset({NUMBER})
_PARSED = frozenset({NUMBER, TEXT})
_ROUNDINGS = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "down": ROUND_DOWN, "up": ROUND_UP}
_EXACT = Context(prec=2 * LONGEST)


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


class CurrencyArgs(Args):
    """A currency: written here, or from another path."""

    currency: str | None = None
    currency_from: Elsewhere | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.currency is None) == (self.currency_from is None):
            raise ValueError("say either `currency` or `currency_from`")
        if self.currency is not None:
            check_currency(self.currency)
        return self


class FormatArgs(Args):
    """How a partner wants numbers written."""

    places: int | None = Field(default=None, ge=0, le=12)
    """Exactly so many decimals; one with more is an error, so `round` it first. Not said: as many as it has."""
    separator: str = Field(default=".", min_length=1, max_length=1)
    thousands: str | None = Field(default=None, min_length=1, max_length=1)
    implied: bool = False
    """Leave the separator out: 19.95 with 2 places is `1995`."""


def _parse_plain(text: str) -> Decimal:
    """Return the number that a text is: digits, a sign and a point; no exponent, no underscore, no NaN."""
    if len(text) > LONGEST or not _PLAIN.fullmatch(text):
        raise Refusal("this is not a number" if len(text) <= LONGEST else "this number is too long")
    return Decimal(text)


def _as_decimal(value: Data) -> Decimal:
    if value.__class__ is str:
        # Most numbers are digits and a point, and this finds that out faster than the pattern.
        if len(value) < LONGEST and not value.strip("0123456789.") and value.count(".") <= 1 and value != ".":
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
            return number_of(value).scaleb(-args.implied, _EXACT)
        text = _signed(value.strip()) if args.trailing_sign else value.strip()
        if args.thousands is not None:
            text = text.replace(args.thousands, "")
        if args.separator != ".":
            if "." in text:
                raise Refusal(f"this is not a number with {args.separator!r} before its decimals")
            text = text.replace(args.separator, ".")
        number = _parse_plain(text)
        return number if "." in text else number.scaleb(-args.implied, _EXACT)

    return run


def _signed(text: str) -> str:
    return text[-1] + text[:-1] if text[-1:] in ("-", "+") else text


def _int(value: Data) -> int:
    if value.__class__ is int:
        return value
    number = _as_decimal(value)
    if number != number.to_integral_value():
        raise Refusal("a whole number is expected here; `round` it if decimals may be lost")
    if abs(number.adjusted()) > LONGEST:
        raise Refusal("this number is too long")
    return int(number)


def _computed(number: Decimal) -> Decimal:
    """Refuse a result that is no number of a sensible size."""
    if not number.is_finite() or number.adjusted() > LONGEST:
        raise Refusal("the result is too large")
    return number


def _rounded(number: Decimal, places: int, mode: str) -> Decimal:
    try:
        return number.quantize(Decimal(1).scaleb(-places), rounding=_ROUNDINGS[mode], context=_EXACT)
    except DecimalException:
        raise Refusal("this number is too long") from None


def _round(args: RoundArgs, _tools: object) -> Run:
    return lambda value: _rounded(number_of(value), args.places, args.mode)


def _multiply(args: FactorArgs, tools: Tools) -> InScope:
    factor = _factor(args, tools)
    return InScope(lambda v, n, s: _computed(_EXACT.multiply(number_of(v), factor(v, n, s))))


def _divide(args: DivideArgs, tools: Tools) -> InScope:
    factor = _factor(args, tools)

    def run(value: Data, node: Data, scope: Scope) -> Decimal:
        by = factor(value, node, scope)
        if not by:
            raise Refusal("this can't be divided by zero")
        return _rounded(_EXACT.divide(number_of(value), by), args.places, args.mode)

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


def _digits(args: CurrencyArgs, tools: Tools) -> Callable[[Data, Data, Scope], int]:
    """Return a function that gives the minor-unit digits of the currency."""
    if args.currency_from is None:
        digits = exponent(args.currency or "")
        return lambda _value, _node, _scope: digits
    getter = tools.getter(args.currency_from)

    def find(value: Data, node: Data, scope: Scope) -> int:
        found = getter(value, node, scope)
        if found is None:
            raise Refusal(f"there is no currency at {args.currency_from}, so minor units can't be counted")
        return exponent(check_currency(found))

    return find


def _from_minor(args: CurrencyArgs, tools: Tools) -> InScope:
    digits = _digits(args, tools)
    return InScope(lambda v, n, s: Decimal(_int(v)).scaleb(-digits(v, n, s), _EXACT))


def _to_minor(args: CurrencyArgs, tools: Tools) -> InScope:
    digits = _digits(args, tools)

    def run(value: Data, node: Data, scope: Scope) -> int:
        units = number_of(value).scaleb(digits(value, node, scope), _EXACT)
        if units != units.to_integral_value():
            raise Refusal("the amount is finer than the currency's smallest unit; `round` it first")
        return _int(units)

    return InScope(run)


def _format(args: FormatArgs, _tools: object) -> Run:
    if args.implied and args.places is None:
        raise ValueError("`implied` decimals need `places`")

    plain = args.separator == "." and args.thousands is None and not args.implied
    last = Decimal(1).scaleb(-args.places) if args.places is not None else None

    def run(value: Data) -> str:
        number = _computed(number_of(value))
        if plain and last is not None and (exact := number.quantize(last, context=_EXACT)) == number:
            return str(exact)
        if args.places is not None:
            exact = _rounded(number, args.places, "down")
            if exact != number:
                raise Refusal(f"the number has more than {args.places} decimals; `round` it first")
            number = exact
        text = f"{number:,f}" if args.thousands is not None else f"{number:f}"
        whole, point, decimals = text.partition(".")
        if args.thousands is not None:
            whole = whole.replace(",", args.thousands)
        return whole + decimals if args.implied else whole + (args.separator if point else "") + decimals

    return run


def _sum(value: Data) -> Decimal:
    total = Decimal(0)
    for item in list_of(value):
        total = _EXACT.add(total, _as_decimal(item))
    return _computed(total)


def _product(value: Data) -> Decimal:
    total = Decimal(1)
    for item in list_of(value):
        total = _computed(_EXACT.multiply(total, _as_decimal(item)))
    return total


NUMBER_TRANSFORMS = (
    Transform("decimal", "An exact number.", _PARSED, NUMBER, _decimal, DecimalArgs),
    simple("int", "A whole number; `5.000` is one, `5.5` is an error.", "number text", NUMBER, _int),
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
    Transform(
        "from_minor_units",
        "Cents, yen or fils to an amount.",
        _PARSED,
        NUMBER,
        _from_minor,
        CurrencyArgs,
        "currency",
    ),
    Transform(
        "to_minor_units",
        "An amount to cents, yen or fils.",
        _NUMBERS,
        NUMBER,
        _to_minor,
        CurrencyArgs,
        "currency",
    ),
    Transform(
        "format_decimal",
        "A number as a partner wants it written.",
        _NUMBERS,
        TEXT,
        _format,
        FormatArgs,
        "places",
    ),
    Transform("sum", "The sum of a list of numbers.", frozenset({LIST}), NUMBER, lambda _a, _t: _sum),
    Transform(
        "product", "The product of a list of numbers.", frozenset({LIST}), NUMBER, lambda _a, _t: _product
    ),
)
