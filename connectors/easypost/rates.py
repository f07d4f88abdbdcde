"""Reads EasyPost's rates, and chooses. Pure."""

from decimal import Decimal, InvalidOperation
from typing import Any, cast

from canonical.money import Money
from canonical.parcels import NoRateError, Rate, RateWish, choose
from core.errors import RejectedError, RetryableError

Obj = dict[str, Any]
_MOST_MESSAGES = 5


def chosen(shipment: Obj, wish: RateWish) -> Rate:
    """Return the rate of a shipment that is bought; raise `RejectedError` with what the carriers say."""
    try:
        return choose([_rate(one) for one in _objects(shipment, "rates")], wish)
    except NoRateError as error:
        said = _said(shipment)
        raise RejectedError(f"{error}{f' ({said})' if said else ''}", code="no_rate") from error


def cheapest(pickup: Obj) -> Obj:
    """Return the rate at which a collection is bought: they differ in price alone."""
    rates = _objects(pickup, "pickup_rates")
    if not rates:
        said = _said(pickup)
        reason = "no carrier collects this parcel there and then"
        raise RejectedError(f"{reason}{f' ({said})' if said else ''}", code="no_rate")
    return min(rates, key=lambda rate: (_decimal(rate.get("rate")), str(rate.get("id"))))


def _rate(rate: Obj) -> Rate:
    days = rate.get("delivery_days")
    try:
        return Rate(
            reference=str(rate["id"]),
            carrier=str(rate["carrier"]),
            service=str(rate["service"]),
            price=Money(amount=_decimal(rate["rate"]), currency=str(rate["currency"])),
            days=days if isinstance(days, int) and days >= 0 else None,
        )
    except (KeyError, ValueError) as error:
        raise RetryableError(f"EasyPost's rate can't be read: {type(error).__name__}") from error


def _decimal(value: object) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise RetryableError(f"EasyPost's rate {value!r} is no amount") from error


def _said(thing: Obj) -> str:
    """Return which carriers failed to rate, and how; not their words, which may repeat the address."""
    messages = _objects(thing, "messages")[:_MOST_MESSAGES]
    return ", ".join(f"{one.get('carrier')}: {one.get('type')}" for one in messages)


def _objects(thing: Obj, name: str) -> list[Obj]:
    found: object = thing.get(name)
    return [cast("Obj", one) for one in cast("list[object]", found)] if isinstance(found, list) else []
