"""Takes messages to Amazon by feed, many of them in one, and says what became of each.

Amazon takes one feed in 120 s, after a burst of 15. So a message waits a little for others of its kind, and then for
the feed's turn; whatever has come until then travels with it. Each message keeps its own key, its own bytes and its
own outcome. What is known of a key is stored before and after the one call that counts: `sending:<document>` means
that a feed may have been made, `feed:<id>` that it was.

developer-docs.amazon.com/sp-api/docs/feeds-api-v2021-06-30-use-case-guide
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.amazon.client import SpApiClient
from connectors.amazon.messages import FEED_MEDIA_TYPE, envelope
from connectors.amazon.plain import each, obj
from connectors.amazon.reports import Report, read_report
from connectors.amazon.settings import AmazonSettings
from core.clock import Clock
from core.connector import Cursors
from core.errors import OutcomeUnknownError, PartnerError, RejectedError, RetryableError

_FEEDS = "/feeds/2021-06-30/feeds"
_DOCUMENTS = "/feeds/2021-06-30/documents"
_MOST_MESSAGES = 1000
_MOST_REPORTS = 200
_CLOCKS_APART = timedelta(minutes=15)
_SENDING, _SENT = "sending:", "feed:"


@dataclass(slots=True)
class _Batch:
    """Messages of one kind that travel together."""

    feed_type: str
    messages: dict[str, tuple[bytes, "asyncio.Future[str]"]] = field(
        default_factory=dict[str, tuple[bytes, "asyncio.Future[str]"]]
    )

    def answer(self, keys: Iterable[str], outcome: str | PartnerError) -> None:
        """Tell those who wait for `keys` the feed's id, or why there is none."""
        for key in keys:
            _, future = self.messages[key]
            if future.done():
                continue
            if isinstance(outcome, str):
                future.set_result(outcome)
            else:
                future.set_exception(outcome)


class FeedDesk:
    """The feeds of one account. Made in a process, and shared by the ports that speak by feed."""

    def __init__(self, settings: AmazonSettings, client: SpApiClient, clock: Clock, cursors: Cursors) -> None:
        self._settings, self._client, self._clock, self._cursors = settings, client, clock, cursors
        self._open: dict[str, _Batch] = {}
        self._reports: OrderedDict[str, Report] = OrderedDict()
        self._watches: dict[str, asyncio.Task[Report]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        """Stop gathering and watching. What has not left has not left, and what has is known by its key."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- sending ---

    async def submit(self, feed_type: str, key: str, message: bytes) -> Report:
        """Let a message travel with the next feed, and wait for that feed's report.

        Raises `RetryableError` where no feed was made. A message whose effect is done already is not sent again.
        """
        known = await self._cursors.get(_name(key))
        if known is not None and known.startswith(_SENT):
            return await self._watched(known.removeprefix(_SENT))
        batch = self._open.get(feed_type)
        if batch is None or len(batch.messages) >= _MOST_MESSAGES:
            batch = self._open[feed_type] = _Batch(feed_type)
            self._spawn(self._carry(batch))
        waiting = batch.messages.get(key)
        future = waiting[1] if waiting else asyncio.get_running_loop().create_future()
        batch.messages[key] = (message, future)
        try:
            feed_id = await future
        except asyncio.CancelledError:
            future.cancel()  # who has given up must not find later that it has travelled after all
            raise
        return await self._watched(feed_id)

    async def _carry(self, batch: _Batch) -> None:
        """Gather for a while and until it is the feed's turn; then no more may join, and it leaves."""
        taken: list[str] = []
        try:
            await self._clock.sleep(self._settings.gather_s)
            await self._client.pace.turn_of("createFeed", self._settings.deadline_s / 2)
            self._leave(batch)
            taken = [key for key, (_, future) in batch.messages.items() if not future.done()]
            if taken:
                batch.answer(taken, await self._make(batch, taken))
        except PartnerError as error:
            batch.answer(batch.messages, error)
        except Exception as error:  # noqa: BLE001 - whatever it was, those who wait must hear of it
            batch.answer(batch.messages, OutcomeUnknownError(f"the feed broke off: {type(error).__name__}"))
        finally:
            self._leave(batch)
            for _, future in batch.messages.values():
                future.cancel()

    def _leave(self, batch: _Batch) -> None:
        if self._open.get(batch.feed_type) is batch:
            del self._open[batch.feed_type]

    async def _make(self, batch: _Batch, keys: list[str]) -> str:
        """Upload the messages and make a feed of them; return its id once it is stored with each key."""
        content = envelope(
            batch.feed_type, self._settings.seller_id, [batch.messages[key][0] for key in keys]
        )
        asked = json.dumps({"contentType": FEED_MEDIA_TYPE}).encode()
        document = (await self._client.call("createFeedDocument", _DOCUMENTS, body=asked)).data()
        document_id, url = document.get("feedDocumentId"), document.get("url")
        if not isinstance(document_id, str) or not isinstance(url, str):
            raise RetryableError("Amazon made a document for a feed, and did not say where to put it")
        await self._client.upload(url, content, FEED_MEDIA_TYPE)
        specification = {
            "feedType": batch.feed_type,
            "marketplaceIds": list(self._settings.marketplaces),
            "inputFeedDocumentId": document_id,
        }
        await self._note(keys, f"{_SENDING}{document_id}")
        try:
            reply = await self._client.call(
                "createFeed", _FEEDS, body=json.dumps(specification).encode(), had_its_turn=True
            )
        except (RetryableError, RejectedError):
            await self._note(keys, "")
            raise
        try:
            feed_id = reply.data().get("feedId")
        except RetryableError:
            feed_id = None
        if not isinstance(feed_id, str):
            raise OutcomeUnknownError("Amazon took a feed, and did not say which")
        await self._note(keys, f"{_SENT}{feed_id}")
        await self._cursors.put(f"{_SENT}{feed_id}", "ours")
        return feed_id

    async def _note(self, keys: Iterable[str], value: str) -> None:
        for key in keys:
            await self._cursors.put(_name(key), value)

    # --- what became of it ---

    async def find(
        self, feed_type: str, key: str, since: datetime | None, *, harmless: bool
    ) -> Report | None:
        """Return the report of the feed that `key` travelled with; None where none was made.

        Of a moment of which nothing is known, None is said where a repetition is `harmless`; else that is looked into.
        Raises `RetryableError` while the feed is processed, `OutcomeUnknownError` where it may have been made.
        """
        known = await self._cursors.get(_name(key))
        if not known:
            return None
        if known.startswith(_SENT):
            return await self._looked_at(known.removeprefix(_SENT))
        if not harmless:
            strange = await self._strange_feed(feed_type, since or self._clock.now() - timedelta(days=1))
            if strange is not None:
                raise OutcomeUnknownError(
                    f"feed {strange} ({feed_type}) was made when the hub's connection broke, and may be this one: look "
                    "at its report in Seller Central, then settle the effect by hand"
                )
        await self._note((key,), "")
        return None

    async def forget(self, key: str) -> None:
        """Let a message travel again that its feed did not carry out."""
        await self._note((key,), "")

    async def _strange_feed(self, feed_type: str, since: datetime) -> str | None:
        """Return a feed of this kind, made since then, that the hub has no note of."""
        created = (since - _CLOCKS_APART).isoformat(timespec="seconds").replace("+00:00", "Z")
        query = {"feedTypes": feed_type, "createdSince": created, "pageSize": "100"}
        page = (await self._client.call("getFeeds", _FEEDS, query=query)).data()
        for feed in map(obj, each(page.get("feeds"))):
            if await self._cursors.get(f"{_SENT}{feed['feedId']}") is None:
                return str(feed["feedId"])
        if page.get("nextToken"):
            raise OutcomeUnknownError(
                f"too many feeds of type {feed_type} were made to tell whether one is ours"
            )
        return None

    async def _watched(self, feed_id: str) -> Report:
        """Wait for a feed's report together with everybody else who does."""
        watch = self._watches.get(feed_id)
        if watch is None:
            watch = self._watches[feed_id] = self._spawn(self._watch(feed_id))
            watch.add_done_callback(lambda _: self._watches.pop(feed_id, None))
        return await asyncio.shield(watch)

    async def _watch(self, feed_id: str) -> Report:
        until = self._clock.monotonic() + self._settings.deadline_s
        while self._clock.monotonic() < until:
            try:
                return await self._looked_at(feed_id)
            except RetryableError:
                await self._clock.sleep(self._settings.report_every_s)
        raise OutcomeUnknownError(f"feed {feed_id} has no report yet")

    async def _looked_at(self, feed_id: str) -> Report:
        if feed_id in self._reports:
            return self._reports[feed_id]
        try:
            feed = (await self._client.call("getFeed", f"{_FEEDS}/{feed_id}")).data()
        except RejectedError as error:
            raise OutcomeUnknownError(f"Amazon does not show feed {feed_id}: {error}") from error
        status = feed.get("processingStatus")
        if status in {"IN_QUEUE", "IN_PROGRESS"}:
            raise RetryableError(f"feed {feed_id} is being processed")
        report = await self._read(feed_id, feed.get("resultFeedDocumentId"), complete=status == "DONE")
        self._reports[feed_id] = report
        while len(self._reports) > _MOST_REPORTS:
            self._reports.popitem(last=False)
        return report

    async def _read(self, feed_id: str, document_id: object, *, complete: bool) -> Report:
        if not isinstance(document_id, str):
            return Report(feed_id, complete)
        try:
            call = await self._client.call(
                "getFeedDocument", f"{_DOCUMENTS}/{document_id}", within_s=self._settings.deadline_s
            )
        except RejectedError as error:
            raise RetryableError(f"the report of feed {feed_id} is not to be had: {error}") from error
        document = call.data()
        body = await self._client.download(str(document.get("url")), document.get("compressionAlgorithm"))
        return read_report(feed_id, body, complete=complete)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # it was told to everybody who waited


def _name(key: str) -> str:
    return f"message:{key}"
