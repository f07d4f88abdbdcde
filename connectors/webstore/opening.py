"""Makes a webstore connector out of its settings: doors, updates, readers."""

from functools import partial

from canonical.documents import Document
from connectors.webstore import webhooks
from connectors.webstore.client import WebhookClient
from connectors.webstore.doors import WebstoreDoors
from connectors.webstore.settings import WebstoreSettings
from connectors.webstore.updates import WebstoreUpdates
from core.clock import Clock
from core.connector import Mappings, OpenConnector, Resources
from core.ports import RawDocument

KINDS = ("order", "cancel", "amendment")
"""What arrives; each kind has the mapping document `webstore/{kind}`."""


def open_webstore(name: str, settings: WebstoreSettings, resources: Resources) -> OpenConnector:
    """Return the connector with its ports filled."""
    client = WebhookClient(settings, resources.clock)
    return OpenConnector(
        name=name,
        effects=(WebstoreUpdates(settings, client),),
        doors=WebstoreDoors(name, settings, resources.clock).doors(),
        readers={kind: partial(_read, resources.mappings, kind, name) for kind in KINDS},
        test=partial(_test, settings, client, resources.clock),
        close=client.close,
    )


def _read(mappings: Mappings, kind: str, channel: str, raw: RawDocument) -> tuple[Document, ...]:
    return mappings.read(f"webstore/{kind}", raw.body, {"channel": channel})


async def _test(settings: WebstoreSettings, client: WebhookClient, clock: Clock) -> str:
    """Send the shop a `hub.ping`."""
    if settings.webhook_url is None:
        return "the doors are open; no webhook_url is set, so the shop is told nothing"
    now = clock.now()
    reply = await client.post(f"ping:{int(now.timestamp())}", webhooks.ping(now))
    return f"{settings.webhook_url} took a hub.ping and answered {reply.status}"
