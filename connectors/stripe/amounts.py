"""Stripe's smallest units (docs.stripe.com/currencies), which are not always those of ISO 4217."""

from decimal import Decimal

from canonical.money import Money

_ZERO_DECIMAL = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
)
_THREE_DECIMAL = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
_WHOLE_AS_TWO = frozenset({"ISK", "UGX"})
"""Whole units only, but written with two decimals: ISK 5 is 500."""


class UnsayableAmountError(ValueError):
    """Stripe has no way to say this amount."""


def exponent(currency: str) -> int:
    """Return how many decimals Stripe writes amounts of an (upper case) currency with."""
    if currency in _ZERO_DECIMAL:
        return 0
    return 3 if currency in _THREE_DECIMAL else 2


def to_minor(money: Money) -> int:
    """Return an amount in Stripe's smallest unit; raise `UnsayableAmountError` where it can't be said."""
    minor = money.amount.scaleb(exponent(money.currency))
    if money.currency in _WHOLE_AS_TWO and money.amount % 1:
        message = f"{money.amount} {money.currency}: Stripe takes whole units of {money.currency} only"
        raise UnsayableAmountError(message)
    if money.currency in _THREE_DECIMAL and minor % 10:
        message = (
            f"{money.amount} {money.currency}: Stripe wants the third decimal of {money.currency} to be 0"
        )
        raise UnsayableAmountError(message)
    if minor % 1:
        message = f"{money.amount} {money.currency} is finer than Stripe's smallest unit of {money.currency}"
        raise UnsayableAmountError(message)
    if minor <= 0:
        message = f"{money.amount} {money.currency}: Stripe moves amounts above zero only"
        raise UnsayableAmountError(message)
    return int(minor)


def from_minor(minor: int, currency: str) -> Decimal:
    """Return an amount given in Stripe's smallest unit of a currency, which Stripe writes in lower case."""
    return Decimal(minor).scaleb(-exponent(currency.upper()))
