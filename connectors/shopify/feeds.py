"""The net under the webhooks: every order that was changed since the last poll, some of them again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connectors.shopify.client import ShopifyClient
from connectors.shopify.documents import CHANGED
from connectors.shopify.fetching import Fetcher
from connectors.shopify.settings import ShopifySettings
from core.clock import Clock
from core.connector import Cursors
from core.errors import PartnerError
from core.ports import Intake

CURSOR = "orders"
_SETTLED_S = 3.0
"""An order that was changed this lately when it was fetched may change again within the same second."""


@dataclass(slots=True)
class _Progress:
    """How far a poll has come."""

    newest: datetime
    after: str | None = None
    has_next: bool = True
    new: int = 0
    kept: dict[str, str] = field(default_factory=dict[str, str])


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
        """Hand in what is new. The cursor moves only when everything up to it is stored.

        What was fetched before a poll failed is remembered: else a poll of many orders would begin anew each time, and
        at a shop that often fails never come to its end.
        """
        since, seen = await self._from()
        so_far = _Progress(newest=since)
        try:
            while so_far.has_next:
                await self._take(so_far, since, seen, intake)
        except PartnerError:
            await self._keep(since, {**seen, **so_far.kept})
            raise
        await self._keep(so_far.newest, so_far.kept)
        return so_far.new

    async def _take(
        self, so_far: _Progress, since: datetime, seen: Mapping[str, str], intake: Intake
    ) -> None:
        query = f"updated_at:>='{_text(since - timedelta(seconds=self._settings.overlap_s))}'"
        found = (await self._client.ask(CHANGED, {"query": query, "after": so_far.after}))["orders"]
        for node in found["nodes"]:
            order_id, updated_at = str(node["id"]), str(node["updatedAt"])
            changed = datetime.fromisoformat(updated_at)
            if seen.get(order_id) != updated_at:
                so_far.new += await self._fetcher.fetch(order_id, intake)
            so_far.newest = max(so_far.newest, changed)
            if (self._clock.now() - changed).total_seconds() > _SETTLED_S:
                so_far.kept[order_id] = updated_at
        so_far.has_next, so_far.after = found["pageInfo"]["hasNextPage"], found["pageInfo"]["endCursor"]

    async def _keep(self, since: datetime, seen: Mapping[str, str]) -> None:
        await self._cursors.put(CURSOR, json.dumps({"since": _text(since), "seen": dict(seen)}))

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
