"""Time zones: by name, from another field, or from what the caller says; and local times placed in them."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import model_validator

from mappings.data import Data
from mappings.engine.scope import Scope
from mappings.engine.transforms.base import Args, Elsewhere, Tools, text_of
from mappings.errors import Refusal

ZoneOf = Callable[[Data, Data, Scope], tzinfo | None]
"""From value, node at hand and scope to the zone that counts there."""


class ZoneArgs(Args):
    """A zone of the IANA database, written here or from elsewhere."""

    zone: str | None = None
    zone_from: Elsewhere | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.zone is not None and self.zone_from is not None:
            raise ValueError("say either `zone` or `zone_from`")
        if self.zone is not None:
            zone_named(self.zone)
        return self


def zone_named(name: str) -> tzinfo:
    """Return a zone by its name; raise ValueError for an unknown one."""
    if name.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise ValueError(f"there is no time zone {name[:60]!r}; it is named as in `Europe/London`") from None


def zone_of(args: ZoneArgs, tools: Tools) -> ZoneOf:
    """Return what finds the zone."""
    if args.zone_from is None:
        zone = zone_named(args.zone) if args.zone is not None else None
        return lambda _value, _node, _scope: zone
    getter = tools.getter(args.zone_from)

    def find(value: Data, node: Data, scope: Scope) -> tzinfo | None:
        found = getter(value, node, scope)
        if found is None:
            return None
        try:
            return zone_named(text_of(found))
        except ValueError as error:
            raise Refusal(str(error)) from None

    return find


def placed(moment: datetime, zone: tzinfo, ambiguous: str) -> datetime:
    """Return a local time in its zone; one that the clocks skip is refused, one that comes twice is as agreed."""
    first, second = moment.replace(tzinfo=zone), moment.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    if in_zone(in_zone(first, UTC), zone).replace(tzinfo=None) != moment:
        raise Refusal(f"the clocks of {zone} skip this time")
    if ambiguous == "refuse":
        raise Refusal(f"this time comes twice in {zone}; ask the partner for its offset")
    return first if ambiguous == "earlier" else second


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """Return the same time in another zone; what the calendar doesn't hold is refused."""
    try:
        return moment.astimezone(zone)
    except (OverflowError, ValueError):
        raise Refusal("this time is out of range") from None
