"""The bus described in AsyncAPI 3.0, as FastStream writes it: for people and programs outside the hub."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from faststream.rabbit import RabbitBroker
from faststream.specification.asyncapi import AsyncAPI
from pydantic import BaseModel, Field

from core.bus.port import DEAD
from core.bus.rabbit_topology import Topology, shown


class CloudEventAttributes(BaseModel):
    """CloudEvents 1.0."""

    specversion: Literal["1.0"]
    id: UUID = Field(description="The same for every attempt and every redelivery.")
    type: str = Field(description="The name of the event's, command's or document's kind.")
    source: str
    subject: str | None = Field(default=None, description="The order's id.")
    time: datetime
    correlationid: UUID
    causationid: UUID | None = None
    traceparent: str | None = Field(default=None, description="W3C Trace Context.")
    attempt: int = Field(ge=1)


class EnvelopeItem(CloudEventAttributes):
    """One item of an envelope."""

    data: str = Field(description="JSON, as text.")


class EnvelopeDocument(BaseModel):
    """What a queue's message holds: the items that one commit produced for the queue."""

    v: Literal[1]
    items: tuple[EnvelopeItem, ...] = Field(min_length=1)


class EventOrder(BaseModel):
    """The order that an event is about."""

    id: UUID
    channel: str
    reference: str = Field(description="The order's reference at its channel.")
    version: int = Field(
        ge=1, description="The event's place in the order's life: what came later has a higher one."
    )


class EventData(BaseModel):
    """What happened. Nothing in it names a person."""

    order: EventOrder
    event: dict[str, Any] = Field(
        description="The event's fields, without those that have their usual value."
    )


class EventDocument(CloudEventAttributes):
    """An event for outside systems, alone in its message. A webhook's body is the same."""

    datacontenttype: Literal["application/json"]
    data: EventData


def describe(url: str, topology: Topology) -> dict[str, Any]:
    """Return the document: who receives what from which queue, and which exchange tells the events."""
    broker = RabbitBroker(url, logger=None, specification_url=shown(url))
    for queue in topology.queues:
        _receive(broker, topology, queue)
    broker.publisher(
        exchange=topology.events,
        routing_key="*",
        persist=True,
        title=topology.events.name,
        description="Events of orders that `events` of hub.yaml names for queues, as CloudEvents 1.0: bind a durable "
        "queue of your own with the names as routing keys. Each comes at least once, with the same id.",
        schema=EventDocument,
    )
    document = AsyncAPI(
        broker,
        title="orderhub",
        version="1.0.0",
        description="The messages of the hub on RabbitMQ.",
    )
    return dict(document.to_specification().to_jsonable())


def _receive(broker: RabbitBroker, topology: Topology, queue: str) -> None:
    async def handle(envelope: EnvelopeDocument) -> None:
        """Fill a subscriber's place; this broker never connects."""

    dead = "Deliveries that were rejected for good or came too often, as they were."
    broker.subscriber(
        topology.queue(queue),
        title=topology.name(queue),
        description=dead if queue == DEAD else "Work of the hub's own: read it only to understand.",
    )(handle)
