"""`amazon`: sells on Amazon's marketplaces by the Selling Partner API; orders in, shipments, refunds and stock out."""

from pathlib import Path

import mappings
from connectors.amazon import cautions, prices
from connectors.amazon.opening import open_amazon
from connectors.amazon.settings import AmazonSettings
from core.connector import Connector, Limits
from core.simulator import Simulator, Workshop


def _simulator(workshop: Workshop) -> Simulator:
    from connectors.amazon.simulator import Marketplace  # noqa: PLC0415 - a hub in production never loads it

    return Marketplace(workshop)


CONNECTOR = Connector(
    name="amazon",
    summary="Amazon Selling Partner API: orders by notification and poll; shipments, cancellations, refunds by feed",
    settings=AmazonSettings,
    open=open_amazon,
    simulator=_simulator,
    mappings=(Path(mappings.__path__[0]) / "amazon",),
    ports=("ChannelUpdates", "PaymentGateway", "StockSink"),
    pays_back_cancellations=True,
    python_transforms={**prices.TRANSFORMS, **cautions.TRANSFORMS},
    # Amazon's limits are per operation, and kept in client.py. What waits for a feed's report waits together, so that
    # many messages travel in one feed.
    limits=Limits(concurrency=100, ladder_s=(5, 30, 60, 300, 900, 1800, 3600)),
)
