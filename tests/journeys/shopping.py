"""Plays the customers of a journey: places orders, and brings the stock that some of them wait for."""

import asyncio
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from connectors.webstore.simulator.hub import ShopRefusedError
from hub.demo.plan import PlannedOrder, make_plan, order_document
from hub.demo.scenarios import Outcome
from hub.demo.trouble import PLENTY
from tests.journeys.partners import Partners
from tests.journeys.second_thoughts import half_cancelled

PLAYED = frozenset({
    Outcome.SHIPPED, Outcome.PAID_BY_STORED_CARD, Outcome.DECLINED, Outcome.SENT_FROM_TWO_NODES,
    Outcome.SENT_IN_TWO_PARCELS, Outcome.WAITED_FOR_STOCK, Outcome.REFUSED_THEN_SENT_ELSEWHERE,
    Outcome.REVIEWED_THEN_SHIPPED, Outcome.CANCELLED_BEFORE_RELEASE, Outcome.CANCELLED_AT_THE_WAREHOUSE,
    Outcome.CANCELLED_TOO_LATE, Outcome.RETURNED, Outcome.SENT_BY_A_SUPPLIER,
    Outcome.SENT_BY_A_SUPPLIER_AND_A_WAREHOUSE,
})  # fmt: skip
"""Those of the demo's outcomes that are a web shop's, and whose ends no other gateway has a hand in."""


def orders(count: int, seed: int, outcomes: Sequence[Outcome] = ()) -> tuple[PlannedOrder, ...]:
    """Return that many orders with their ends: mixed as in a shop's life, or as many of each of `outcomes`."""
    size = count * 2
    while len(found := _chosen(make_plan(size, seed), outcomes)) < count:
        size *= 2
    return half_cancelled(found[:count])


def _chosen(plan: Iterable[PlannedOrder], outcomes: Sequence[Outcome]) -> list[PlannedOrder]:
    many = list(plan)
    if not outcomes:
        return [order for order in many if order.outcome in PLAYED]
    each = [[order for order in many if order.outcome is outcome] for outcome in outcomes]
    return [order for several in zip(*each, strict=False) for order in several]


class Customers:
    """Everybody who buys."""

    def __init__(self, partners: Partners, plan: Iterable[PlannedOrder], seed: int) -> None:
        self._partners, self._left = partners, list(plan)
        self._rare = {o.reference: o.rare_sku for o in self._left if o.outcome is Outcome.WAITED_FOR_STOCK}
        self._chance = random.Random(seed)
        self._buying: set[asyncio.Task[None]] = set()

    def some(self, count: int, within_s: float) -> None:
        """Let the next `count` orders be placed, at moments of their own."""
        orders, self._left = self._left[:count], self._left[count:]
        for order in orders:
            self._buying.add(asyncio.create_task(self._buy(order, self._chance.uniform(0, within_s))))

    @property
    def waiting(self) -> int:
        """How many have not placed their order yet."""
        return len(self._left)

    async def done(self) -> None:
        """Wait until all that were let in have their orders taken."""
        await asyncio.gather(*self._buying)

    def leave(self) -> None:
        """Send everybody home."""
        for task in self._buying:
            task.cancel()

    async def _buy(self, order: PlannedOrder, after_s: float) -> None:
        await asyncio.sleep(after_s)
        placed_at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        document = order_document(order, await self._payment(order), placed_at)
        while True:
            try:
                await self._partners.shop.place(document)
                return
            except httpx.TransportError:
                await asyncio.sleep(0.5)
            except ShopRefusedError as error:
                if error.status:
                    raise
                await asyncio.sleep(0.5)

    async def _payment(self, order: PlannedOrder) -> dict[str, Any]:
        amount = str(order.total)
        if order.outcome in {Outcome.PAID_BY_STORED_CARD, Outcome.DECLINED}:
            declined = order.outcome is Outcome.DECLINED
            card = "pm_card_visa_chargeDeclined" if declined else "pm_card_visa"
            customer, method = self._partners.gateway.store_card(card)
            return {
                "gateway": "stripe", "type": "stored_method", "reference": method,
                "customer_reference": customer, "amount": amount,
            }  # fmt: skip
        intent = await self._partners.gateway.create_intent_for_shop(
            int(order.total * 100), "eur", metadata={"reference": order.reference}
        )
        return {"gateway": "stripe", "type": "payment_intent", "reference": intent, "amount": amount}

    async def bring_stock(self) -> None:
        """Put on the shelf what the shop was told is back-ordered, as long as this runs."""
        brought: set[str] = set()
        while True:
            told = {
                str(entry["order"])
                for entry in self._partners.ledgers["webstore"].of("told_status")
                if entry["status"] == "back_ordered"
            }
            new = (told & self._rare.keys()) - brought
            if new:
                for reference in sorted(new):
                    self._partners.berlin.put_stock(self._rare[reference], PLENTY)
                self._partners.berlin.send_stock_report()
                brought |= new
            await asyncio.sleep(1)
