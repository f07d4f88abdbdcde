"""`easypost`: books labels at EasyPost's carriers, voids them, and tells where parcels are."""

from pathlib import Path

import mappings
from connectors.easypost.opening import open_easypost
from connectors.easypost.settings import EasyPostSettings
from core.connector import Connector, Limits
from core.simulator import Simulator, Workshop


def _simulator(workshop: Workshop) -> Simulator:
    from connectors.easypost.simulator import EasyPostSimulator  # noqa: PLC0415 - a hub in production never loads it

    return EasyPostSimulator(workshop)


CONNECTOR = Connector(
    name="easypost",
    summary="EasyPost: rates, labels, collections, manifests and tracking of over a hundred carriers",
    settings=EasyPostSettings,
    open=open_easypost,
    simulator=_simulator,
    mappings=(Path(mappings.__path__[0]) / "easypost",),
    ports=("CourierBroker",),
    # EasyPost answers 429 above a rate that it does not publish (docs.easypost.com/docs/rate-limiting).
    limits=Limits(concurrency=16, rate_per_s=5, burst=10),
)
