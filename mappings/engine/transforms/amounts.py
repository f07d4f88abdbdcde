"""Transforms of amounts: minor units, and numbers as partners want them written."""

from collections.abc import Callable
from decimal import Decimal
from typing import Self

from pydantic import Field, model_validator

from canonical.money import exponent
from mappings.data import Data
from mappings.engine.scope import Scope
from mappings.engine.transforms.base import (
    NUMBER,
    TEXT,
    Args,
    Elsewhere,
    InScope,
    Run,
    Tools,
    Transform,
    number_of,
)
from mappings.engine.transforms.iso import check_currency
from mappings.engine.transforms.numbers import EXACT, LONGEST, bounded, rounded, whole_of
from mappings.errors import Refusal

_NUMBERS = frozenset({NUMBER})
_PARSED = frozenset({NUMBER, TEXT})


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
    return InScope(lambda v, n, s: Decimal(whole_of(v)).scaleb(-digits(v, n, s), EXACT))


def _to_minor(args: CurrencyArgs, tools: Tools) -> InScope:
    digits = _digits(args, tools)

    def run(value: Data, node: Data, scope: Scope) -> int:
        units = number_of(value).scaleb(digits(value, node, scope), EXACT)
        if units != units.to_integral_value():
            raise Refusal("the amount is finer than the currency's smallest unit; `round` it first")
        return whole_of(units)

    return InScope(run)


def _format(args: FormatArgs, _tools: object) -> Run:
    if args.implied and args.places is None:
        raise ValueError("`implied` decimals need `places`")

    def run(value: Data) -> str:
        number = bounded(number_of(value))
        if args.places is not None:
            exact = rounded(number, args.places, "down")
            if exact != number:
                raise Refusal(f"the number has more than {args.places} decimals; `round` it first")
            number = exact
        number = number or abs(number)  # nobody owes minus nothing
        text = f"{number:,f}" if args.thousands is not None else f"{number:f}"
        whole, point, decimals = text.partition(".")
        if args.thousands is not None:
            whole = whole.replace(",", args.thousands)
        return whole + decimals if args.implied else whole + (args.separator if point else "") + decimals

    plain = args.separator == "." and args.thousands is None and not args.implied
    return run if not plain or args.places is None else _plainly(args.places, run)


def _plainly(places: int, carefully: Run) -> Run:
    """Return a function that leaves to a careful one what is not written with just so many decimals already."""
    tail, point = -places, -places - 1

    def run(value: Data) -> str:
        if value.__class__ is Decimal and value and places:
            text = str(value)
            if places < len(text) <= LONGEST and text[point] == "." and text[tail:].isdigit():
                return text
        return str(carefully(value))

    return run


AMOUNT_TRANSFORMS = (
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
)
