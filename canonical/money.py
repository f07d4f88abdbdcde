"""Exact money in one currency, and the two ways in which the hub divides it."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Annotated, Self, TypeVar

from pydantic import Field

from canonical.base import Value

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 alphabetic code."""

_EXPONENTS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
         "XAF", "XOF", "XPF"),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}  # fmt: skip
"""Minor-unit digits of ISO 4217 currencies that do not have two (list one of the standard, 2024)."""


def exponent(currency: str) -> int:
    """Return how many digits `currency` has after its decimal point (ISO 4217)."""
    return _EXPONENTS.get(currency, 2)


class CurrencyMismatchError(ValueError):
    """Two amounts of different currencies met in one calculation."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"{left} and {right} can't be added: convert one of them first")
        self.left, self.right = left, right


class Money(Value):
    """An exact amount in one currency. Amounts of two currencies never meet."""

    amount: Annotated[Decimal, Field(max_digits=18, decimal_places=4, allow_inf_nan=False)]
    currency: Currency

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str) -> Self:
        """Build from a text, whole number or decimal; never from a float."""
        return cls(amount=Decimal(amount), currency=currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Return nothing, in `currency`."""
        nothing: Self = _zero(cls, currency)
        return nothing

    @classmethod
    def from_minor(cls, units: int, currency: str) -> Self:
        """Build from minor units (cents, yen, fils) by the ISO 4217 exponent."""
        return cls(amount=Decimal(units).scaleb(-exponent(currency)), currency=currency)

    @property
    def minor(self) -> int:
        """The amount in minor units; an amount finer than those raises ValueError."""
        scaled = self.amount.scaleb(exponent(self.currency))
        if scaled != scaled.to_integral_value():
            message = f"{self} is finer than the smallest unit of {self.currency}"
            raise ValueError(message)
        return int(scaled)

    def rounded(self) -> "Money":
        """Return the amount in whole minor units, half up."""
        unit = Decimal(1).scaleb(-exponent(self.currency))
        return Money(amount=self.amount.quantize(unit, rounding=ROUND_HALF_UP), currency=self.currency)

    def _same(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatchError(self.currency, other.currency)
        return other.amount

    def __add__(self, other: "Money") -> "Money":
        return Money(amount=self.amount + self._same(other), currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(amount=self.amount - self._same(other), currency=self.currency)

    def __mul__(self, count: int) -> "Money":
        return Money(amount=self.amount * count, currency=self.currency)

    def __neg__(self) -> "Money":
        return Money(amount=-self.amount, currency=self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.amount >= self._same(other)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return f"{self.amount:.{exponent(self.currency)}f} {self.currency}"


_M = TypeVar("_M", bound=Money)


@cache
def _zero(kind: type[_M], currency: str) -> _M:
    """There is one nothing per currency: rules compare with it often, and values are frozen."""
    return kind(amount=Decimal(0), currency=currency)


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Add `amounts`; nothing adds up to zero in `currency`."""
    result = None
    for amount in amounts:
        if amount.currency != currency:
            raise CurrencyMismatchError(currency, amount.currency)
        result = amount.amount if result is None else result + amount.amount
    return Money.zero(currency) if result is None else Money(amount=result, currency=currency)


def allocate(whole: Money, weights: Sequence[Decimal | int]) -> tuple[Money, ...]:
    """Divide `whole` by `weights` in minor units: largest remainder, ties by position; nothing is lost.

    All-zero weights divide evenly. `weights` must not be empty or negative.
    """
    if not weights or any(weight < 0 for weight in weights):
        message = "an amount is divided among one or more weights, none of them negative"
        raise ValueError(message)
    parts = [Decimal(weight) for weight in weights]
    scale = sum(parts)
    if not scale:
        parts, scale = [Decimal(1)] * len(parts), Decimal(len(parts))
    units = abs(whole.minor)
    exact = [units * part / scale for part in parts]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: (shares[i] - exact[i], i))
    for i in by_remainder[: units - sum(shares)]:
        shares[i] += 1
    sign = -1 if whole.amount < 0 else 1
    return tuple(Money.from_minor(sign * share, whole.currency) for share in shares)


def share_of_units(whole: Money, count: int, units: int, done: int) -> Money:
    """Return what `units` more of `count` units are worth when `done` were taken before.

    Cumulative: ``A(done + units) - A(done)`` with ``A(j) = half-up(whole * j / count)``, so that the parts always
    add up to the whole (1.67 over two is 0.84 and then 0.83). A whole finer than minor units is rounded half up.
    """
    if not 0 <= done <= done + units <= count:
        message = f"{units} more units after {done} of {count} is not possible"
        raise ValueError(message)
    if not units:
        return Money.zero(whole.currency)

    scaled = whole.amount.scaleb(exponent(whole.currency))

    def cumulative(j: int) -> int:
        return int((scaled * j / count).to_integral_value(rounding=ROUND_HALF_UP))

    return Money.from_minor(cumulative(done + units) - cumulative(done), whole.currency)
