"""How replays are shown."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from hub.desk.base import View


class Replayed(View):
    """A replay that was sent off. `item_id` is new; `failure_id` is closed or opened again by its outcome."""

    item_id: UUID
    failure_id: UUID | None = None
    message_id: UUID | None = None
    effect_id: UUID | None = None


class ReplayVerb(StrEnum):
    """What a replay of many is for."""

    FAILED = "failed"
    """Recover what failed: open failures."""
    UNSENT = "unsent"
    """Do what was never done: messages that were stored and have no outcome, effects that were never sent."""
    ALL = "all"
    """Read everything of a selection once more, whatever became of it. What was done stays done."""


class ReplayMode(StrEnum):
    """How a replay of many goes."""

    ALL = "all"
    CANARY = "canary"
    """One first; once that has come to its end in the business, five, twenty-five, and the rest."""


class ReplayOrdering(StrEnum):
    """Who goes first. Within one order it is always what came first."""

    AGE = "age"
    SHIP_BY = "ship_by"
    """The orders whose ship-by comes first; those without one behind them, by age."""


class ReplayState(StrEnum):
    """Where a replay of many stands."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    """Everything has been sent, and has its outcome or waits for something that is not there yet."""
    STOPPED = "stopped"
    """It can be continued, with what was not sent and what failed again."""


class SignatureCount(View):
    """How many of a replay's items are of one kind."""

    signature: str
    count: int


class SortCount(View):
    """How many of a replay's items came from one connector, as one kind of document, for one channel."""

    connector: str
    kind: str
    channel: str | None
    count: int


class MappingChange(View):
    """A mapping that items failed with, and the one that reads them now; `now` is None where it is gone."""

    failed_with: str
    now: str | None
    count: int

    @property
    def changed(self) -> bool:
        """Say whether it is another one than it was."""
        return self.now != self.failed_with


class Manifest(View):
    """What a plan was found to hold when it was made; it never changes."""

    sorts: tuple[SortCount, ...] = ()
    orders: int = 0
    money: dict[str, Decimal] = {}
    """The totals of its orders, each counted once, by currency."""
    money_unknown: int = 0
    """Items about no order that is known or can be read: what they are worth, nobody can say."""
    refused: int = 0
    """Items that can't be replayed; each says why."""
    code: str = ""
    """The version of orderhub."""
    mappings: str | None = None
    """The digest of the set of mappings."""
    changes: tuple[MappingChange, ...] = ()
    approval: str | None = None
    """Why a second person must agree."""


class ReplayStatus(View):
    """A replay of many: a frozen list, and how far it has come.

    `counts`: planned (not sent yet), skipped, replaying, waiting (for its order, or behind a failure), resolved,
    failed_again, rejected (by the partner), discarded.
    """

    id: UUID
    state: ReplayState
    verb: ReplayVerb
    mode: ReplayMode | None
    ordering: ReplayOrdering
    actor: str
    """Who made the plan."""
    run_by: str | None
    """Who began it, or continued it last."""
    selection: str
    total: int
    orders: int
    signatures: tuple[SignatureCount, ...]
    manifest: Manifest
    counts: dict[str, int]
    needs_approval: bool
    approved_by: str | None
    approved_at: datetime | None
    reason: str | None
    """Why it was stopped, or what a canary waits for."""
    recorded_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def left(self) -> int:
        """How many have not been sent."""
        return self.counts.get("planned", 0)

    @property
    def over(self) -> int:
        """How many have come to an end, or wait for something that is not there."""
        return self.total - self.left - self.counts.get("replaying", 0)

    @property
    def can_run(self) -> bool:
        """Whether there is something that could be begun or continued."""
        again = self.counts.get("failed_again", 0) if self.state is ReplayState.STOPPED else 0
        return self.state in {ReplayState.PLANNED, ReplayState.STOPPED} and bool(self.left or again)


class ReplayItemView(View):
    """One item of a replay. `what`: failure, message or effect. `reason` says why it was skipped."""

    seq: int
    what: str
    failure_id: UUID | None
    message_id: UUID | None
    effect_id: UUID | None
    order_id: UUID | None
    signature: str
    status: str
    reason: str | None
    item_id: UUID | None
    sent_at: datetime | None
    sent_with: str | None
    """The versions of code and mappings that it was sent with."""
    mapping: str | None
    """The mapping that its message was last read with."""
