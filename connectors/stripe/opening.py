"""Makes a Stripe connector out of its settings: gateway, door, reader."""

from functools import partial

from connectors.stripe.client import StripeClient
from connectors.stripe.gateway import StripeGateway
from connectors.stripe.reading import StripeReader
from connectors.stripe.registering import Registrar
from connectors.stripe.settings import StripeSettings
from connectors.stripe.webhooks import KIND, StripeDoors
from core.connector import OpenConnector, Resources


def open_stripe(name: str, settings: StripeSettings, resources: Resources) -> OpenConnector:
    """Return the connector with its ports filled."""
    client = StripeClient(settings, resources.clock)
    reader = StripeReader(name, resources.mappings)
    return OpenConnector(
        name=name,
        effects=(StripeGateway(name, settings, client, resources.clock, reader.facts),),
        doors=StripeDoors(settings, resources.clock).doors(),
        readers={KIND: reader},
        test=partial(_test, settings, client),
        close=client.close,
        register=Registrar(name, settings, client, resources.clock).register,
    )


async def _test(settings: StripeSettings, client: StripeClient) -> str:
    """List one PaymentIntent: the least that the gateway needs to be allowed."""
    await client.get("/v1/payment_intents", {"limit": "1"})
    mode = "live" if "_live_" in settings.secret_key.get_secret_value() else "test"
    return f"{settings.api_base} answers in {mode} mode, as of version {settings.api_version}"
