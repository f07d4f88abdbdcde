"""A simulated 3PL, and the connector that is open on it."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from connectors.warehouse_edi import CONNECTOR
from connectors.warehouse_edi.opening import trade_of
from connectors.warehouse_edi.settings import WarehouseEdiSettings
from connectors.warehouse_edi.simulator import ThirdParty
from core.ports import Effect
from tests.connectors.trading import PASSWORD, Kind, TradingStage
from tests.contracts.effect_port import Bench
from tests.contracts.fulfilment_point import NODE, a_context_with_items

KIND = Kind(CONNECTOR, WarehouseEdiSettings, trade_of, ThirdParty, a_context_with_items())


class Stage(TradingStage[ThirdParty, WarehouseEdiSettings]):
    """One 3PL, called as the contract's node."""

    def __init__(self, folder: Path, transport: str = "sftp", **options: Any) -> None:
        super().__init__(KIND, NODE, folder, transport, **options)


class ByFiles:
    """How the 3PL is reached and fails, for the suite of any port. `options` are the simulator's."""

    at: Stage
    options: ClassVar[Mapping[str, Any]] = {}
    refusing_for_now: ClassVar[tuple[str, ...]] = ("disk_full",)
    refusing_for_good: ClassVar[tuple[str, ...]] = ("name_taken",)

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = Stage(tmp_path, **self.options)
        await stage.start()
        yield stage
        await stage.stop()

    @pytest.fixture
    def bench(self, stage: Stage) -> Bench:
        self.at = stage
        return Bench(stage.port, stage.partner, stage.ledger, stage.faults, (PASSWORD,), stage.locked_out)

    def fault_keys(self, effect: Effect) -> set[str]:
        return {effect.outgoing.target}
