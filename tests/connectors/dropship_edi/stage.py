"""A simulated supplier, and the connector that is open on it."""

from pathlib import Path
from typing import Any

from connectors.dropship_edi import CONNECTOR
from connectors.dropship_edi.opening import trade_of
from connectors.dropship_edi.settings import DropshipSettings
from connectors.dropship_edi.simulator import Supplier
from tests.connectors.trading import Kind, TradingStage
from tests.contracts.supplier import NODE, SupplierContract

KIND = Kind(CONNECTOR, DropshipSettings, trade_of, Supplier, SupplierContract().context())


class Stage(TradingStage[Supplier, DropshipSettings]):
    """One supplier, called as the contract's node."""

    def __init__(self, folder: Path, transport: str = "sftp", **options: Any) -> None:
        super().__init__(KIND, NODE, folder, transport, **options)
        self.supplier = self.partner
