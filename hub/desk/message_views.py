"""How messages are shown."""

from datetime import datetime
from typing import Any
from uuid import UUID

from hub.desk.base import Entry, View
from hub.desk.failure_views import Problems


class MessageSummary(Entry):
    """A stored message as a line of a list. `direction`: in, out or internal."""

    direction: str
    connector: str
    kind: str
    status: str
    order_id: UUID | None
    correlation_id: UUID | None
    causation_id: UUID | None
    replay_of: UUID | None
    external_id: str | None
    media_type: str
    size_bytes: int
    mapping: str | None
    reason: str | None
    recorded_at: datetime
    finished_at: datetime | None


class KeyView(View):
    """A name by which people find the message."""

    kind: str
    value: str


class Relative(View):
    """Another message of the same family."""

    id: UUID
    direction: str
    connector: str
    kind: str
    status: str
    recorded_at: datetime


class Lineage(View):
    """Where a message comes from, and what came of it. Causes: the nearest first."""

    causes: tuple[Relative, ...]
    children: tuple[Relative, ...]
    replays: tuple[Relative, ...]
    original: Relative | None


class ReadingView(View):
    """What the current mapping makes of the message: canonical documents, or every problem.

    `documents` are left out for those who may not see people; `types` are always there.
    """

    types: tuple[str, ...]
    documents: tuple[dict[str, Any], ...]
    problems: Problems
    reason: str | None = None


class MessageDetail(MessageSummary):
    """A message with its raw body. `body` is text; one that is no UTF-8 is shown as base64 (`encoding`)."""

    headers: dict[str, str]
    body: str | None
    encoding: str
    masked: bool
    unavailable: str | None
    """Why the content can't be shown: erased, over its retention, sealed by another key."""
    keys: tuple[KeyView, ...]
    lineage: Lineage
    failures: tuple[UUID, ...]
    effects: tuple[UUID, ...]
    """Effects that it asked for, or whose request it is."""
    reading: ReadingView | None
    """None for what no connector reads: outgoing and internal messages."""
