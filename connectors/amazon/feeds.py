"""How orders come in: at once by ORDER_CHANGE notifications, and for certain by polling."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from connectors.amazon.client import SpApiClient
from connectors.amazon.orders import PATH, get_order, hand_in, included, look
from connectors.amazon.queue import Message, NotificationQueue
from connectors.amazon.settings import AmazonSettings
from connectors.amazon.slicing import orders_of
from core.clock import Clock
from core.connector import Cursors
from core.errors import RejectedError, RetryableError
from core.ports import Intake, RawDocument

NOTIFICATION = "notification"
_CURSOR = "orders"
_TOKEN_LIFE = timedelta(hours=23)
"""A page's token is good for 24 hours."""
_FIRST_LOOK = timedelta(days=1)
_AMAZON_IS_BEHIND = timedelta(minutes=2)
"""`lastUpdatedBefore` must lie two minutes in the past (the models' note on searchOrders)."""
_TRIES = 48
"""How often an order is asked for that Amazon says it does not know: about two days."""
_AGAIN = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))


class Again(BaseModel):
    """An order that was not whole: when it is asked for again, and how often it was."""

    model_config = ConfigDict(frozen=True)
    tries: int
    at: AwareDatetime


class Position(BaseModel):
    """How far polling has come; kept in the store."""

    model_config = ConfigDict(frozen=True)
    since: AwareDatetime
    """Everything changed before then has been handed in."""
    token: str | None = None
    """The next page of an unfinished search; it goes with `after` and `began`."""
    after: AwareDatetime | None = None
    began: AwareDatetime | None = None
    again: dict[str, Again] = {}


@dataclass(slots=True)
class OrderPoll:
    """Searches for what has changed since the last search, a little overlapping, page by page.

    The position is stored after each page, so that neither a limit nor a crash starts a search anew.
    """

    settings: AmazonSettings
    client: SpApiClient
    clock: Clock
    cursors: Cursors
    interval_s: float
    name: str = field(default="orders", init=False)

    async def poll(self, intake: Intake) -> int:
        """Hand in what has changed, and what was not whole before."""
        position = await self._load()
        position, count = await self._once_more(intake, position)
        while self.client.is_free("searchOrders"):
            position, handed_in = await self._page(intake, position)
            count += handed_in
            if position.token is None:
                break
        return count

    async def _page(self, intake: Intake, position: Position) -> tuple[Position, int]:
        """Hand in one page; return the position behind it."""
        now = self.clock.now()
        if position.token is None or position.began is None or now - position.began > _TOKEN_LIFE:
            after = position.since - timedelta(seconds=self.settings.overlap_s)
            position = position.model_copy(update={"token": None, "after": after, "began": now})
        query = {
            "lastUpdatedAfter": _iso(position.after or position.since),
            "marketplaceIds": ",".join(self.settings.marketplaces),
            "maxResultsPerPage": "100",
        }
        if position.token is not None:
            query["paginationToken"] = position.token
        try:
            reply = await included(self.client, "searchOrders", PATH, query)
        except RejectedError:
            if position.token is None:
                raise
            # A token that Amazon takes no more: the search starts again from where the last whole one ended.
            position = position.model_copy(update={"token": None, "after": None, "began": None})
            await self._save(position)
            return position, 0
        return await self._taken(intake, position, reply.body, reply.data())

    async def _taken(
        self, intake: Intake, position: Position, body: bytes, page: dict[str, Any]
    ) -> tuple[Position, int]:
        again, count = dict(position.again), 0
        for text in orders_of(body):
            found = look(text)
            count += await hand_in(intake, found)
            if found.missing is None:
                again.pop(found.order_id, None)
            else:
                again.setdefault(found.order_id, self._soon(0))
        token = cast("dict[str, Any]", page.get("pagination") or {}).get("nextToken")
        if token:
            changes: dict[str, Any] = {"token": str(token)}
        else:
            changes = {"token": None, "after": None, "began": None, "since": self._seen(position, page)}
        position = position.model_copy(update={**changes, "again": again})
        await self._save(position)
        return position, count

    def _seen(self, position: Position, page: dict[str, Any]) -> datetime:
        """Return until when a finished search has seen everything: by Amazon's word, and never ahead of it."""
        began = (position.began or self.clock.now()) - _AMAZON_IS_BEHIND
        try:
            said = datetime.fromisoformat(str(page["lastUpdatedBefore"]))
        except (KeyError, ValueError):
            said = began
        if said.tzinfo is None:
            said = began
        return max(position.since, min(said, began + _AMAZON_IS_BEHIND))

    async def _once_more(self, intake: Intake, position: Position) -> tuple[Position, int]:
        """Ask again for orders that were not whole."""
        again, count, now = dict(position.again), 0, self.clock.now()
        for order_id, wait in position.again.items():
            if wait.at > now:
                continue
            try:
                found = await get_order(self.client, order_id)
            except (RejectedError, RetryableError) as error:
                again[order_id] = self._soon(wait.tries + 1)
                if isinstance(error, RejectedError) and wait.tries >= _TRIES:
                    del again[order_id]  # Amazon knows it no more: what it was is kept as it came
                continue
            count += await hand_in(intake, found)
            if found.missing is None:
                del again[order_id]
            else:
                again[order_id] = self._soon(wait.tries + 1)
        if again != position.again:
            position = position.model_copy(update={"again": again})
            await self._save(position)
        return position, count

    def _soon(self, tries: int) -> Again:
        return Again(tries=tries, at=self.clock.now() + _AGAIN[min(tries, len(_AGAIN) - 1)])

    async def _load(self) -> Position:
        kept = await self.cursors.get(_CURSOR)
        if kept is not None:
            return Position.model_validate_json(kept)
        return Position(since=self.settings.orders_since or self.clock.now() - _FIRST_LOOK)

    async def _save(self, position: Position) -> None:
        await self.cursors.put(_CURSOR, position.model_dump_json())


class _Notice(BaseModel):
    """What of an ORDER_CHANGE notification the hub goes by; the payload keeps version 0's spellings."""

    model_config = ConfigDict(frozen=True)
    notification_id: str
    order_id: str | None


@dataclass(slots=True)
class Notifications:
    """Takes notifications from the queue, and asks for each order that they name.

    A message is deleted only after it and its order are stored; one whose order can't be had comes again when its
    visibility ends.
    """

    settings: AmazonSettings
    client: SpApiClient
    queue: NotificationQueue
    name: str = field(default="notifications", init=False)
    interval_s: float = field(default=1.0, init=False)

    async def poll(self, intake: Intake) -> int:
        """Wait for news, hand in what it is about, and forget what is stored."""
        messages = await self.queue.receive()
        count, done = 0, list[Message]()
        known: dict[str, bool] = {}
        problem: RetryableError | None = None
        for message in messages:
            notice = read_notice(message.body)
            count += await self._store(intake, message, notice)
            order_id = notice.order_id if notice is not None else None
            if order_id is None:
                done.append(message)
                continue
            if order_id not in known:
                try:
                    known[order_id] = await self._fetch(intake, order_id)
                    count += 1
                except RetryableError as error:
                    known[order_id], problem = False, error
            if known[order_id]:
                done.append(message)
        await self.queue.delete(done)
        if problem is not None:
            raise problem
        return count

    async def _store(self, intake: Intake, message: Message, notice: _Notice | None) -> bool:
        external_id = f"notification:{notice.notification_id if notice else message.id}"
        raw = RawDocument(NOTIFICATION, message.body.encode(), external_id=external_id)
        return not (await intake.receive(raw)).duplicate

    async def _fetch(self, intake: Intake, order_id: str) -> bool:
        """Say whether the order has been dealt with: it is stored whole, or Amazon knows no such order."""
        try:
            found = await get_order(self.client, order_id)
        except RejectedError:
            return True
        await hand_in(intake, found)
        return found.missing is None


def read_notice(body: str) -> _Notice | None:
    """Return what an ORDER_CHANGE notification is about; None for anything else."""
    try:
        said: Any = json.loads(body)
        if said["NotificationType"] != "ORDER_CHANGE":
            return None
        notification_id = said["NotificationMetadata"]["NotificationId"]
        order_id = said["Payload"]["OrderChangeNotification"]["AmazonOrderId"]
        return _Notice(notification_id=notification_id, order_id=order_id)
    except (ValueError, LookupError, TypeError, ValidationError, RecursionError):
        return None


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
