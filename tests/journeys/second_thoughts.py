"""What people do after an order was placed: look at it, cancel it early or late or halfway, send the goods back.

Each is done once, as soon as the partners' ledgers or the store show that its moment has come, and asked again only
where the hub could not be reached.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx

from canonical.policy import ChannelPolicy, PaymentPolicy, Policy
from canonical.statuses import HoldType
from connectors.warehouse.simulator import Plan
from connectors.webstore.simulator.hub import ShopRefusedError
from core.ids import uuid7
from core.store.sql import Database, StoreUnavailableError
from hub.demo.plan import PRICES, REVIEW_ABOVE, PlannedOrder
from hub.demo.scenarios import Outcome
from hub.demo.trouble import LONG_PICK_S
from hub.desk.access import Role
from tests.journeys.partners import Partners

POLICY = Policy(
    channels={"webstore": ChannelPolicy(hold_for_review_above=REVIEW_ABOVE)},
    payment=PaymentPolicy(split_capture="first_shipment_full"),
)
"""Dear orders wait for a person, and the first parcel takes all the money: what is cancelled then is paid back."""
LOOK_S = 0.5
_TOKEN = "oh_journey"
_INSERT = "INSERT INTO tokens (id, name, role, digest, recorded_at) VALUES ($1, $2, $3, $4, $5)"
_HELD = "SELECT id, channel_ref FROM orders WHERE held AND version > 0"
_CONFLICT = 409


@dataclass(frozen=True, slots=True)
class HalfCancelled(PlannedOrder):
    """An order that leaves in two parcels, and whose buyer cancels the second once the first has left."""

    @property
    def left(self) -> int:
        """How many units are in the first parcel."""
        return self.lines[0][1] // 2

    def expectation(self) -> dict[str, Any]:
        """Return what the partners' ledgers must show: all was taken, and the second parcel's worth paid back."""
        ((sku, ordered),) = self.lines
        back = Decimal(PRICES[sku]) * (ordered - self.left)
        return {
            **PlannedOrder.expectation(self),
            "outcome": "half_cancelled",
            "refunded_minor": int(back * 100),
            "parcels": 1,
            "units": {sku: self.left},
            "mails": ["order_cancelled", "order_confirmed", "shipment_dispatched"],
            "told_cancelled": 1,
        }


def half_cancelled(orders: Iterable[PlannedOrder]) -> tuple[PlannedOrder, ...]:
    """Let every other order of two parcels be cancelled halfway."""
    found: list[PlannedOrder] = []
    parcels = 0
    for order in orders:
        parcels += order.outcome is Outcome.SENT_IN_TWO_PARCELS
        halve = order.outcome is Outcome.SENT_IN_TWO_PARCELS and parcels % 2
        found.append(_halved(order) if halve else order)
    return tuple(found)


def _halved(order: PlannedOrder) -> HalfCancelled:
    return HalfCancelled(
        order.n, order.reference, order.channel, order.outcome, order.lines, order.total, order.email,
        order.language,
    )  # fmt: skip


def wish(order: PlannedOrder) -> Plan | None:
    """Return how the warehouse treats an order, where that is not as usual."""
    match order:
        case HalfCancelled():
            return Plan(parcels=2, gap_s=LONG_PICK_S)
        case PlannedOrder(outcome=Outcome.REFUSED_THEN_SENT_ELSEWHERE):
            return Plan(refuse="OTHER")
        case PlannedOrder(outcome=Outcome.SENT_IN_TWO_PARCELS):
            return Plan(parcels=2)
        case PlannedOrder(outcome=Outcome.CANCELLED_AT_THE_WAREHOUSE):
            return Plan(pick_s=LONG_PICK_S)
        case _:
            return None


async def let_in(database: Database, token: str = _TOKEN, role: Role = Role.SUPPORT) -> None:
    """Give somebody at the desk of this journey a token; the one of support, unless said otherwise."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    async with database.transaction() as session:
        await session.run(_INSERT, uuid7(), role.value, role.value, digest, session.now)


class SecondThoughts:
    """Everybody who does something about an order later."""

    def __init__(
        self, partners: Partners, database: Database, url: str, plan: Iterable[PlannedOrder]
    ) -> None:
        self._partners, self._database, self._url = partners, database, url
        self.acted: Counter[str] = Counter()
        """How often somebody did what: released, returned, or cancelled at which moment."""
        self._open = {order.reference: order for order in plan if _moment(order) is not None}
        self._doing: set[asyncio.Task[None]] = set()
        self._desk = httpx.AsyncClient(
            base_url=url, headers={"authorization": f"Bearer {_TOKEN}"}, timeout=10, trust_env=False
        )

    async def have(self) -> None:
        """Look again and again whose moment has come, as long as this runs."""
        try:
            while True:
                try:
                    moments = await self._moments()
                except StoreUnavailableError:  # the journey itself cuts all connections now and then
                    await asyncio.sleep(LOOK_S)
                    continue
                for order in [
                    one for one in self._open.values() if one.reference in moments[_moment(one) or ""]
                ]:
                    del self._open[order.reference]
                    self._doing.add(asyncio.create_task(self._act(order, moments["held"])))
                await asyncio.sleep(LOOK_S)
        finally:
            for task in self._doing:
                task.cancel()
            await self._desk.aclose()

    def trouble(self) -> list[str]:
        """Return what came of nothing: orders whose moment never came, and people who could not do what they wished."""
        left = [f"{reference}: the moment to act on it never came" for reference in sorted(self._open)]
        ended = [task for task in self._doing if task.done() and not task.cancelled()]
        broken = [f"somebody could not act: {task.exception()!r}" for task in ended if task.exception()]
        return [*left, *broken, *("somebody is still at it" for task in self._doing if not task.done())]

    async def _moments(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the references of orders that wait for a person, are being picked, or have left in part."""
        async with self._database.reading() as session:
            held = {row["channel_ref"]: row["id"] for row in await session.rows(_HELD)}
        taken = {entry["key"] for entry in self._partners.ledgers["berlin"].of("accepted")}
        picked = {
            job.order.reference: key for key, job in self._partners.berlin.floor.jobs.items() if key in taken
        }
        sent = {entry["order"]: True for entry in self._partners.ledgers["webstore"].of("told_shipped")}
        return {"held": held, "picked": picked, "sent": sent}

    async def _act(self, order: PlannedOrder, held: Mapping[str, UUID]) -> None:
        match order.outcome:
            case Outcome.REVIEWED_THEN_SHIPPED:
                await self._release(held[order.reference])
            case Outcome.RETURNED:
                (release,) = self._partners.berlin.releases_of(order.reference)
                self._partners.berlin.send_return(release, dict(order.lines))
            case _:
                await self._cancel(order.reference)
        self.acted["halved" if isinstance(order, HalfCancelled) else order.outcome.value] += 1

    async def _release(self, order_id: UUID) -> None:
        """Take the hold away. That there is none any more says that the answer before was lost."""
        body = {"type": HoldType.OTHER.value, "reason": "looked at, all is well"}
        asked_before = False
        while True:
            try:
                answer = await self._desk.post(f"/orders/{order_id}/release", json=body)
            except httpx.TransportError:
                pass
            else:
                if answer.is_success or (answer.status_code == _CONFLICT and asked_before):
                    return
                if not answer.is_server_error:
                    answer.raise_for_status()
            asked_before = True
            await asyncio.sleep(LOOK_S)

    async def _cancel(self, reference: str) -> None:
        """Ask for a cancellation. A refusal of the same id in other words says that it was taken before."""
        asked_before = False
        while True:
            try:
                await self._partners.shop.cancel(reference, "changed my mind")
                return
            except httpx.TransportError:
                pass
            except ShopRefusedError as error:
                if error.status == _CONFLICT and asked_before:
                    return
                if error.status:
                    raise
            asked_before = True
            await asyncio.sleep(LOOK_S)


def _moment(order: PlannedOrder) -> str | None:
    """Return what must be seen of an order before somebody acts on it."""
    if isinstance(order, HalfCancelled):
        return "sent"
    return {
        Outcome.REVIEWED_THEN_SHIPPED: "held",
        Outcome.CANCELLED_BEFORE_RELEASE: "held",
        Outcome.CANCELLED_AT_THE_WAREHOUSE: "picked",
        Outcome.CANCELLED_TOO_LATE: "sent",
        Outcome.RETURNED: "sent",
    }.get(order.outcome)
