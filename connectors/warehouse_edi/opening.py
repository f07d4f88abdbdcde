"""Makes a connector of a warehouse's settings."""

from connectors.warehouse_edi.documents import instructing, readers
from connectors.warehouse_edi.settings import WarehouseEdiSettings
from core.connector import Mappings, OpenConnector, Resources
from core.ports import PORT_COMMANDS
from core.trading.opening import Trade, open_trade


def open_warehouse(name: str, settings: WarehouseEdiSettings, resources: Resources) -> OpenConnector:
    """Return the connector with its port filled."""
    return open_trade(name, settings, resources, trade_of(settings, resources.mappings))


def trade_of(settings: WarehouseEdiSettings, mappings: Mappings) -> Trade:
    """Return what is said to the warehouse, and how what it says is read."""
    commands = PORT_COMMANDS["FulfilmentPoint"] | PORT_COMMANDS["InboundPoint"]
    return Trade(settings.partner, commands, instructing(settings), readers(settings, mappings))
