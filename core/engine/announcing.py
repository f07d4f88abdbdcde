"""Telling outside systems of events: decided in the transaction of the event itself, so that none is lost or made up.

By queue: an outbox row, published to the exchange of events until the broker has confirmed it. By webhook: an effect
for each subscriber, with its ladder, its failure record, and its key. Either way an event has one id, wherever and
however often it is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import orjson

from canonical.commands import TellSubscriber
from canonical.events import Event
from canonical.order import Order
from core.bus.port import EVENTS, Item
from core.engine.cascade import Decision
from core.engine.changes import Changes, Posting
from core.engine.work import Work
from core.ids import named_id

UNSAID = frozenset({"actor", "text", "reason", "summary", "tenders", "fact_key"})
"""Fields that are not for outsiders, at any depth: people's names and words, and how somebody paid."""


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Who wants to know of which types of event."""

    queued: frozenset[str] = frozenset()
    """Told on the exchange of events, for whoever binds a queue to it."""
    webhooks: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """By the subscriber's name, which is its connector's."""


NOBODY = Subscriptions()


def announce(
    changes: Changes, work: Work, before: Order | None, decision: Decision, subscriptions: Subscriptions
) -> None:
    """Add what outside systems are to be told of a decision."""
    order = decision.order
    if order is None or subscriptions is NOBODY:
        return
    first = (before.version if before else 0) + 1
    for seq, event in enumerate(decision.events, start=first):
        name = type(event).__name__
        wanted = [who for who, types in sorted(subscriptions.webhooks.items()) if name in types]
        if name not in subscriptions.queued and not wanted:
            continue
        recorded_at = event.recorded_at or changes.now
        event_id = named_id(f"event:{order.id}:{seq}", recorded_at)
        data = said(order, seq, event)
        if name in subscriptions.queued:
            item = Item(
                id=event_id, type=name, subject=str(order.id), attempt=1, time=recorded_at,
                correlation_id=work.item.correlation_id, causation_id=work.message_id, data=data,
                traceparent=work.item.traceparent,
            )  # fmt: skip
            changes.postings.append(Posting(EVENTS, item))
        for who in wanted:
            command = TellSubscriber(
                order_id=order.id, connector=who, key=f"tell:{who}:{order.id}:{seq}", event_id=event_id,
                event=name, recorded_at=recorded_at, correlation_id=work.item.correlation_id, data=data,
            )  # fmt: skip
            changes.commanded(work, command)


def said(order: Order, seq: int, event: Event) -> str:
    """Return what outsiders are told: the order by its names, the event's place in its life, and the event."""
    whole = orjson.loads(event.model_dump_json(exclude_defaults=True, exclude={"order_id", "recorded_at"}))
    names = {"id": order.id, "channel": order.channel, "reference": order.channel_ref, "version": seq}
    return orjson.dumps({"order": names, "event": _without(whole)}, default=_driver_id).decode()


def _without(value: Any) -> Any:
    match value:
        case dict():
            fields = cast("Mapping[str, Any]", value)
            return {name: _without(inner) for name, inner in fields.items() if name not in UNSAID}
        case list():
            items = cast("Sequence[Any]", value)
            return [_without(inner) for inner in items]
        case _:
            return value


def _driver_id(value: object) -> str:
    """Write an id that a database's driver made: orjson knows `UUID` itself, and none of its subclasses."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} can't be written as JSON")
