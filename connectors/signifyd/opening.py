"""Makes a Signifyd connector out of its settings: gateway, door, reader."""

from functools import partial

from connectors.signifyd.client import SignifydClient
from connectors.signifyd.gateway import SignifydFraudGateway, decision_path
from connectors.signifyd.reading import SignifydReader
from connectors.signifyd.settings import SignifydSettings
from connectors.signifyd.webhooks import KIND, SignifydDoors
from core.connector import OpenConnector, Resources

_NOBODYS = "orderhub:connection-test"


def open_signifyd(name: str, settings: SignifydSettings, resources: Resources) -> OpenConnector:
    """Return the connector with its port filled."""
    client = SignifydClient(settings, resources.clock)
    reader = SignifydReader(name, resources.mappings)
    return OpenConnector(
        name=name,
        effects=(SignifydFraudGateway(name, settings, client, resources.mappings, reader.answer),),
        doors=SignifydDoors(settings).doors(),
        readers={KIND: reader},
        test=partial(_test, settings, client),
        close=client.close,
    )


async def _test(settings: SignifydSettings, client: SignifydClient) -> str:
    """Ask for the decision about an order that nobody has: it needs the key, and changes nothing."""
    await client.find(decision_path(_NOBODYS))
    return f"{settings.api_base} lets us in"
