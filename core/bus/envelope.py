"""What travels: items, in envelopes, so that a commit costs one message per queue and not one per item.

On the wire an item has the attribute names of CloudEvents 1.0, with `attempt` beside them. An envelope is
``{"v":1,"items":[...]}``. `data` stays the text that it is, so that it comes out to the byte as it went in.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

import orjson

from core.errors import HubError

MAX_ITEMS = 64
MAX_BYTES = 32 * 1024
WIRE_VERSION = 1
SOURCE = "orderhub"
ENVELOPE_TYPE = "application/vnd.orderhub.envelope+json"
EVENT_TYPE = "application/cloudevents+json"

Key = tuple[UUID, int]
"""An item's id and attempt: what the outbox and the inbox know it by."""

T = TypeVar("T")

_HEAD, _COMMA, _TAIL = b'{"v":%d,"items":[' % WIRE_VERSION, b",", b"]}"
_ATTRIBUTES_BYTES = 420
"""About what an item's attributes take beside its data."""


class EnvelopeError(HubError):
    """Bytes are no envelope, or an item can't be written into one. `field` says where: `items[2].attempt`."""

    def __init__(self, reason: str, *, field: str = "", value: object = None) -> None:
        shown = f": {value!r:.80}" if value is not None else ""
        super().__init__(f"{field or 'envelope'}{shown}: {reason}")
        self.reason, self.field, self.value = reason, field, value


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of work or news. `data` is JSON text, which the bus never looks into."""

    id: UUID
    type: str
    """The name of the event's, command's or document's kind."""
    subject: str | None
    """The order's id."""
    attempt: int
    """1 at first; a retry has the same id and the next attempt."""
    time: datetime
    """Aware."""
    correlation_id: UUID
    causation_id: UUID | None
    data: str
    traceparent: str | None = None

    @property
    def key(self) -> Key:
        """What tells this attempt from every other item."""
        return self.id, self.attempt

    @property
    def size_bytes(self) -> int:
        """About how much memory and wire it takes."""
        return len(self.data) + _ATTRIBUTES_BYTES


@dataclass(frozen=True, slots=True)
class Envelope:
    """Items that one commit produced for one queue."""

    queue: str
    items: tuple[Item, ...]


def split(items: Iterable[T], size_of: Callable[[T], int], overhead: int = 0) -> Iterator[list[T]]:
    """Divide into runs of at most `MAX_ITEMS` and `MAX_BYTES`, in order; what is larger goes alone."""
    run: list[T] = []
    size = overhead
    for item in items:
        more = size_of(item) + len(_COMMA)
        if run and (len(run) == MAX_ITEMS or size + more > MAX_BYTES):
            yield run
            run, size = [], overhead
        run.append(item)
        size += more
    if run:
        yield run


def pack(queue: str, items: Sequence[Item]) -> tuple[tuple[Envelope, bytes], ...]:
    """Return the envelopes that carry `items`, each with its bytes. Raises `EnvelopeError`."""
    encoded = [(item, _encode(item)) for item in items]
    runs = split(encoded, lambda pair: len(pair[1]), len(_HEAD) + len(_TAIL))
    return tuple(
        (
            Envelope(queue, tuple(item for item, _ in run)),
            _HEAD + _COMMA.join(part for _, part in run) + _TAIL,
        )
        for run in runs
    )


def unpack(queue: str, body: bytes) -> Envelope:
    """Read an envelope; raise `EnvelopeError` with the field and value that are not as agreed."""
    try:
        document: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise EnvelopeError(f"this is not JSON ({error})", value=body[:80]) from error
    if not isinstance(document, dict):
        raise EnvelopeError("an envelope is an object", value=document)
    fields = cast("dict[str, object]", document)
    version, found = fields.get("v"), fields.get("items")
    if version != WIRE_VERSION:
        raise EnvelopeError(f"this worker reads version {WIRE_VERSION}: update it", field="v", value=version)
    items = cast("list[object]", found) if isinstance(found, list) else []
    if not items:
        raise EnvelopeError("an envelope holds one or more items", field="items")
    return Envelope(queue, tuple(_decode(item, n) for n, item in enumerate(items)))


def cloud_event(item: Item) -> bytes:
    """Write one item for outside subscribers: a CloudEvent in JSON, its data a JSON value and not a text."""
    try:
        data = orjson.Fragment(item.data)
        orjson.loads(item.data)
        content = {**_attributes(item), "datacontenttype": "application/json", "data": data}
        return orjson.dumps(content, default=_driver_id)
    except (TypeError, orjson.JSONDecodeError) as error:
        raise EnvelopeError(f"event {item.id} can't be written as JSON ({error})", field="data") from error


def _attributes(item: Item) -> dict[str, Any]:
    found = {
        "specversion": "1.0",
        "id": item.id,
        "type": item.type,
        "source": SOURCE,
        "subject": item.subject,
        "time": item.time,
        "correlationid": item.correlation_id,
        "causationid": item.causation_id,
        "traceparent": item.traceparent,
        "attempt": item.attempt,
    }
    return {name: value for name, value in found.items() if value is not None}


def _driver_id(value: object) -> str:
    """Write an id that a database's driver made: orjson knows `UUID` itself, and none of its subclasses."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} can't be written as JSON")


def _encode(item: Item, data: str | None = None) -> bytes:
    if item.time.tzinfo is None:
        raise EnvelopeError(f"the time of item {item.id} has no zone", field="time", value=item.time)
    try:
        content = {**_attributes(item), "data": item.data if data is None else data}
        return orjson.dumps(content, default=_driver_id)
    except TypeError as error:  # a lone surrogate
        raise EnvelopeError(f"item {item.id} can't be written as JSON ({error})", field="data") from error


def _decode(found: object, n: int) -> Item:
    if not isinstance(found, dict):
        raise EnvelopeError("an item is an object", field=f"items[{n}]", value=found)
    fields = _Fields(cast("dict[str, object]", found), n)
    attempt = fields.take("attempt", int)
    if isinstance(attempt, bool) or attempt < 1:
        raise EnvelopeError("attempts count from 1", field=f"items[{n}].attempt", value=attempt)
    return Item(
        id=fields.uuid("id"),
        type=fields.take("type", str),
        subject=fields.maybe("subject"),
        attempt=attempt,
        time=fields.time("time"),
        correlation_id=fields.uuid("correlationid"),
        causation_id=fields.uuid("causationid") if fields.maybe("causationid") else None,
        data=fields.take("data", str),
        traceparent=fields.maybe("traceparent"),
    )


class _Fields:
    """The members of one item, read with errors that name them."""

    __slots__ = ("_found", "_n")

    def __init__(self, found: dict[str, object], n: int) -> None:
        self._found, self._n = found, n

    def take(self, name: str, kind: type[T]) -> T:
        value = self._found.get(name)
        if not isinstance(value, kind):
            raise self._error(name, f"must be {'a number' if kind is int else 'a text'}")
        return value

    def maybe(self, name: str) -> str | None:
        return self.take(name, str) if self._found.get(name) is not None else None

    def uuid(self, name: str) -> UUID:
        try:
            return UUID(self.take(name, str))
        except ValueError as error:
            raise self._error(name, "must be a UUID") from error

    def time(self, name: str) -> datetime:
        try:
            time = datetime.fromisoformat(self.take(name, str))
        except ValueError as error:
            raise self._error(name, "must be a time by RFC 3339") from error
        if time.tzinfo is None:
            raise self._error(name, "must have a zone")
        return time

    def _error(self, name: str, reason: str) -> EnvelopeError:
        return EnvelopeError(reason, field=f"items[{self._n}].{name}", value=self._found.get(name))


def write_item(item: Item, data: str | None = None) -> str:
    """Write one item as the text that its outbox row keeps, with `data` in place of its own. Raises `EnvelopeError`."""
    return _encode(item, data).decode()


def read_item(text: str) -> Item:
    """Read an item as an outbox row keeps it. Raises `EnvelopeError`."""
    return _decode(orjson.loads(text), 0)
