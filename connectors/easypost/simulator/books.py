"""What EasyPost remembers, and how it lists it (docs.easypost.com/docs/pagination)."""

import random
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from connectors.easypost.simulator.problems import missing, unprocessable
from core.clock import Clock

Obj = dict[str, Any]

_MOST = 100


class Books:
    """Every object by its id, in the order in which they were made."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self._clock = clock
        self._chance = random.Random(seed)
        self._numbers = 0
        self.shipments: dict[str, Obj] = {}
        self.pickups: dict[str, Obj] = {}
        self.scan_forms: dict[str, Obj] = {}
        self.trackers: dict[str, Obj] = {}
        self.webhooks: dict[str, Obj] = {}
        self.files: dict[str, tuple[bytes, str]] = {}

    def new_id(self, prefix: str) -> str:
        """Return an id as EasyPost makes them: a prefix and 32 hex digits."""
        return f"{prefix}_{self._chance.getrandbits(128):032x}"

    def new_number(self) -> str:
        """Return a tracking number that no other parcel has."""
        self._numbers += 1
        return f"{self._chance.randrange(10**12):012d}{self._numbers:08d}"

    def now(self) -> str:
        """Return the time as EasyPost writes it."""
        return self.at(self._clock.now())

    @staticmethod
    def at(moment: datetime) -> str:
        """Return a time as EasyPost writes it."""
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def find(self, shelf: Mapping[str, Obj], name: str) -> Obj:
        """Return an object by its id, or by the reference that it was given."""
        if name in shelf:
            return shelf[name]
        for one in reversed(list(shelf.values())):
            if one.get("reference") == name:
                return one
        raise missing()

    def listed(
        self,
        shelf: Mapping[str, Obj],
        name: str,
        query: Mapping[str, str],
        wanted: Callable[[Obj], bool] = lambda _: True,
    ) -> Obj:
        """Return a page of a list, the newest first."""
        size = query.get("page_size", "20")
        if not size.isdigit() or not 0 < int(size) <= _MOST:
            raise unprocessable("PARAMETER.INVALID", "page_size is at most 100")
        found = [one for one in reversed(list(shelf.values())) if wanted(one) and _within(one, query)]
        before = query.get("before_id")
        if before is not None:
            ids = [one["id"] for one in found]
            found = found[ids.index(before) + 1 :] if before in ids else []
        return {name: found[: int(size)], "has_more": len(found) > int(size)}


def _within(one: Obj, query: Mapping[str, str]) -> bool:
    made = datetime.fromisoformat(one["created_at"])
    since, until = query.get("start_datetime"), query.get("end_datetime")
    return (since is None or made >= datetime.fromisoformat(since)) and (
        until is None or made < datetime.fromisoformat(until)
    )
