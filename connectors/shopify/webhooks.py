"""The door that Shopify's webhooks come in by. A webhook is news: what it is about is fetched.

Sources: shopify.dev/docs/apps/build/webhooks/subscribe/https and /verify-deliveries.
"""

import asyncio
import base64
import hmac
import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, cast

import structlog
from pydantic import SecretStr

from connectors.shopify.documents import gid
from connectors.shopify.fetching import Fetcher
from connectors.shopify.settings import ShopifySettings
from core.errors import DoorError, HubError
from core.ports import Desk, Door, DoorRequest, DoorResponse, RawDocument

log = structlog.get_logger()

KIND = "news"
LARGEST_BYTES = 4 * 1024 * 1024
TOPICS = (
    "orders/create", "orders/updated", "orders/edited", "orders/cancelled", "orders/paid", "refunds/create",
    "order_transactions/create",
)  # fmt: skip
"""What the app is to be subscribed to. Other topics are kept, and say nothing."""
_LONGEST_ID = 200
_AT_ONCE = 4


class ShopifyDoors:
    """`POST /webhook`. It answers once the news is stored; the order is fetched afterwards.

    A fetch that fails, or that a crash takes away, is made up for by the poll: the webhook says that something
    changed, and the poll asks for all that changed.
    """

    def __init__(self, settings: ShopifySettings, fetcher: Fetcher) -> None:
        self._secrets = (settings.client_secret, *settings.previous_secrets)
        self._fetcher = fetcher
        self._wanted: dict[str, Desk] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def doors(self) -> tuple[Door, ...]:
        """Return the doors."""
        return (Door("POST", "/webhook", self.receive, "Shopify's webhooks", LARGEST_BYTES),)

    async def close(self) -> None:
        """Leave what is not fetched yet to the poll."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def idle(self) -> None:
        """Wait until everything that webhooks told of is fetched."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    async def receive(self, request: DoorRequest, desk: Desk) -> DoorResponse:
        """Keep a webhook, and answer; then fetch the order that it is about."""
        if len(request.body) > LARGEST_BYTES:
            detail = f"a webhook has up to {LARGEST_BYTES} bytes, this one {len(request.body)}"
            raise DoorError(413, "webhook_too_large", "This is too large", detail=detail)
        verify(request.headers.get("x-shopify-hmac-sha256", ""), request.body, self._secrets)
        topic = request.headers.get("x-shopify-topic", "")[:_LONGEST_ID]
        webhook_id = request.headers.get("x-shopify-webhook-id", "")
        if not webhook_id or len(webhook_id) > _LONGEST_ID or not webhook_id.isprintable():
            raise _unreadable("there is no X-Shopify-Webhook-Id header")
        order_id = order_of(request.body)
        kept = {"topic": topic, "event": request.headers.get("x-shopify-event-id", "")[:_LONGEST_ID]}
        raw = RawDocument(KIND, request.body, external_id=f"webhook:{webhook_id}", headers=kept)
        receipt = await desk.receive(raw)
        if order_id is not None and not receipt.duplicate:
            self._want(order_id, desk)
        return DoorResponse(HTTPStatus.OK, b'{"received":true}')

    def _want(self, order_id: str, desk: Desk) -> None:
        """Fetch an order soon; several webhooks about it at once are one fetch."""
        self._wanted[order_id] = desk
        if len(self._tasks) < _AT_ONCE:
            task = asyncio.create_task(self._work(), name="shopify orders")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        while self._wanted:
            order_id = next(iter(self._wanted))
            desk = self._wanted.pop(order_id)
            try:
                await self._fetcher.fetch(order_id, desk)
            except HubError as error:
                log.warning("shopify: order not fetched, the poll will", order=order_id, reason=str(error))
            except Exception:
                log.exception("shopify: order not fetched, the poll will", order=order_id)


def verify(signature: str, body: bytes, secrets: Sequence[SecretStr]) -> None:
    """Refuse a body that is not signed with one of `secrets`: base64 of HMAC-SHA256 over the raw bytes.

    Shopify signs no time, so nothing tells a recorded webhook from a repeated one: it is known by its id, and as news
    it only has an order fetched as it is now.
    """
    given, genuine = signature.encode("utf-8", "replace"), False
    for secret in secrets:
        digest = hmac.digest(secret.get_secret_value().encode(), body, "sha256")
        genuine |= hmac.compare_digest(base64.b64encode(digest), given)
    if not genuine:
        detail = "X-Shopify-Hmac-SHA256 is not that of this body under a client secret of this connector"
        raise DoorError(
            HTTPStatus.UNAUTHORIZED, "signature_invalid", "This is not from Shopify", detail=detail
        )


def order_of(body: bytes) -> str | None:
    """Return the order that a webhook is about; None for one that is about no order."""
    try:
        said: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _unreadable(f"the body is signed, but it is not JSON: {error}") from error
    if not isinstance(said, dict):
        raise _unreadable("the body is signed, but it is not a JSON object")
    news = cast("dict[str, Any]", said)
    edit: object = news.get("order_edit")
    holder = cast("dict[str, Any]", edit) if isinstance(edit, dict) else news
    own: object = news.get("admin_graphql_api_id")
    if isinstance(own, str) and own.startswith("gid://shopify/Order/"):
        return own if own.rpartition("/")[2].isdecimal() else None
    named: object = holder.get("order_id")
    return gid("Order", str(named)) if isinstance(named, int) and not isinstance(named, bool) else None


def _unreadable(detail: str) -> DoorError:
    return DoorError(HTTPStatus.BAD_REQUEST, "webhook_unreadable", "This is no webhook", detail=detail)
