"""Makes an EasyPost connector out of its settings: broker, door, reader."""

import json
from functools import partial

from connectors.easypost.broker import EasyPostBroker
from connectors.easypost.client import EasyPostClient
from connectors.easypost.reading import EasyPostReader
from connectors.easypost.settings import EasyPostSettings
from connectors.easypost.webhooks import KIND, EasyPostDoors
from core.connector import OpenConnector, Resources


def open_easypost(name: str, settings: EasyPostSettings, resources: Resources) -> OpenConnector:
    """Return the connector with its ports filled."""
    client = EasyPostClient(settings)
    reader = EasyPostReader(name, resources.mappings)
    return OpenConnector(
        name=name,
        effects=(EasyPostBroker(name, settings, client, resources.clock, reader.answer),),
        doors=EasyPostDoors(settings).doors(),
        readers={KIND: reader},
        test=partial(_test, settings, client),
        close=client.close,
        register=partial(_register, settings, client),
    )


async def _test(settings: EasyPostSettings, client: EasyPostClient) -> str:
    """List one shipment: the least that booking needs to be allowed."""
    await client.get("/shipments", {"page_size": "1"})
    mode = "test" if settings.api_key.get_secret_value().startswith("EZTK") else "production"
    return f"{settings.api_base} answers in {mode} mode"


async def _register(settings: EasyPostSettings, client: EasyPostClient, base_url: str) -> str:
    """Have events sent to this hub, signed with the newest secret; one that is registered already stays."""
    url = f"{base_url.rstrip('/')}/webhook"
    known = await client.listed("/webhooks", "webhooks")
    if any(hook.get("url") == url and not hook.get("disabled_at") for hook in known):
        return f"EasyPost sends its events to {url} already; its secret is the one that was given then"
    secret = settings.webhook_secrets[-1].get_secret_value()
    await client.post("/webhooks", json.dumps({"webhook": {"url": url, "webhook_secret": secret}}).encode())
    return f"EasyPost sends its events to {url}, signed with the last of webhook_secrets"
