"""`signifyd`: has orders screened for fraud by Signifyd, and tells it what became of them."""

from pathlib import Path

import mappings
from connectors.signifyd.opening import open_signifyd
from connectors.signifyd.settings import SignifydSettings
from core.connector import Connector, Limits
from core.simulator import Simulator, Workshop


def _simulator(workshop: Workshop) -> Simulator:
    from connectors.signifyd.simulator import SignifydSimulator  # noqa: PLC0415 - a hub in production never loads it

    return SignifydSimulator(workshop)


CONNECTOR = Connector(
    name="signifyd",
    summary="Signifyd: screens orders for fraud, and learns of payments, parcels, returns and cancellations",
    settings=SignifydSettings,
    open=open_signifyd,
    simulator=_simulator,
    mappings=(Path(mappings.__path__[0]) / "signifyd",),
    ports=("FraudGateway",),
    # Signifyd publishes no figure; it answers 429 to too many, and 409 to too many about one order.
    limits=Limits(concurrency=16, rate_per_s=10, burst=10),
)
