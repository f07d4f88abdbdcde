"""Makes a warehouse connector out of its settings: fulfilment point, feeds, readers."""

from connectors.warehouse.client import WarehouseClient
from connectors.warehouse.feeds import feeds, readers
from connectors.warehouse.fulfilment import WarehouseFulfilment
from connectors.warehouse.settings import WarehouseSettings
from core.connector import OpenConnector, Resources


def open_warehouse(name: str, settings: WarehouseSettings, resources: Resources) -> OpenConnector:
    """Return the connector with its port filled."""
    client = WarehouseClient(settings, resources.clock)
    return OpenConnector(
        name=name,
        effects=(WarehouseFulfilment(settings, resources.mappings, client),),
        feeds=feeds(settings, client),
        readers=readers(settings, resources.mappings),
        test=client.test,
        close=client.close,
    )
