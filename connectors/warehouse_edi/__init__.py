"""`warehouse_edi`: a warehouse or 3PL that exchanges X12 or EDIFACT interchanges, by SFTP, a folder or HTTPS."""

from pathlib import Path

import mappings
from connectors.warehouse_edi.opening import open_warehouse
from connectors.warehouse_edi.settings import WarehouseEdiSettings
from core.connector import Connector, Limits
from core.simulator import Simulator, Workshop
from mappings.edifact.transforms import EDIFACT_TRANSFORMS
from mappings.x12.transforms import TRANSFORMS


def _simulator(workshop: Workshop) -> Simulator:
    from connectors.warehouse_edi.simulator import ThirdParty  # noqa: PLC0415 - a hub in production never loads it

    return ThirdParty(workshop)


CONNECTOR = Connector(
    name="warehouse_edi",
    summary="Warehouses and 3PLs that exchange X12 or EDIFACT interchanges, by SFTP, a folder or HTTPS",
    settings=WarehouseEdiSettings,
    open=open_warehouse,
    simulator=_simulator,
    mappings=tuple(Path(mappings.__path__[0]) / name for name in ("edifact", "fulfilment", "x12")),
    ports=("FulfilmentPoint", "InboundPoint"),
    limits=Limits(concurrency=8),
    python_transforms={**TRANSFORMS, **EDIFACT_TRANSFORMS},
)
