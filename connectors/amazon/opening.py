"""Makes an Amazon connector out of its settings: updates, refunds, stock, feeds of orders, readers."""

from connectors.amazon.client import SpApiClient
from connectors.amazon.feeds import Notifications, OrderPoll
from connectors.amazon.messages import ACKNOWLEDGEMENT
from connectors.amazon.queue import NotificationQueue
from connectors.amazon.reading import readers
from connectors.amazon.refunds import AmazonRefunds
from connectors.amazon.settings import AmazonSettings
from connectors.amazon.stock import AmazonStock
from connectors.amazon.submissions import FeedDesk
from connectors.amazon.updates import AmazonUpdates
from core.connector import OpenConnector, Resources
from core.ports import Feed


def open_amazon(name: str, settings: AmazonSettings, resources: Resources) -> OpenConnector:
    """Return the connector with its ports filled."""
    clock, cursors = resources.clock, resources.cursors
    client = SpApiClient(settings, clock)
    desk = FeedDesk(settings, client, clock, cursors)
    feeds: list[Feed] = [OrderPoll(settings, client, clock, cursors, settings.poll_interval_s)]
    queue = None
    if settings.queue is not None:
        queue = NotificationQueue(settings.queue, clock, client.http, settings.call_s)
        feeds.append(Notifications(settings, client, queue))

    async def close() -> None:
        await desk.close()
        await client.close()

    async def test() -> str:
        """List one feed: the least that updates need to be allowed; and look at the queue."""
        query = {"feedTypes": ACKNOWLEDGEMENT, "pageSize": "1"}
        await client.call("getFeeds", "/feeds/2021-06-30/feeds", query=query)
        waits = (
            f"{await queue.count()} notifications wait"
            if queue
            else "there is no queue: orders come by polling"
        )
        return f"{settings.endpoint} answers for seller {settings.seller_id}; {waits}"

    return OpenConnector(
        name=name,
        effects=(AmazonUpdates(settings, client, desk), AmazonRefunds(name, settings, clock, desk)),
        stock=AmazonStock(settings, client),
        feeds=tuple(feeds),
        readers=readers(name, resources.mappings),
        test=test,
        close=close,
    )
