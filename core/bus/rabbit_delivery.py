"""A delivery from RabbitMQ: one AMQP message, settled on the channel that it came by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from aio_pika import IncomingMessage

from core.bus.bounded import within
from core.bus.envelope import EnvelopeError, Item
from core.bus.port import DEAD, Delivery

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False, kw_only=True)
class RabbitDelivery(Delivery):
    """Settled at most once. Where its channel is gone, the broker hands its items out again by itself."""

    message: IncomingMessage
    limit_s: float
    on_settled: Callable[["RabbitDelivery"], None]
    settled: bool = False

    async def ack(self) -> None:
        await self._settle("ack", self.message.ack)

    async def reject(self, *, requeue: bool) -> None:
        again = requeue or self.queue == DEAD
        await self._settle("requeue" if again else "reject", lambda: self.message.reject(requeue=again))

    async def _settle(self, how: str, tell: Callable[[], Any]) -> None:
        if self.settled:
            return
        self.settled = True
        try:
            await within(self.limit_s, tell())
        except Exception as error:  # noqa: BLE001 - whatever the client raises, the items come again
            log.info("bus_delivery_not_settled", queue=self.queue, how=how, error=repr(error))
        finally:
            self.on_settled(self)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a message's body was read as: items, or a problem."""

    items: tuple[Item, ...] = ()
    problem: EnvelopeError | None = None


def delivery_of(
    message: IncomingMessage,
    queue: str,
    contents: Contents,
    without_prefix: Callable[[str], str],
    *,
    limit_s: float,
    on_settled: Callable[[RabbitDelivery], None],
) -> RabbitDelivery:
    """Describe a message as the engine wants it."""
    origin, reason = _death(message.headers) if queue == DEAD else (None, None)
    return RabbitDelivery(
        queue=queue,
        items=contents.items,
        redelivered_count=_redelivered_count(message),
        size_bytes=len(message.body),
        origin=without_prefix(origin) if origin else None,
        reason=reason,
        body=message.body,
        problem=contents.problem,
        message=message,
        limit_s=limit_s,
        on_settled=on_settled,
    )


def _redelivered_count(message: IncomingMessage) -> int:
    """Return the quorum queue's own count; it says nothing on the first delivery."""
    count = message.headers.get("x-delivery-count")
    return count if isinstance(count, int) else int(bool(message.redelivered))


def _death(headers: Mapping[str, Any]) -> tuple[str | None, str | None]:
    queue, reason = headers.get("x-first-death-queue"), headers.get("x-first-death-reason")
    return (queue if isinstance(queue, str) else None), (reason if isinstance(reason, str) else None)
