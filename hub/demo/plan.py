"""The demo's orders, all from the seed: written down, with what must become of them, before the first message."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from hub.demo.scenarios import SHAPES, UNSCREENED, Money, Outcome

EVERYWHERE = ("TEE-BLUE-M", "TEE-RED-L", "SCARF-GREY", "CAP-NAVY", "SOCKS-3")
"""SKUs that both warehouses have plenty of."""
ONLY_BERLIN, ONLY_LEIPZIG = "MUG-WHITE", "LAMP-OAK"
PRICES = {
    "TEE-BLUE-M": "19.90", "TEE-RED-L": "19.90", "SCARF-GREY": "24.50", "CAP-NAVY": "15.00", "SOCKS-3": "9.99",
    ONLY_BERLIN: "12.00", ONLY_LEIPZIG: "89.00", "CHAIR-ASH": "149.00", "WATCH-GOLD": "1250.00", "SOFA-OAK": "680.00",
    "RUG-BLUE": "75.00",
}  # fmt: skip
DIRECT = "SOFA-OAK"
"""What only the supplier has, who sends it to the buyer."""
ONLY_HAMBURG = "RUG-BLUE"
"""What only the 3PL has."""
REVIEWED = "WATCH-GOLD"
"""Dear enough for the policy to want a person's eye on it."""
REVIEW_ABOVE = Decimal(1000)
SHIPPING = Decimal("4.90")
SHOPIFY = "shopify"
AMAZON = "amazon"
CHANNELS = {
    Outcome.SOLD_AT_A_TILL: "till",
    **{outcome: SHOPIFY for outcome in Outcome if "shopify" in outcome.value},
    **{outcome: AMAZON for outcome in Outcome if "amazon" in outcome.value},
}
"""Through which channel an outcome's orders come, where that is not the web shop."""
BY_COURIER = frozenset(
    {
        Outcome.DELIVERED_BY_COURIER, Outcome.DELIVERED_AT_THE_SECOND_ATTEMPT, Outcome.LOST_BY_THE_COURIER,
        Outcome.LEFT_AT_A_PARCEL_SHOP, Outcome.NEVER_SCANNED_AS_DELIVERED, Outcome.LABEL_GIVEN_BACK,
    }
)  # fmt: skip
"""What is sent from the warehouse whose labels the hub books."""
BY_SUPPLIER = frozenset(
    {
        Outcome.SENT_BY_A_SUPPLIER, Outcome.CANCELLED_AT_A_SUPPLIER, Outcome.OVERCHARGED_BY_A_SUPPLIER,
    }
)  # fmt: skip
"""What a supplier alone is asked to send."""
BY_3PL = frozenset({Outcome.SENT_BY_A_3PL, Outcome.CANCELLED_AT_A_3PL})
"""What the 3PL is asked to send."""
_ONLY = {
    **dict.fromkeys(BY_COURIER, ONLY_LEIPZIG),
    **dict.fromkeys(BY_SUPPLIER, DIRECT),
    **dict.fromkeys(BY_3PL, ONLY_HAMBURG),
}
"""What is bought in orders of an outcome that only one node can send."""
LONGEST = frozenset({Outcome.NO_DECISION_IN_TIME})
"""What takes by far the longest comes first, so that nobody has to wait for it in the end."""
_FIRST_TWO = 2


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """One order, and how it must end."""

    n: int
    reference: str
    channel: str
    outcome: Outcome
    lines: tuple[tuple[str, int], ...]
    total: Decimal
    email: str
    language: str

    @property
    def rare_sku(self) -> str:
        """A SKU that only this order wants, and that nobody has yet."""
        return f"RARE-{self.n:05d}"

    def expectation(self) -> dict[str, Any]:
        """Return what the partners' ledgers must show in the end."""
        shape = SHAPES[self.outcome]
        captured = self.total if shape.money is Money.CAPTURED else Decimal(0)
        return {
            "reference": self.reference,
            "channel": self.channel,
            "outcome": self.outcome.value,
            "email": self.email,
            "money": shape.money.value,
            "captured_minor": int(captured * 100),
            "refunded_minor": shape.refunded_minor,
            "releases": shape.releases,
            "parcels": shape.parcels,
            "units": dict(self.lines) if shape.parcels else {},
            "mails": sorted(shape.mails),
            "told": sorted(shape.told),
            "told_cancelled": shape.told_cancelled,
            "labels": shape.labels,
            "invoices": shape.invoices,
            "ordered": self.outcome is not Outcome.TURNED_AWAY_AT_THE_DOOR,
            "screened": self._screened(),
        }

    def _screened(self) -> bool | None:
        """Say whether the fraud gateway is asked about it; None where that is a matter of moments."""
        if self.outcome is Outcome.CANCELLED_BEFORE_RELEASE:
            return None
        return self.channel == "webstore" and self.outcome not in UNSCREENED


def skus_of(plan: tuple[PlannedOrder, ...]) -> set[str]:
    """Return every SKU that the demo knows."""
    return {*PRICES, *(sku for order in plan for sku, _ in order.lines)}


def make_plan(orders: int, seed: int) -> tuple[PlannedOrder, ...]:
    """Return that many orders. Each outcome comes at least twice where there are enough orders."""
    chance = random.Random(seed)  # noqa: S311 - a demo's dice, the same for the same seed
    outcomes = list(_outcomes(orders, chance))
    return tuple(_planned(n, outcome, seed, chance) for n, outcome in enumerate(outcomes, start=1))


def _outcomes(orders: int, chance: random.Random) -> Iterator[Outcome]:
    sure = [outcome for outcome in Outcome for _ in range(_FIRST_TWO)][:orders]
    weights = [SHAPES[outcome].share for outcome in Outcome]
    rest = chance.choices(list(Outcome), weights, k=max(0, orders - len(sure)))
    everything = [*sure, *rest]
    chance.shuffle(everything)
    yield from sorted(everything, key=lambda outcome: outcome not in LONGEST)


def _planned(n: int, outcome: Outcome, seed: int, chance: random.Random) -> PlannedOrder:
    channel = CHANNELS.get(outcome, "webstore")
    reference = _reference(channel, seed, n)
    lines = _lines(n, outcome, chance)
    goods = sum((Decimal(PRICES.get(sku, "39.00")) * quantity for sku, quantity in lines), Decimal(0))
    return PlannedOrder(
        n=n,
        reference=reference,
        channel=channel,
        outcome=outcome,
        lines=lines,
        total=goods + SHIPPING,
        email=f"buyer-{reference.lower()}@example.com",
        language=chance.choice(("en", "de")),
    )


def _reference(channel: str, seed: int, n: int) -> str:
    """Return how the channel calls its order: each in its own manner."""
    if channel == SHOPIFY:
        return f"{seed}{n:05d}"
    if channel == AMAZON:
        return f"{900 + seed % 100}-{n:07d}-{seed:07d}"
    return f"{channel[0].upper()}{seed}-{n:05d}"


def _lines(n: int, outcome: Outcome, chance: random.Random) -> tuple[tuple[str, int], ...]:
    match outcome:
        case outcome if outcome in _ONLY:
            return ((_ONLY[outcome], 1),)
        case Outcome.SENT_FROM_TWO_NODES | Outcome.SENT_BY_A_SUPPLIER_AND_A_WAREHOUSE:
            other = ONLY_LEIPZIG if outcome is Outcome.SENT_FROM_TWO_NODES else DIRECT
            return ((ONLY_BERLIN, chance.randint(1, 3)), (other, 1))
        case Outcome.WAITED_FOR_STOCK:
            return ((f"RARE-{n:05d}", chance.randint(1, 2)),)
        case (
            Outcome.REVIEWED_THEN_SHIPPED
            | Outcome.CANCELLED_BEFORE_RELEASE
            | Outcome.CANCELLED_BY_SHOPIFYS_STAFF
        ):
            return ((REVIEWED, 1),)
        case Outcome.SENT_IN_TWO_PARCELS | Outcome.EDITED_BY_SHOPIFYS_STAFF:
            return ((chance.choice(EVERYWHERE), chance.randint(2, 4)),)
        case _:
            skus = chance.sample(EVERYWHERE, chance.randint(1, 3))
            return tuple((sku, chance.randint(1, 3)) for sku in skus)


def write_expected(plan: tuple[PlannedOrder, ...], path: Path) -> None:
    """Write what must become of every order, a line each."""
    lines = [orjson.dumps(order.expectation(), option=orjson.OPT_SORT_KEYS) for order in plan]
    path.write_bytes(b"\n".join(lines) + b"\n")


def order_document(order: PlannedOrder, payment: dict[str, Any], placed_at: str) -> dict[str, Any]:
    """Return the order as the shop sends it."""
    address = {
        "name": f"Customer {order.n}",
        "address_lines": [f"Example Street {order.n}"],
        "city": "Berlin",
        "postcode": "10115",
        "country": "DE",
    }
    return {
        "reference": order.reference,
        "placed_at": placed_at,
        "currency": "EUR",
        "prices_include_tax": True,
        "language": order.language,
        "customer": {"name": f"Customer {order.n}", "email": order.email},
        "ship_to": address,
        "lines": [
            {
                "id": str(i),
                "sku": sku if order.outcome is not Outcome.TURNED_AWAY_AT_THE_DOOR else f"NO-SUCH-{sku}",
                "title": sku.replace("-", " ").title(),
                "quantity": quantity,
                "unit_price": PRICES.get(sku, "39.00"),
                "taxes": [],
            }
            for i, (sku, quantity) in enumerate(order.lines, start=1)
        ],
        "shipping": {"method": "standard", "amount": str(SHIPPING)},
        "total": str(order.total),
        "payments": [payment],
    }
