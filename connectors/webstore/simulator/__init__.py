"""A headless shop, played by us: written from the connector's README and schemas, and never from its code."""

from connectors.webstore.simulator.hub import ShopRefusedError
from connectors.webstore.simulator.shop import Shop

__all__ = ["Shop", "ShopRefusedError"]
