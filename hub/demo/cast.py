"""Who takes part in the demo: every partner, and the type of connector by which the hub speaks to it."""

from collections.abc import Mapping

from connectors import (
    amazon,
    dropship_edi,
    easypost,
    mailer,
    shopify,
    signifyd,
    stripe,
    warehouse,
    warehouse_edi,
    webstore,
)
from core.connector import Connector

TYPES: Mapping[str, Connector] = {
    "webstore": webstore.CONNECTOR,
    "till": webstore.CONNECTOR,
    "stripe": stripe.CONNECTOR,
    "berlin": warehouse.CONNECTOR,
    "leipzig": warehouse.CONNECTOR,
    "mailer": mailer.CONNECTOR,
    "shopify": shopify.CONNECTOR,
    "amazon": amazon.CONNECTOR,
    "signifyd": signifyd.CONNECTOR,
    "easypost": easypost.CONNECTOR,
    "acme": dropship_edi.CONNECTOR,
    "hamburg": warehouse_edi.CONNECTOR,
}
PARTNERS = tuple(TYPES)
