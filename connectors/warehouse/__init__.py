"""`warehouse`: a partner's warehouse or 3PL that exchanges XML and CSV files, by SFTP or a folder."""

from pathlib import Path

import mappings
from connectors.warehouse.opening import open_warehouse
from connectors.warehouse.settings import WarehouseSettings
from connectors.warehouse.transforms import TRANSFORMS
from core.connector import Connector, Limits
from core.simulator import Simulator, Workshop


def _simulator(workshop: Workshop) -> Simulator:
    from connectors.warehouse.simulator import Warehouse  # noqa: PLC0415 - a hub in production never loads it

    return Warehouse(workshop)


CONNECTOR = Connector(
    name="warehouse",
    summary="Warehouses and 3PLs that exchange XML and CSV files, by SFTP or a folder",
    settings=WarehouseSettings,
    open=open_warehouse,
    simulator=_simulator,
    mappings=tuple(Path(mappings.__path__[0]) / name for name in ("warehouse", "gs1")),
    ports=("FulfilmentPoint",),
    limits=Limits(concurrency=8),
    python_transforms=TRANSFORMS,
)
