"""What happens in the demo's shop on Shopify: its checkout, its staff, and what the hub is told of both."""

from collections.abc import Mapping
from decimal import Decimal

from connectors.shopify.simulator import ShopifyShop
from connectors.shopify.simulator.checkout import Basket, Wanted
from connectors.shopify.simulator.shop import Payment
from hub.demo.plan import PRICES, SHIPPING, SHOPIFY, PlannedOrder
from hub.demo.scenarios import SHAPES, Outcome
from hub.demo.watching import FollowUp, Watcher

_THINKING_S = 15
_PAYMENTS: Mapping[Outcome, Payment] = {
    Outcome.PAID_AT_SHOPIFYS_CHECKOUT: "paid",
    Outcome.REFUNDED_BY_SHOPIFYS_STAFF: "paid",
    Outcome.PAID_LATER_ON_SHOPIFY: "pending",
    Outcome.EDITED_BY_SHOPIFYS_STAFF: "pending",
}


def place(shop: ShopifyShop, order: PlannedOrder) -> None:
    """Let a buyer buy."""
    wanted = tuple(Wanted(sku, quantity, PRICES.get(sku, "39.00")) for sku, quantity in order.lines)
    basket = Basket(
        wanted, shipping=str(SHIPPING), email=order.email, name=f"Customer {order.n}", locale=order.language
    )
    shop.place(basket, _PAYMENTS.get(order.outcome, "authorised"), number=int(order.reference))


def follow_ups(driver: Watcher) -> dict[Outcome, FollowUp]:
    """Return what happens after the sale, by outcome."""
    stage, shop = driver.stage, driver.stage.shopify

    async def pay(order: PlannedOrder) -> None:
        await driver.until(lambda: driver.known(order))
        await stage.clock.sleep(_THINKING_S)
        shop.pay(order.reference)

    async def refund(order: PlannedOrder) -> None:
        await driver.until(driver.in_ledger(SHOPIFY, "told_shipped", order))
        shop.refund(order.reference, str(Decimal(SHAPES[order.outcome].refunded_minor) / 100))

    async def cancel(order: PlannedOrder) -> None:
        await driver.until(lambda: driver.held(order))
        await stage.clock.sleep(_THINKING_S)
        shop.cancel(order.reference)

    async def edit(order: PlannedOrder) -> None:
        """The staff takes a unit off; the desk, which is asked, cancels the order."""
        order_id = await driver.until(lambda: driver.known(order))
        shop.edit(order.reference, {0: order.lines[0][1] - 1})
        await driver.until(driver.in_ledger(SHOPIFY, "told_status", order))
        await stage.hub.cancel(order_id, "the buyer wants something else")

    return {
        Outcome.PAID_LATER_ON_SHOPIFY: pay,
        Outcome.REFUNDED_BY_SHOPIFYS_STAFF: refund,
        Outcome.CANCELLED_BY_SHOPIFYS_STAFF: cancel,
        Outcome.EDITED_BY_SHOPIFYS_STAFF: edit,
    }
