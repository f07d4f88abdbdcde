"""How failures are shown."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from hub.desk.base import Entry, View
from hub.desk.masking import MASK, masked_reason

Problems = tuple[dict[str, str | int], ...]


class FailureSummary(Entry):
    """A message or effect that failed. `status`: open, replaying, resolved or discarded."""

    signature: str
    """What failures of one kind have in common."""
    status: str
    stage: str
    error: str
    reason: str
    connector: str
    mapping: str | None
    message_id: UUID | None
    effect_id: UUID | None
    order_id: UUID | None
    claimed_by: str | None
    claimed_at: datetime | None
    replayed_as: UUID | None
    closed_by: str | None
    closed_reason: str | None
    recorded_at: datetime
    closed_at: datetime | None


class ExcerptLine(View):
    """A line of the raw document. `number` counts from 1."""

    number: int
    text: str
    problem: bool


class FailureDetail(FailureSummary):
    """A failure with every problem and its position, and the raw document around the first."""

    problems: Problems
    excerpt: tuple[ExcerptLine, ...]
    unreadable: str | None
    """Why the raw document can't be shown, if it can't."""
    masked: bool
    current_message_id: UUID | None
    """The message that a replay reads: the edited one, once there is one."""
    held_up: int
    """How many messages of its order wait for it."""


class FailureGroup(View):
    """Failures of one kind that are open or being replayed."""

    signature: str
    connector: str
    stage: str
    error: str
    mapping: str | None
    open: int
    replaying: int
    claimed: int
    orders: int
    first_at: datetime
    last_at: datetime


def problems_of(row: Any, *, masked: bool) -> Problems:
    """Return a failure's problems; values may be somebody's."""
    found: list[dict[str, str | int]] = orjson.loads(row["details"]) if row["details"] else []
    if not masked:
        return tuple(found)
    return tuple({k: MASK if k == "value" else v for k, v in p.items()} for p in found)


def shown_reason(row: Any, *, masked: bool) -> str:
    """Return why something failed, without the document's values for those who may not see people."""
    reason: str = row["reason"]
    if not masked or row["stage"] in _HARMLESS:
        return reason
    return masked_reason(problems_of(row, masked=True), row["error"])


_HARMLESS = frozenset({"load", "locate", "crash", "master data", "rules"})
"""Stages whose reasons name ids and SKUs only."""
