"""A shop on Shopify, played by us: written from Shopify's documentation, and never from the connector's code."""

from connectors.shopify.simulator.shop import ShopifyShop

__all__ = ["ShopifyShop"]
