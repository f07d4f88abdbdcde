"""Outside systems that subscribe to events by webhook: each is a connector that can only be told.

Signed in the manner of Standard Webhooks. The webhook's id is the event's, the same however often it is told, so that a
receiver takes each event once; for that reason nothing is ever in doubt here, and what failed is simply told again.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

import httpx

from canonical.commands import Command, TellSubscriber
from connectors.webstore.settings import secret_key
from connectors.webstore.signing import signed_headers, webhook_content
from core.bus.envelope import cloud_event
from core.bus.port import Item
from core.clock import Clock
from core.connector import Connector, Limits, OpenConnector, Resources
from core.errors import HubError, RetryableError, UnauthorisedError
from core.ports import Answer, Effect, EffectContext, Outgoing
from core.simulator import Simulator, Workshop
from hub.subscribers.settings import SubscriberSettings

MEDIA_TYPE = "application/cloudevents+json"
_KEPT = 4096
"""Bytes of an answer that are worth keeping."""
_NO_ENTRY = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class Telling:
    """The way to one subscriber. Fills `EffectPort`."""

    commands: frozenset[type[Command]] = frozenset({TellSubscriber})
    settle_s = 0.0

    def __init__(
        self, section: SubscriberSettings, clock: Clock, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.deadline_s = section.deadline_s
        self._url, self._clock = section.url, clock
        self._keys = [secret_key(secret) for secret in section.secrets]
        # Time-outs are the deadline's business; redirects would send events where nobody agreed to.
        self._http = httpx.AsyncClient(
            transport=transport, timeout=httpx.Timeout(None), follow_redirects=False, trust_env=False
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        """Write the event as a CloudEvent in JSON: the same as on the exchange of events."""
        told = _telling(command)
        item = Item(
            id=told.event_id, type=told.event, subject=str(told.order_id), attempt=1, time=told.recorded_at,
            correlation_id=told.correlation_id, causation_id=None, data=told.data,
        )  # fmt: skip
        return Outgoing(cloud_event(item), MEDIA_TYPE)

    async def send(self, effect: Effect) -> Answer:
        """Post it, signed as of now; any 2xx means that the subscriber has it."""
        webhook_id, outgoing = str(_telling(effect.command).event_id), effect.outgoing
        timestamp_s = int(self._clock.now().timestamp())
        content = webhook_content(webhook_id, timestamp_s, outgoing.body)
        headers = signed_headers(self._keys, webhook_id, timestamp_s, content)
        status, body, media_type = await self._post(
            outgoing.body, {**headers, "content-type": outgoing.media_type}
        )
        if status in _NO_ENTRY:
            raise UnauthorisedError(
                f"the subscriber answered {status}: compare its secrets with what it verifies with"
            )
        if not httpx.codes.is_success(status):
            hint = ": redirects are not followed" if httpx.codes.is_redirect(status) else ""
            raise RetryableError(f"the subscriber answered {status}{hint}")
        return Answer(reference=webhook_id, body=body, media_type=media_type)

    async def look_up(self, effect: Effect) -> Answer | None:
        """Say that it was not found: telling it again under its id is harmless."""
        return None

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes, str]:
        request = self._http.build_request("POST", self._url, headers=dict(headers), content=body)
        try:
            async with asyncio.timeout(self._clock.real_seconds(self.deadline_s)):
                response = await self._http.send(request, stream=True)
                try:
                    return response.status_code, await _beginning(response), _media_type(response)
                finally:
                    await response.aclose()
        except TimeoutError as error:
            raise RetryableError(f"the subscriber did not answer within {self.deadline_s:g} s") from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            reason = str(error) or type(error).__name__
            raise RetryableError(f"the subscriber could not be reached: {reason}") from error


async def _beginning(response: httpx.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) >= _KEPT:
            break
    return body[:_KEPT]


def _media_type(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "application/octet-stream"))


def _telling(command: Command) -> TellSubscriber:
    if not isinstance(command, TellSubscriber):
        raise TypeError(f"a subscriber is not asked to {type(command).__name__}")
    return command


def open_subscriber(name: str, section: SubscriberSettings, resources: Resources) -> OpenConnector:
    """Return a subscriber as a connector, so that it can be paused, resumed and looked at as any other."""
    telling = Telling(section, resources.clock)
    return OpenConnector(name=name, effects=(telling,), close=telling.close)


def _simulator(workshop: Workshop) -> Simulator:
    raise HubError(f"{workshop.name} subscribes to events: any HTTP server that answers 2xx can play it")


SUBSCRIBER = Connector(
    name="subscriber",
    summary="Outside systems that are told of events by signed webhooks",
    settings=SubscriberSettings,
    open=open_subscriber,
    simulator=_simulator,
    limits=Limits(concurrency=4),
)
"""Not in the catalogue: `events` of hub.yaml makes them."""
