"""Makes a connector of a supplier's settings."""

from connectors.dropship_edi.documents import instructing, readers
from connectors.dropship_edi.settings import DropshipSettings
from core.connector import Mappings, OpenConnector, Resources
from core.ports import PORT_COMMANDS
from core.trading.opening import Trade, open_trade


def open_supplier(name: str, settings: DropshipSettings, resources: Resources) -> OpenConnector:
    """Return the connector with its port filled."""
    return open_trade(name, settings, resources, trade_of(settings, resources.mappings))


def trade_of(settings: DropshipSettings, mappings: Mappings) -> Trade:
    """Return what is said to the supplier, and how what it says is read."""
    commands = PORT_COMMANDS["Supplier"]
    return Trade(settings.partner, commands, instructing(settings), readers(settings, mappings))
