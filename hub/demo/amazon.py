"""What happens in the demo at Amazon: buyers there, Amazon's own warehouse, and what the hub is told of both."""

from decimal import Decimal

from connectors.amazon.simulator import Marketplace
from connectors.amazon.simulator.selling import Sold
from hub.demo.plan import PRICES, SHIPPING, PlannedOrder
from hub.demo.scenarios import Outcome
from hub.demo.watching import FollowUp, Watcher

_THINKING_S = 15
_PENDING = frozenset({Outcome.PAID_LATER_AT_AMAZON, Outcome.CANCELLED_BEFORE_AMAZON_WAS_PAID})


def place(market: Marketplace, order: PlannedOrder) -> None:
    """Let a buyer buy."""
    items = [
        Sold(
            f"{order.n:010d}{i:04d}", sku, quantity, Decimal(PRICES.get(sku, "39.00")),
            shipping=SHIPPING if i == 1 else Decimal(0),
        )
        for i, (sku, quantity) in enumerate(order.lines, start=1)
    ]  # fmt: skip
    market.sell(
        order.reference,
        items,
        status="PENDING" if order.outcome in _PENDING else "UNSHIPPED",
        fulfilled_by="AMAZON" if order.outcome is Outcome.SENT_BY_AMAZON else "MERCHANT",
        n=order.n,
    )


def follow_ups(driver: Watcher) -> dict[Outcome, FollowUp]:
    """Return what happens after the sale, by outcome."""
    stage, market = driver.stage, driver.stage.amazon

    async def pay(order: PlannedOrder) -> None:
        await driver.until(lambda: driver.known(order))
        await stage.clock.sleep(_THINKING_S)
        market.paid(order.reference)

    async def cancel(order: PlannedOrder) -> None:
        await driver.until(lambda: driver.known(order))
        await stage.clock.sleep(_THINKING_S)
        market.orders.cancel(order.reference, "BUYER", "Found a better price")

    async def ask_to_cancel(order: PlannedOrder) -> None:
        await driver.until(lambda: driver.accepted(order))
        market.orders.ask_to_cancel(order.reference, "Ordered by mistake")

    async def send(order: PlannedOrder) -> None:
        await stage.clock.sleep(_THINKING_S)
        market.sent_by_amazon(order.reference)

    return {
        Outcome.PAID_LATER_AT_AMAZON: pay,
        Outcome.CANCELLED_BEFORE_AMAZON_WAS_PAID: cancel,
        Outcome.CANCEL_WANTED_AT_AMAZON: ask_to_cancel,
        Outcome.SENT_BY_AMAZON: send,
    }
