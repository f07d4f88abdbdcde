"""`dropship_edi`: a drop-ship supplier that speaks X12, EDIFACT, UBL or cXML, by SFTP, a folder or HTTPS."""

from pathlib import Path

import mappings
from connectors.dropship_edi.opening import open_supplier
from connectors.dropship_edi.settings import DropshipSettings
from core.connector import Connector, Limits
from core.simulator import Simulator, Workshop
from mappings.cxml.transforms import CXML_TRANSFORMS
from mappings.edifact.transforms import EDIFACT_TRANSFORMS
from mappings.ubl.transforms import UBL_TRANSFORMS
from mappings.x12.transforms import TRANSFORMS


def _simulator(workshop: Workshop) -> Simulator:
    from connectors.dropship_edi.simulator import Supplier  # noqa: PLC0415 - a hub in production never loads it

    return Supplier(workshop)


CONNECTOR = Connector(
    name="dropship_edi",
    summary="Drop-ship suppliers: X12, EDIFACT, UBL or cXML, by SFTP, folder or HTTPS",
    settings=DropshipSettings,
    open=open_supplier,
    simulator=_simulator,
    mappings=tuple(
        Path(mappings.__path__[0]) / name for name in ("dropship", "edifact", "x12", "ubl", "cxml")
    ),
    ports=("Supplier",),
    limits=Limits(concurrency=8),
    python_transforms={**TRANSFORMS, **EDIFACT_TRANSFORMS, **UBL_TRANSFORMS, **CXML_TRANSFORMS},
)
