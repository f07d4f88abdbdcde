"""Plays the plan: shops sell, customers change their minds, people at the desk decide, partners go away for a while."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import structlog

from canonical.statuses import HoldType
from connectors.webstore.simulator.hub import ShopRefusedError
from core.store.sql import Row
from hub.demo import amazon, shopify
from hub.demo.beside import DeskRefusedError
from hub.demo.courier import HOUSE, ROUND_S, Van
from hub.demo.plan import AMAZON, SHOPIFY, PlannedOrder, order_document
from hub.demo.scenarios import Outcome
from hub.demo.stage import Stage
from hub.demo.trouble import PLENTY

log = structlog.get_logger()

FEED_S = 200.0
"""Hub time over which all orders are placed."""
AT_ONCE = 8
"""How many buyers wait for an answer at a time: on a busy machine they come more slowly, and none goes away."""
LOOK_S = 2.0
_ORDER = "SELECT id, held FROM orders WHERE channel = $1 AND channel_ref = $2 AND version > 0"
NODES = ("berlin", "leipzig", "acme", "hamburg")
_STOCKED = "SELECT COUNT(DISTINCT node) AS n FROM stock WHERE on_hand > 0"
_OPEN = "SELECT id, stage, reason FROM failures WHERE status = 'open' ORDER BY recorded_at LIMIT 50"


class Driver:
    """One run of the plan on a stage."""

    def __init__(self, stage: Stage, plan: tuple[PlannedOrder, ...]) -> None:
        self.stage, self._plan = stage, plan
        self._chance = random.Random(stage.options.seed)  # noqa: S311 - a demo's dice
        self._follow_ups: Mapping[Outcome, Callable[[PlannedOrder], Awaitable[None]]] = {
            Outcome.REVIEWED_THEN_SHIPPED: self._review,
            Outcome.CANCELLED_BEFORE_RELEASE: self._cancel_early,
            Outcome.CANCELLED_AT_THE_WAREHOUSE: self._cancel_at_the_warehouse,
            Outcome.CANCELLED_TOO_LATE: self._cancel_too_late,
            Outcome.WAITED_FOR_STOCK: self._bring_stock,
            Outcome.RETURNED: self._send_back,
            **shopify.follow_ups(self),
            **amazon.follow_ups(self),
            Outcome.CLEARED_BY_A_PERSON: self._clear,
            Outcome.LABEL_GIVEN_BACK: self._cancel_at_the_warehouse,
            Outcome.CANCELLED_AT_A_3PL: self._cancel_at_the_warehouse,
            Outcome.LOST_BY_THE_COURIER: self._settle_the_loss,
            Outcome.CANCELLED_AT_A_SUPPLIER: self._cancel_at_the_supplier,
            Outcome.OVERCHARGED_BY_A_SUPPLIER: self._accept_the_invoice,
        }
        self._counters = asyncio.Semaphore(AT_ONCE)
        self.played = 0
        """Orders whose script is over; what they set in motion may still run."""
        self.mended = 0
        """Failures that the desk dealt with."""
        self.away: dict[str, int] = {}
        """How often each partner went away."""

    async def run(self) -> None:
        """Play all of it."""
        self.stage.berlin.send_stock_report()
        self.stage.leipzig.send_stock_report()
        self.stage.acme.send_stock_report()
        self.stage.hamburg.send_stock_report()
        await self.until(self._stocked)
        pause_s = FEED_S / max(1, len(self._plan))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._outage("mailer", self.stage.post, at_s=FEED_S * 0.3, for_s=40))
            group.create_task(self._outage("shopify", self.stage.shopify, at_s=FEED_S * 0.45, for_s=30))
            group.create_task(self._outage("amazon", self.stage.amazon, at_s=FEED_S * 0.5, for_s=30))
            group.create_task(self._outage("acme", self.stage.acme, at_s=FEED_S * 0.4, for_s=40))
            group.create_task(self._outage("berlin", self.stage.berlin, at_s=FEED_S * 0.6, for_s=40))
            for i, order in enumerate(self._plan):
                group.create_task(self._play(order, after_s=i * pause_s))

    async def _stocked(self) -> bool:
        """Say whether the nodes' first reports have been taken in."""
        async with self.stage.hub.database.reading() as session:
            rows = await session.rows(_STOCKED)
        return int(rows[0]["n"]) == len(NODES)

    async def carry(self) -> None:
        """Be the carriers' van, until cancelled."""
        van = Van(self.stage.ledgers[HOUSE], self.stage.courier.hand_over)
        while True:
            await self.stage.clock.sleep(ROUND_S)
            van.collect()

    async def attend(self) -> None:
        """Be the desk, until cancelled: look at what failed, have it sent again, and close the record."""
        while True:
            await self.stage.clock.sleep(10)
            async with self.stage.hub.database.reading() as session:
                rows = await session.rows(_OPEN)
            for row in rows:
                await self._mend(UUID(str(row["id"])), row["stage"])

    async def _mend(self, failure_id: UUID, stage: str) -> None:
        """A document that can't be read was asked for again: the partners' own second copies go through."""
        if stage != "read":
            return
        try:
            await self.stage.hub.discard(failure_id, "unreadable; the partner was asked to send it again")
        except DeskRefusedError as error:
            log.info("not mended", failure=str(failure_id), reason=str(error))
        else:
            self.mended += 1

    async def _outage(self, name: str, partner: Any, *, at_s: float, for_s: float) -> None:
        await self.stage.clock.sleep(at_s)
        await partner.stop()
        self.away[name] = self.away.get(name, 0) + 1
        await self.stage.clock.sleep(for_s)
        await partner.start()

    async def _play(self, order: PlannedOrder, *, after_s: float) -> None:
        await self.stage.clock.sleep(after_s)
        try:
            async with self._counters:
                await self._place(order)
            follow_up = self._follow_ups.get(order.outcome)
            if follow_up is not None:
                await follow_up(order)
        except ShopRefusedError as error:
            if order.outcome is not Outcome.TURNED_AWAY_AT_THE_DOOR:
                log.warning("the shop was refused", reference=order.reference, reason=str(error))
        self.played += 1

    async def _place(self, order: PlannedOrder) -> None:
        if order.channel == SHOPIFY:
            shopify.place(self.stage.shopify, order)
            return
        if order.channel == AMAZON:
            amazon.place(self.stage.amazon, order)
            return
        shop = self.stage.till if order.channel == "till" else self.stage.shop
        placed_at = self.stage.clock.now().isoformat().replace("+00:00", "Z")
        await shop.place(order_document(order, await self._payment(order), placed_at))

    async def _payment(self, order: PlannedOrder) -> dict[str, Any]:
        amount = str(order.total)
        match order.outcome:
            case Outcome.SOLD_AT_A_TILL:
                return {
                    "gateway": "till",
                    "type": "prepaid",
                    "reference": f"receipt-{order.n}",
                    "amount": amount,
                }
            case Outcome.PAID_BY_STORED_CARD | Outcome.DECLINED:
                declined = order.outcome is Outcome.DECLINED
                card = "pm_card_visa_chargeDeclined" if declined else "pm_card_visa"
                customer, method = self.stage.gateway.store_card(card)
                return {
                    "gateway": "stripe", "type": "stored_method", "reference": method,
                    "customer_reference": customer,
                    "amount": amount,
                }  # fmt: skip
            case Outcome.TURNED_AWAY_AT_THE_DOOR:
                return {
                    "gateway": "stripe",
                    "type": "payment_intent",
                    "reference": "pi_none",
                    "amount": amount,
                }
            case _:
                intent = await self.stage.gateway.create_intent_for_shop(
                    int(order.total * 100), "eur", metadata={"reference": order.reference},
                )  # fmt: skip
                return {"gateway": "stripe", "type": "payment_intent", "reference": intent, "amount": amount}

    # --- what happens after the sale ---

    async def until(self, look: Callable[[], Awaitable[Any]]) -> Any:
        """Look again and again, in hub time, until there is something to see."""
        while True:
            found = await look()
            if found:
                return found
            await self.stage.clock.sleep(LOOK_S)

    async def known(self, order: PlannedOrder) -> UUID | None:
        row = await self._row(order)
        return UUID(str(row["id"])) if row else None

    async def held(self, order: PlannedOrder) -> UUID | None:
        row = await self._row(order)
        return UUID(str(row["id"])) if row and row["held"] else None

    async def _row(self, order: PlannedOrder) -> Row | None:
        async with self.stage.hub.database.reading() as session:
            rows = await session.rows(_ORDER, order.channel, order.reference)
        return rows[0] if rows else None

    async def accepted(self, order: PlannedOrder) -> bool:
        stage = self.stage
        for name, house in (("berlin", stage.berlin), ("leipzig", stage.leipzig), ("hamburg", stage.hamburg)):
            releases = house.releases_of(order.reference)
            if any(entry["key"] in releases for entry in self.stage.ledgers[name].of("accepted")):
                return True
        return False

    def in_ledger(self, partner: str, kind: str, order: PlannedOrder) -> Callable[[], Awaitable[bool]]:
        async def look() -> bool:
            entries = self.stage.ledgers[partner].of(kind)
            names = {order.reference, f"{order.channel}:{order.reference}"}
            return any(names & {entry.get("order"), entry.get("reference")} for entry in entries)

        return look

    async def _review(self, order: PlannedOrder) -> None:
        order_id = await self.until(lambda: self.held(order))
        await self.stage.clock.sleep(15)
        await self.stage.hub.release(order_id, HoldType.OTHER, "looked at, all is well")

    async def _clear(self, order: PlannedOrder) -> None:
        """Look at what the fraud gateway leaves to a person, and let it go."""
        decided = self.in_ledger("signifyd", "decided", order)
        order_id = await self.until(decided) and await self.until(lambda: self.held(order))
        await self.stage.clock.sleep(15)
        why = "a customer of many years"
        await self.stage.hub.release(order_id, HoldType.FRAUD_REVIEW, why)

    async def _settle_the_loss(self, order: PlannedOrder) -> None:
        """Look at a parcel that the carrier has lost, and settle it with the buyer."""

        async def lost() -> bool:
            scans = self.stage.ledgers["easypost"].of("scanned")
            return any(one["order"] == order.reference and one["detail"] == "lost" for one in scans)

        order_id = await self.until(lost) and await self.until(lambda: self.held(order))
        why = "the carrier pays, and the buyer knows"
        await self.stage.hub.release(order_id, HoldType.DELIVERY_PROBLEM, why)

    async def _cancel_early(self, order: PlannedOrder) -> None:
        await self.until(lambda: self.held(order))
        await self.stage.shop.cancel(order.reference, "changed my mind")

    async def _cancel_at_the_warehouse(self, order: PlannedOrder) -> None:
        await self.until(lambda: self.accepted(order))
        await self.stage.shop.cancel(order.reference, "found it cheaper")

    async def _cancel_at_the_supplier(self, order: PlannedOrder) -> None:
        await self.until(self.in_ledger("acme", "purchase_order", order))
        await self.stage.shop.cancel(order.reference, "it would not fit through the door")

    async def _accept_the_invoice(self, order: PlannedOrder) -> None:
        """Look at an invoice that is dearer than agreed, and accept it."""
        charged = self.in_ledger("acme", "invoiced", order)
        order_id = await self.until(charged) and await self.until(lambda: self.held(order))
        await self.stage.clock.sleep(15)
        why = "the price list has changed"
        await self.stage.hub.release(order_id, HoldType.INVOICE_MISMATCH, why)

    async def _cancel_too_late(self, order: PlannedOrder) -> None:
        await self.until(self.in_ledger("webstore", "told_shipped", order))
        await self.stage.shop.cancel(order.reference, "too late, I fear")

    async def _bring_stock(self, order: PlannedOrder) -> None:
        await self.until(self.in_ledger("webstore", "told_status", order))
        self.stage.berlin.put_stock(order.rare_sku, PLENTY)
        self.stage.berlin.send_stock_report()

    async def _send_back(self, order: PlannedOrder) -> None:
        await self.until(self.in_ledger("webstore", "told_shipped", order))
        for release_id in self.stage.berlin.releases_of(order.reference):
            self.stage.berlin.send_return(release_id, dict(order.lines))
