"""Makes a Shopify connector out of its settings: gateway, updates, stock, poll, door, readers."""

from functools import partial

from connectors.shopify import fetching, webhooks
from connectors.shopify.client import ShopifyClient
from connectors.shopify.documents import SHOP
from connectors.shopify.feeds import OrderPoll
from connectors.shopify.gateway import ShopifyGateway
from connectors.shopify.reading import ShopifyReader, news
from connectors.shopify.settings import ShopifySettings
from connectors.shopify.stock import ShopifyStock
from connectors.shopify.updates import ShopifyUpdates
from connectors.shopify.webhooks import ShopifyDoors
from core.connector import OpenConnector, Resources


def open_shopify(name: str, settings: ShopifySettings, resources: Resources) -> OpenConnector:
    """Return the connector with its ports filled."""
    clock = resources.clock
    client = ShopifyClient(settings, clock)
    fetcher = fetching.Fetcher(client)
    doors = ShopifyDoors(settings, fetcher)
    location = settings.stock_location
    return OpenConnector(
        name=name,
        effects=(
            ShopifyGateway(name, settings, client, clock),
            ShopifyUpdates(settings, client, clock),
        ),
        stock=ShopifyStock(settings, client, location) if location is not None else None,
        feeds=(OrderPoll(settings, client, fetcher, resources.cursors, clock),),
        doors=doors.doors(),
        readers={
            fetching.KIND: ShopifyReader(name, resources.mappings, take_tests=settings.test_orders == "take"),
            webhooks.KIND: news,
        },
        test=partial(_test, settings, client),
        close=partial(_close, doors, client),
    )


async def _test(settings: ShopifySettings, client: ShopifyClient) -> str:
    """Ask for the shop's name: the least that the app needs to be allowed."""
    shop = (await client.ask(SHOP, {}))["shop"]
    return f"{shop['myshopifyDomain']} ({shop['name']}) answers, as of version {settings.api_version}"


async def _close(doors: ShopifyDoors, client: ShopifyClient) -> None:
    await doors.close()
    await client.close()
