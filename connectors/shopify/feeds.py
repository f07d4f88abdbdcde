"""The net under the webhooks: every order that was changed since the last poll, some of them again."""

import json
from datetime import UTC, datetime, timedelta

from connectors.shopify.client import ShopifyClient
from connectors.shopify.documents import CHANGED
from connectors.shopify.fetching import Fetcher
from connectors.shopify.settings import ShopifySettings
from core.clock import Clock
from core.connector import Cursors
from core.ports import Intake

CURSOR = "orders"
_SETTLED_S = 3.0
"""An order that was changed this lately when it was fetched may change again within the same second."""


class OrderPoll:
    """Asks for orders by `updated_at`, from a stored time on, with an overlap.

    Times in the cursor are Shopify's own, so that no clock of ours decides what is asked for. `seen` remembers the
    state in which the orders of the overlap were fetched, so that they are fetched again only when they changed.
    """

    name = "orders"

    def __init__(
        self,
        settings: ShopifySettings,
        client: ShopifyClient,
        fetcher: Fetcher,
        cursors: Cursors,
        clock: Clock,
    ) -> None:
        self.interval_s = settings.poll_s
        self._settings, self._client, self._fetcher = settings, client, fetcher
        self._cursors, self._clock = cursors, clock

    async def poll(self, intake: Intake) -> int:
        """Hand in what is new. The cursor moves only when everything up to it is stored."""
        since, seen = await self._from()
        newest, kept, new = since, dict[str, str](), 0
        after: str | None = None
        query = f"updated_at:>='{_text(since - timedelta(seconds=self._settings.overlap_s))}'"
        while True:
            page = (await self._client.ask(CHANGED, {"query": query, "after": after}))["orders"]
            for node in page["nodes"]:
                order_id, updated_at = str(node["id"]), str(node["updatedAt"])
                changed = datetime.fromisoformat(updated_at)
                newest = max(newest, changed)
                if seen.get(order_id) != updated_at:
                    new += await self._fetcher.fetch(order_id, intake)
                if (self._clock.now() - changed).total_seconds() > _SETTLED_S:
                    kept[order_id] = updated_at
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        await self._cursors.put(CURSOR, json.dumps({"since": _text(newest), "seen": kept}))
        return new

    async def _from(self) -> tuple[datetime, dict[str, str]]:
        stored = await self._cursors.get(CURSOR)
        if stored is None:
            first = self._settings.since
            since = datetime.fromisoformat(first) if first else self._clock.now()
            # Written down before the first answer, so that a hub that is restarted begins where it began.
            await self._cursors.put(CURSOR, json.dumps({"since": _text(since), "seen": {}}))
            return since, {}
        cursor = json.loads(stored)
        return datetime.fromisoformat(cursor["since"]), cursor["seen"]


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
