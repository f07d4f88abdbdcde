"""A simulated 3PL, and the connector that is open on it."""

from pathlib import Path
from typing import Any

from connectors.warehouse_edi import CONNECTOR
from connectors.warehouse_edi.opening import trade_of
from connectors.warehouse_edi.settings import WarehouseEdiSettings
from connectors.warehouse_edi.simulator import ThirdParty
from tests.connectors.trading import Kind, TradingStage
from tests.contracts.fulfilment_point import NODE, a_context_with_items

KIND = Kind(CONNECTOR, WarehouseEdiSettings, trade_of, ThirdParty, a_context_with_items())


class Stage(TradingStage[ThirdParty, WarehouseEdiSettings]):
    """One 3PL, called as the contract's node."""

    def __init__(self, folder: Path, transport: str = "sftp", **options: Any) -> None:
        super().__init__(KIND, NODE, folder, transport, **options)
