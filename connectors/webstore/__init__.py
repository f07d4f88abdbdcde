"""`webstore`: the hub's own signed, idempotent HTTP API for headless shops, tills and partners."""

from pathlib import Path

import mappings
from connectors.webstore.opening import open_webstore
from connectors.webstore.settings import WebstoreSettings
from connectors.webstore.transforms import TRANSFORMS
from core.connector import Connector, Limits
from core.simulator import Simulator, Workshop


def _simulator(workshop: Workshop) -> Simulator:
    from connectors.webstore.simulator import Shop  # noqa: PLC0415 - a hub in production never loads it

    return Shop(workshop)


CONNECTOR = Connector(
    name="webstore",
    summary="Headless shops, tills and partners: orders by a signed HTTP API, news by webhooks",
    settings=WebstoreSettings,
    open=open_webstore,
    simulator=_simulator,
    mappings=(Path(mappings.__path__[0]) / "webstore",),
    ports=("ChannelUpdates",),
    limits=Limits(concurrency=8),
    python_transforms=TRANSFORMS,
)
