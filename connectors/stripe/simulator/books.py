"""What the simulated Stripe remembers: its objects, in Stripe's own shapes, by their ids."""

import copy
import random
import string
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from connectors.stripe.simulator.cards import CARDS, Card
from connectors.stripe.simulator.forms import Parameters
from connectors.stripe.simulator.problems import invalid, missing
from core.clock import Clock

Obj: TypeAlias = dict[str, Any]

_LETTERS = string.ascii_letters + string.digits
_MOST_LISTED = 100


class Books:
    """All objects. Dictionaries keep the order of their making."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self._clock, self._chance = clock, random.Random(seed)
        self.intents: dict[str, Obj] = {}
        self.charges: dict[str, Obj] = {}
        self.refunds: dict[str, Obj] = {}
        self.disputes: dict[str, Obj] = {}
        self.customers: dict[str, Obj] = {}
        self.methods: dict[str, Obj] = {}
        self.events: dict[str, Obj] = {}
        self.endpoints: dict[str, Obj] = {}
        self.cards: dict[str, Card] = {}
        """By the id of the payment method."""
        self.uncaptured: dict[str, int] = {}
        """What of a charge was let go without being captured: it counts as refunded, but nobody paid it."""

    def new_id(self, prefix: str) -> str:
        """Return a fresh id of Stripe's form."""
        return f"{prefix}_" + "".join(self._chance.choices(_LETTERS, k=24))

    def now(self) -> int:
        """Return the time in seconds since 1970, as Stripe gives it."""
        return int(self._clock.now().timestamp())

    def find(self, shelf: Mapping[str, Obj], object_id: str, param: str = "id") -> Obj:
        """Return an object, or refuse with 404."""
        found = shelf.get(object_id)
        if found is None:
            kind = next((name for name, one in self._shelves().items() if one is shelf), "object")
            raise missing(kind, object_id, param)
        return found

    def method(self, name: str, customer: str | None) -> tuple[str, Card]:
        """Return the payment method of a request: a stored one, or a fresh one of a test card's name."""
        if name in CARDS:
            made = self.new_method(CARDS[name], None)
            return made["id"], CARDS[name]
        stored = self.find(self.methods, name, "payment_method")
        if stored["customer"] != customer:
            message = (
                f"The provided PaymentMethod ({name}) belongs to a Customer. Please include the Customer in"
                " the `customer` parameter on the PaymentIntent."
            )
            raise invalid(message, param="payment_method")
        return name, self.cards[name]

    def new_method(self, card: Card, customer: str | None) -> Obj:
        """Make a payment method of a card."""
        made: Obj = {
            "id": self.new_id("pm"),
            "object": "payment_method",
            "billing_details": {"address": None, "email": None, "name": None, "phone": None},
            "card": {
                "brand": card.brand,
                "exp_month": 12,
                "exp_year": 2034,
                "funding": "credit",
                "last4": card.last4,
            },
            "created": self.now(),
            "customer": customer,
            "livemode": False,
            "metadata": {},
            "type": "card",
        }
        self.methods[made["id"]] = made
        self.cards[made["id"]] = card
        return made

    def listed(
        self, shelf: dict[str, Obj], url: str, parameters: Parameters, matches: Callable[[Obj], bool]
    ) -> Obj:
        """Return a page of a list, the newest first."""
        asked = parameters.whole("limit")
        limit = 10 if asked is None else asked
        if not 1 <= limit <= _MOST_LISTED:
            raise invalid(f"This value must be between 1 and {_MOST_LISTED}.", param="limit")
        in_time = _made_within(parameters)
        found = [one for one in reversed(shelf.values()) if in_time(one["created"]) and matches(one)]
        after, before = parameters.text("starting_after"), parameters.text("ending_before")
        if after:
            found = found[_position(found, after, "starting_after") + 1 :]
        if before:
            found = found[: _position(found, before, "ending_before")][-limit:]
        page = copy.deepcopy(found[:limit])
        return {"object": "list", "data": page, "has_more": len(found) > limit, "url": url}

    def expanded(self, shown: Obj, paths: list[str]) -> Obj:
        """Return a copy of an object, with the ids at `paths` replaced by what they name."""
        result = copy.deepcopy(shown)
        for path in paths:
            self._expand(result, path.split("."), path)
        return result

    def _expand(self, target: Obj, parts: list[str], path: str) -> None:
        head, rest = parts[0], parts[1:]
        if head == "data" and isinstance(target.get("data"), list):
            for one in target["data"]:
                self._expand(one, rest, path)
            return
        shelf = self._expandable().get(head)
        if shelf is None or head not in target:
            message = f"This property cannot be expanded ({path})."
            raise invalid(message, code="property_cannot_be_expanded", param="expand")
        if isinstance(target[head], str):
            target[head] = copy.deepcopy(shelf.get(target[head], target[head]))
        if rest and isinstance(target[head], dict):
            self._expand(target[head], rest, path)

    def _expandable(self) -> Mapping[str, dict[str, Obj]]:
        return {
            "latest_charge": self.charges,
            "charge": self.charges,
            "payment_intent": self.intents,
            "payment_method": self.methods,
            "customer": self.customers,
        }

    def _shelves(self) -> Mapping[str, dict[str, Obj]]:
        return {
            "payment_intent": self.intents,
            "charge": self.charges,
            "refund": self.refunds,
            "dispute": self.disputes,
            "customer": self.customers,
            "PaymentMethod": self.methods,
            "event": self.events,
            "webhook endpoint": self.endpoints,
        }


def _position(found: list[Obj], object_id: str, param: str) -> int:
    for position, one in enumerate(found):
        if one["id"] == object_id:
            return position
    raise missing("object", object_id, param)


def _made_within(parameters: Parameters) -> Callable[[int], bool]:
    """Return the test that `created` asks for: `created=1700000000`, or bounds such as `created[gte]`."""
    if isinstance(parameters.get("created"), str):
        exactly = parameters.whole("created")
        return lambda created: exactly is None or created == exactly
    tests: dict[str, Callable[[int, int], bool]] = {
        "gte": int.__ge__,
        "gt": int.__gt__,
        "lte": int.__le__,
        "lt": int.__lt__,
    }
    bounds = parameters.nested("created").only(*tests)
    limits = [(tests[name], limit) for name in bounds if (limit := bounds.whole(name)) is not None]
    return lambda created: all(test(created, limit) for test, limit in limits)
