from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.money import Money
from connectors.stripe.amounts import UnsayableAmountError, exponent, from_minor, to_minor


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("44.80", "EUR", 4480),
        ("0.01", "USD", 1),
        ("500", "JPY", 500),
        ("1500", "KRW", 1500),
        ("5", "ISK", 500),
        ("37000", "UGX", 3_700_000),
        ("5.120", "KWD", 5120),
        ("7.5", "BHD", 7500),
        ("10", "MGA", 10),
        ("10.50", "HUF", 1050),
    ],
)
def test_amounts_are_said_in_stripes_own_smallest_unit(amount: str, currency: str, minor: int) -> None:
    assert to_minor(Money.of(amount, currency)) == minor
    assert from_minor(minor, currency.lower()) == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "currency", "reason"),
    [
        ("0.001", "EUR", "finer"),
        ("1.5", "JPY", "finer"),
        ("5.50", "ISK", "whole units"),
        ("0.01", "UGX", "whole units"),
        ("5.124", "KWD", "third decimal"),
        ("5.1245", "KWD", "third decimal"),
        ("0", "EUR", "above zero"),
        ("-1.00", "EUR", "above zero"),
    ],
)
def test_what_stripe_cannot_say_is_refused_with_the_amount(amount: str, currency: str, reason: str) -> None:
    with pytest.raises(UnsayableAmountError, match=reason) as refused:
        to_minor(Money.of(amount, currency))
    assert amount in str(refused.value)
    assert currency in str(refused.value)


@given(
    st.integers(1, 99_999_999),
    st.sampled_from(["EUR", "USD", "JPY", "KRW", "MGA", "CLP", "HUF", "TWD"]),
)
def test_every_amount_of_a_plain_currency_comes_back(minor: int, currency: str) -> None:
    assert to_minor(Money(amount=from_minor(minor, currency), currency=currency)) == minor


@given(st.integers(1, 9_999_999), st.sampled_from([("KWD", 10), ("TND", 10), ("ISK", 100), ("UGX", 100)]))
def test_every_amount_that_a_special_currency_can_have_comes_back(
    count: int, special: tuple[str, int]
) -> None:
    currency, step = special
    assert to_minor(Money(amount=from_minor(count * step, currency), currency=currency)) == count * step


@given(st.from_regex(r"[A-Z]{3}", fullmatch=True))
def test_every_currency_has_an_exponent(currency: str) -> None:
    assert exponent(currency) in {0, 2, 3}
