"""The events of the simulated Stripe, each with the object as it stood at that moment."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors.stripe.simulator.books import Books, Obj


@dataclass(slots=True)
class Call:
    """The request that something happens by; nobody's for what happens by itself or at Stripe's own desk."""

    request_id: str | None = None
    idempotency_key: str | None = None
    events: list[Obj] = field(default_factory=list[Obj])
    """What it made happen so far."""


class EventJournal:
    """Makes events, keeps them, and hands each to `deliver`."""

    def __init__(self, books: Books, api_version: str, deliver: Callable[[Obj], None]) -> None:
        self._books, self._api_version, self._deliver = books, api_version, deliver

    def add(self, call: Call, kind: str, about: Obj, before: dict[str, Any] | None = None) -> None:
        """Record that `kind` happened to the object `about`."""
        data: Obj = {"object": copy.deepcopy(about)}
        if before is not None:
            data["previous_attributes"] = copy.deepcopy(before)
        event: Obj = {
            "id": self._books.new_id("evt"),
            "object": "event",
            "api_version": self._api_version,
            "created": self._books.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": call.request_id, "idempotency_key": call.idempotency_key},
            "type": kind,
        }
        self._books.events[event["id"]] = event
        call.events.append(event)
        self._deliver(event)
