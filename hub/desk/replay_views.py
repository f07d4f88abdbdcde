"""How replays are shown."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from hub.desk.base import View


class Replayed(View):
    """A replay that was sent off. `item_id` is new; `failure_id` is closed or opened again by its outcome."""

    item_id: UUID
    failure_id: UUID | None = None
    message_id: UUID | None = None
    effect_id: UUID | None = None


class ReplayMode(StrEnum):
    """How a replay of many goes."""

    ALL = "all"
    CANARY = "canary"
    """One first; once that has come through, ten, a hundred, and the rest. A failure that comes back stops it."""


class ReplayState(StrEnum):
    """Where a replay of many stands."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


class SignatureCount(View):
    """How many of a replay's failures are of one kind."""

    signature: str
    count: int


class ReplayStatus(View):
    """A replay of many: a frozen list, and how far it has come.

    `counts`: planned (not sent yet), skipped, replaying, resolved, failed_again, discarded.
    """

    id: UUID
    state: ReplayState
    mode: ReplayMode | None
    actor: str
    selection: str
    total: int
    orders: int
    signatures: tuple[SignatureCount, ...]
    counts: dict[str, int]
    reason: str | None
    """Why it was stopped."""
    recorded_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ReplayItemView(View):
    """One failure of a replay. `reason` says why it was skipped."""

    seq: int
    failure_id: UUID
    status: str
    reason: str | None
    item_id: UUID | None
