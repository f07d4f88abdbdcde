from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from canonical.money import CurrencyMismatchError, Money, allocate, exponent, share_of_units, total

cents = st.integers(-10_000_000, 10_000_000)


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def minor(amounts: tuple[Money, ...]) -> list[int]:
    return [amount.minor for amount in amounts]


@pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("ISK", 0), ("XYZ", 2)])
def test_each_currency_has_its_own_minor_units(currency: str, digits: int) -> None:
    assert exponent(currency) == digits
    assert Money.from_minor(1234, currency).minor == 1234
    assert Money.from_minor(1, currency).amount == Decimal(1).scaleb(-digits)


def test_two_currencies_never_meet() -> None:
    with pytest.raises(CurrencyMismatchError, match="EUR and USD can't be added"):
        _ = eur("1") + Money.of(1, "USD")
    with pytest.raises(CurrencyMismatchError):
        total([Money.of(1, "USD")], "EUR")
    with pytest.raises(CurrencyMismatchError):
        _ = eur("1") < Money.of(1, "USD")


def test_the_total_keeps_its_cents() -> None:
    assert total([eur("0.10")] * 3, "EUR") == eur("0.30")
    assert total([], "EUR") == Money.zero("EUR")


def test_money_is_reckoned_and_compared_exactly() -> None:
    assert eur("1.10") + eur("2.20") - eur("0.30") == eur("3.00")
    assert eur("1.25") * 3 == eur("3.75")
    assert -eur("1.00") == eur("-1.00")
    assert eur("1") < eur("2") <= eur("2.00")
    assert eur("3") > eur("2") >= eur("2.00")
    assert bool(eur("0.01")) is True
    assert bool(eur("0.00")) is False


@pytest.mark.parametrize(
    ("money", "shown"),
    [(eur("5"), "5.00 EUR"), (Money.of(500, "JPY"), "500 JPY"), (Money.of("1.5", "KWD"), "1.500 KWD")],
)
def test_money_is_shown_with_its_currencys_digits(money: Money, shown: str) -> None:
    assert str(money) == shown


def test_an_amount_finer_than_minor_units_has_none() -> None:
    with pytest.raises(ValueError, match="finer than the smallest unit of EUR"):
        _ = eur("0.005").minor


@pytest.mark.parametrize(("fine", "whole"), [("0.005", "0.01"), ("0.0049", "0.00"), ("-0.005", "-0.01")])
def test_rounding_is_half_up(fine: str, whole: str) -> None:
    assert eur(fine).rounded() == eur(whole)


@pytest.mark.parametrize("nonsense", ["NaN", "Infinity", "1.23456", "1e20"])
def test_an_amount_that_is_no_money_is_refused(nonsense: str) -> None:
    with pytest.raises(ValidationError):
        eur(nonsense)


def test_a_currency_is_three_capitals() -> None:
    with pytest.raises(ValidationError):
        Money.of(1, "eur")


@pytest.mark.parametrize(
    ("whole", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (101, [5, 3, 2], [51, 30, 20]),
        (7, [0, 1], [0, 7]),
        (5, [0, 0, 0], [2, 2, 1]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (0, [3, 4], [0, 0]),
    ],
)
def test_a_division_loses_nothing_and_ties_go_to_the_first(
    whole: int, weights: list[int], parts: list[int]
) -> None:
    assert minor(allocate(Money.from_minor(whole, "EUR"), weights)) == parts


@given(cents, st.lists(st.integers(0, 1_000_000), min_size=1, max_size=20))
def test_the_parts_always_add_up(whole: int, weights: list[int]) -> None:
    parts = minor(allocate(Money.from_minor(whole, "EUR"), weights))
    assert sum(parts) == whole
    scale = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        if scale:
            assert abs(abs(part) - Decimal(abs(whole)) * weight / scale) < 1


@pytest.mark.parametrize("weights", [[], [1, -1]])
def test_an_amount_is_divided_among_one_or_more_and_none_negative(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="one or more weights"):
        allocate(eur("1.00"), weights)


def test_units_are_worth_what_is_left_of_the_whole() -> None:
    assert [share_of_units(eur("1.67"), 2, 1, done) for done in (0, 1)] == [eur("0.84"), eur("0.83")]
    assert share_of_units(eur("1.67"), 2, 2, 0) == eur("1.67")


def test_a_price_finer_than_minor_units_is_rounded_over_all_units() -> None:
    assert share_of_units(eur("0.9990"), 3, 3, 0) == eur("1.00")


def test_no_units_of_nothing_are_worth_nothing() -> None:
    assert share_of_units(eur("1.00"), 0, 0, 0) == eur("0")


@pytest.mark.parametrize(("units", "done"), [(3, 0), (1, 2), (-1, 1), (0, -1)])
def test_more_units_than_there_are_have_no_worth(units: int, done: int) -> None:
    with pytest.raises(ValueError, match="is not possible"):
        share_of_units(eur("1.00"), 2, units, done)


@given(cents, st.lists(st.integers(0, 9), min_size=1, max_size=8))
def test_shipments_one_after_the_other_add_up_to_the_whole(whole: int, shipments: list[int]) -> None:
    count, done, taken = sum(shipments), 0, 0
    for units in shipments:
        taken += share_of_units(Money.from_minor(whole, "EUR"), count, units, done).minor
        done += units
    assert taken == (whole if count else 0)
