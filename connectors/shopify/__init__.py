"""`shopify`: a shop on Shopify, which is a channel and the gateway of its own orders."""

from pathlib import Path

import mappings
from connectors.shopify.opening import open_shopify
from connectors.shopify.reading import PYTHON_TRANSFORMS
from connectors.shopify.settings import ShopifySettings
from core.connector import Connector, Limits
from core.simulator import Simulator, Workshop


def _simulator(workshop: Workshop) -> Simulator:
    from connectors.shopify.simulator import ShopifyShop  # noqa: PLC0415 - a hub in production never loads it

    return ShopifyShop(workshop)


CONNECTOR = Connector(
    name="shopify",
    summary="Shopify: orders by webhook and poll, payments of its own orders, fulfilments, stock",
    settings=ShopifySettings,
    open=open_shopify,
    simulator=_simulator,
    mappings=(Path(mappings.__path__[0]) / "shopify",),
    ports=("ChannelUpdates", "PaymentGateway", "StockSink"),
    # A standard shop restores 100 points a second; an order's payments cost some 30, a change 10.
    limits=Limits(concurrency=16, rate_per_s=2, burst=20),
    python_transforms=PYTHON_TRANSFORMS,
)
