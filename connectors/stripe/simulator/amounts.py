"""Stripe's rules for amounts: whole numbers of the smallest unit (docs.stripe.com/currencies)."""

import re

from connectors.stripe.simulator.forms import Parameters
from connectors.stripe.simulator.problems import invalid

_LARGEST = 99_999_999
_SMALLEST = {"usd": 50, "eur": 50, "gbp": 30, "cad": 50, "aud": 50, "chf": 50, "sek": 300, "jpy": 50}
_ONLY_HUNDREDS = {"isk", "ugx"}
_ONLY_TENS = {"bhd", "jod", "kwd", "omr", "tnd"}


def currency_of(parameters: Parameters) -> str:
    """Return the request's currency, in lower case."""
    currency = parameters.required("currency").lower()
    if not re.fullmatch("[a-z]{3}", currency):
        raise invalid(f"Invalid currency: {currency}.", param="currency")
    return currency


def check_amount(amount: int, currency: str, param: str) -> int:
    """Return `amount`, or refuse what the currency can't have."""
    if amount < 1:
        message = "This value must be greater than or equal to 1."
        raise invalid(message, code="parameter_invalid_integer", param=param)
    if amount > _LARGEST:
        raise invalid("Amount must be no more than 999,999.99", code="amount_too_large", param=param)
    if currency in _ONLY_HUNDREDS and amount % 100:
        message = (
            f"Invalid amount. Currency {currency.upper()} has become effectively zero-decimal and charged"
            " amounts must be evenly divisible by 100."
        )
        raise invalid(message, code="invalid_charge_amount_no_decimal_compatible", param=param)
    if currency in _ONLY_TENS and amount % 10:
        raise invalid("Invalid amount. The least-significant digit must be 0.", param=param)
    return amount


def check_charge(amount: int, currency: str) -> int:
    """Return an amount that may be charged: there is a least one."""
    if check_amount(amount, currency, "amount") < _SMALLEST.get(currency, 1):
        message = f"Amount must be at least {_SMALLEST[currency]} of the smallest unit of {currency}"
        raise invalid(message, code="amount_too_small", param="amount")
    return amount
