"""`stripe`: takes money by Stripe's PaymentIntents, authorised first and captured when goods leave."""

from pathlib import Path

import mappings
from connectors.stripe.opening import open_stripe
from connectors.stripe.reading import PYTHON_TRANSFORMS
from connectors.stripe.settings import StripeSettings, unready
from core.connector import Connector, Limits
from core.simulator import Simulator, Workshop


def _simulator(workshop: Workshop) -> Simulator:
    from connectors.stripe.simulator import StripeSimulator  # noqa: PLC0415 - a hub in production never loads it

    return StripeSimulator(workshop)


CONNECTOR = Connector(
    name="stripe",
    summary="Stripe: adopts or authorises card payments, captures, voids and refunds them",
    settings=StripeSettings,
    open=open_stripe,
    simulator=_simulator,
    mappings=(Path(mappings.__path__[0]) / "stripe",),
    ports=("PaymentGateway",),
    unready=unready,
    python_transforms=PYTHON_TRANSFORMS,
    # Stripe allows 100 requests a second in live mode and 25 in test mode (docs.stripe.com/rate-limits).
    limits=Limits(concurrency=16, rate_per_s=20, burst=20),
)
