"""What a replay of many is about, as the command line says it: ids, or a selection."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from hub.cli.failing import Failure
from hub.cli.finding import find_id, find_order
from hub.cli.words import since

if TYPE_CHECKING:
    from hub.desk.context import DeskContext
    from hub.desk.replay_plans import Selection

IdsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="Failures, by their ids; or one plan.")
]
UnsentOption = Annotated[
    bool, typer.Option("--unsent", help="What was never done: stored without an outcome, never sent.")
]
AllOption = Annotated[
    bool, typer.Option("--all", help="Everything of the selection, whatever became of it; needs --reason.")
]
GroupOption = Annotated[str | None, typer.Option("--group", help="Failures of one kind.")]
FailuresOption = Annotated[
    bool, typer.Option("--failures", help="All open failures, without a narrower choice.")
]
ConnectorOption = Annotated[str | None, typer.Option(help="Of one connector.")]
StageOption = Annotated[str | None, typer.Option(help="Failures of one stage: read, rules, send, ...")]
KindOption = Annotated[
    str | None, typer.Option(help="Messages of one kind: order, dispatch, ... (--unsent, --all)")
]
StatusOption = Annotated[str | None, typer.Option("--status", help="Messages of one status (--all).")]
OrderOption = Annotated[str | None, typer.Option(help="Of one order.")]
KeyOption = Annotated[str | None, typer.Option(help="Messages with a business key (--unsent, --all).")]
SinceOption = Annotated[str | None, typer.Option("--since", help="Since 2h, 3d, 2026-11-20, ...")]
UntilOption = Annotated[str | None, typer.Option("--until", help="Until 1h ago, 2026-11-21, ...")]
ByOption = Annotated[
    str,
    typer.Option(
        "--by", metavar="age|ship-by", help="Who goes first: the oldest, or what must be shipped first."
    ),
]
ReasonOption = Annotated[str, typer.Option("--reason", "-r", help="Why; kept in the audit log.")]


@dataclass(frozen=True, slots=True)
class Choice:
    """What was said on the command line."""

    ids: tuple[str, ...] = ()
    unsent: bool = False
    every: bool = False
    failures: bool = False
    group: str | None = None
    connector: str | None = None
    stage: str | None = None
    kind: str | None = None
    status: str | None = None
    order: str | None = None
    key: str | None = None
    since: str | None = None
    until: str | None = None
    by: str = "age"
    reason: str = ""

    @property
    def narrows(self) -> bool:
        """Whether a selection is said."""
        fields = (
            self.group,
            self.connector,
            self.stage,
            self.kind,
            self.status,
            self.order,
            self.key,
            self.since,
            self.until,
        )
        return self.failures or self.unsent or self.every or any(field is not None for field in fields)

    async def selection(self, ctx: "DeskContext") -> "Selection":
        """Return it as the desk understands it; raises `Failure` for what does not go together."""
        from hub.desk.failures import FailureFilter
        from hub.desk.messages import MessageFilter
        from hub.desk.replay_plans import Selection
        from hub.desk.replay_views import ReplayOrdering, ReplayVerb

        self._must_fit()
        now = ctx.clock.now()
        common: dict[str, Any] = {
            "connector": self.connector,
            "order_id": await find_order(ctx, self.order) if self.order else None,
            "since": since(self.since, now),
            "until": since(self.until, now),
        }
        ordering = ReplayOrdering.SHIP_BY if self.by == "ship-by" else ReplayOrdering.AGE
        if self.unsent or self.every:
            messages = MessageFilter(kind=self.kind, status=self.status, key=self.key, **common)
            verb = ReplayVerb.UNSENT if self.unsent else ReplayVerb.ALL
            return Selection(verb=verb, messages=messages, ordering=ordering, reason=self.reason)
        ids: list[UUID] = [await find_id(ctx, "failure", text) for text in self.ids]
        if ids:
            return Selection(ids=tuple(ids), ordering=ordering, reason=self.reason)
        failures = FailureFilter(signature=self.group, stage=self.stage, **common)
        return Selection(failures=failures, ordering=ordering, reason=self.reason)

    def _must_fit(self) -> None:
        if bool(self.ids) == self.narrows:
            raise Failure(
                "say what to replay: ids, or --group, --connector, --stage, --order, --since, --failures, "
                "--unsent, --all",
                usage=True,
            )
        if self.unsent and self.every:
            raise Failure("--unsent or --all: one of them", usage=True)
        if self.by not in {"age", "ship-by"}:
            raise Failure(f"--by is age or ship-by, not {self.by!r}", usage=True)
        of_failures = self.group is not None or self.stage is not None
        of_messages = self.kind is not None or self.key is not None or self.status is not None
        if (self.unsent or self.every) and of_failures:
            raise Failure("--group and --stage choose failures: leave --unsent and --all away", usage=True)
        if not (self.unsent or self.every) and of_messages:
            raise Failure(
                "--kind, --key and --status choose messages: say --unsent or --all with them", usage=True
            )
