"""`orderhub replay`: plan, preview, run, try on one first, stop and continue what is done once more."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from hub.cli import replay_looks as looks
from hub.cli.failing import Failure
from hub.cli.finding import find_any, find_id
from hub.cli.looks import table
from hub.cli.replay_choosing import (
    AllOption,
    ByOption,
    Choice,
    ConnectorOption,
    FailuresOption,
    GroupOption,
    IdsArgument,
    KeyOption,
    KindOption,
    OrderOption,
    ReasonOption,
    SinceOption,
    StageOption,
    StatusOption,
    UnsentOption,
    UntilOption,
)
from hub.cli.replay_editing import send_edited
from hub.cli.replay_watching import begin
from hub.cli.session import Session, command, group

if TYPE_CHECKING:
    from hub.desk.context import DeskContext
    from hub.desk.replay_views import Replayed, ReplayStatus

replay = group("Replay what failed, from its stored bytes, through today's mappings and rules.")

PlanArgument = Annotated[
    str, typer.Argument(metavar="PLAN", help="A plan's id, or its last six digits or more.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before replaying many.")]
WaitOption = Annotated[bool, typer.Option("--wait/--no-wait", help="Stay until it is over.")]
LimitOption = Annotated[int, typer.Option(min=1, max=200, help="How many a preview goes through.")]


@command(replay, "plan", actor=True)
async def plan_replay(
    session: Session,
    ids: IdsArgument = None,
    unsent: UnsentOption = False,
    every: AllOption = False,
    failures: FailuresOption = False,
    signature: GroupOption = None,
    connector: ConnectorOption = None,
    stage: StageOption = None,
    kind: KindOption = None,
    state: StatusOption = None,
    order: OrderOption = None,
    key: KeyOption = None,
    from_time: SinceOption = None,
    to_time: UntilOption = None,
    by: ByOption = "age",
    reason: ReasonOption = "",
    dry: Annotated[bool, typer.Option("--dry-run", help="Make no plan: show what it would do.")] = False,
    limit: LimitOption = 20,
) -> None:
    """Fix a list of what will be replayed, with counts and the money at stake. Nothing moves yet.

    Examples: `orderhub replay plan --since 2h`, `orderhub replay plan --unsent`,
    `orderhub replay plan --all --connector shop --since 1d --reason "stock was wrong" --dry-run`
    """
    choice = Choice(
        tuple(ids or ()), unsent, every, failures, signature, connector, stage, kind, state, order, key,
        from_time, to_time, by, reason,
    )  # fmt: skip
    if dry:
        await _previewed(session, choice, limit)
        return
    from hub.desk import replays as desk

    async with session.desk() as ctx:
        result = await desk.make_plan(ctx, session.principal, await choice.selection(ctx))
        now = ctx.clock.now()
    session.out.show(result, lambda: [*looks.manifest(result), looks.drawn(result, now)])


@command(replay, "preview", actor=True)
async def preview_replay(
    session: Session,
    ids: IdsArgument = None,
    unsent: UnsentOption = False,
    every: AllOption = False,
    failures: FailuresOption = False,
    signature: GroupOption = None,
    connector: ConnectorOption = None,
    stage: StageOption = None,
    kind: KindOption = None,
    state: StatusOption = None,
    order: OrderOption = None,
    key: KeyOption = None,
    from_time: SinceOption = None,
    to_time: UntilOption = None,
    by: ByOption = "age",
    limit: LimitOption = 20,
) -> None:
    """Show what a plan, or a selection, would store and send with today's mappings and rules. Nothing is done.

    Examples: `orderhub replay preview 7c1e02aa`, `orderhub replay preview --group "shop | read | DocumentError"`
    """
    choice = Choice(
        tuple(ids or ()), unsent, every, failures, signature, connector, stage, kind, state, order, key,
        from_time, to_time, by, "a preview",
    )  # fmt: skip
    await _previewed(session, choice, limit)


@command(replay, "run", actor=True)
async def run_replay(
    session: Session,
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="A plan; or failures, or one message, by their ids."),
    ] = None,
    failures: FailuresOption = False,
    signature: GroupOption = None,
    connector: ConnectorOption = None,
    stage: StageOption = None,
    order: OrderOption = None,
    from_time: SinceOption = None,
    by: ByOption = "age",
    edit: Annotated[bool, typer.Option("--edit", help="Edit the document first, in $EDITOR.")] = False,
    with_file: Annotated[
        Path | None,
        typer.Option("--with", metavar="FILE", help="Send this document in the place of the failed one."),
    ] = None,
    reason: ReasonOption = "",
    force: Annotated[bool, typer.Option("--force", help="Also where somebody else has claimed it.")] = False,
    yes: YesOption = False,
    wait: WaitOption = True,
) -> None:
    """Replay a plan, a failure, several, or all of a kind. What was done already is never done twice.

    A plan that was stopped is continued. Examples: `orderhub replay run 7c1e02aa`,
    `orderhub replay run 7c1e02aa --edit --reason "wrong country"`,
    `orderhub replay run --group "warehouse | read | DocumentError | warehouse/dispatch"`
    """
    async with session.desk() as ctx:
        if edit or with_file is not None:
            result = await send_edited(session, ctx, ids or [], with_file, reason, force=force)
            session.out.show(result, lambda: looks.sent(result))
            return
        choice = Choice(
            tuple(ids or ()), failures=failures, group=signature, connector=connector, stage=stage, order=order,
            since=from_time, by=by, reason=reason,
        )  # fmt: skip
        if ids and len(ids) == 1 and not choice.narrows:
            found, one = await find_any(ctx, ("replay", "failure", "message"), ids[0])
            if found != "replay":
                result = await _one(session, ctx, found, one, force=force)
                session.out.show(result, lambda: looks.sent(result))
                return
        await begin(session, ctx, await _planned(session, ctx, choice), canary=False, yes=yes, wait=wait)


@command(replay, "canary", actor=True)
async def canary_replay(
    session: Session,
    ids: IdsArgument = None,
    failures: FailuresOption = False,
    signature: GroupOption = None,
    connector: ConnectorOption = None,
    stage: StageOption = None,
    order: OrderOption = None,
    from_time: SinceOption = None,
    by: ByOption = "age",
    within_s: Annotated[
        int | None,
        typer.Option("--within", min=1, metavar="SECONDS", help="How long to wait for each step's end."),
    ] = None,
    yes: YesOption = False,
    wait: WaitOption = True,
) -> None:
    """Replay one first, wait until its order has come to its end with every partner, then 5, 25, and the rest.

    It stops by itself when the failure comes back, a partner refuses, or nothing is heard for too long.
    Examples: `orderhub replay canary 7c1e02aa`, `orderhub replay canary --group "shop | read | DocumentError"`
    """
    choice = Choice(
        tuple(ids or ()), failures=failures, group=signature, connector=connector, stage=stage, order=order,
        since=from_time, by=by,
    )  # fmt: skip
    async with session.desk() as ctx:
        made = await _planned(session, ctx, choice)
        await begin(session, ctx, made, canary=True, yes=yes, wait=wait, wait_s=within_s)


@command(replay, "approve", actor=True)
async def approve_replay(session: Session, plan: PlanArgument) -> None:
    """Agree to a plan that somebody else has made, so that it may run."""
    from hub.desk import replays as desk

    async with session.desk() as ctx:
        result = await desk.approve(ctx, session.principal, await find_id(ctx, "replay", plan))
        now = ctx.clock.now()
    session.out.show(result, lambda: [*looks.manifest(result), looks.drawn(result, now)])


@command(replay, "stop", actor=True)
async def stop_replay(
    session: Session,
    plan: PlanArgument,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why.")] = "",
) -> None:
    """Send no more of a replay. What has been sent goes on; `orderhub replay run` continues with the rest."""
    from hub.desk import replays as desk

    async with session.desk() as ctx:
        result = await desk.stop(ctx, session.principal, await find_id(ctx, "replay", plan), reason)
        now = ctx.clock.now()
    session.out.show(result, lambda: looks.drawn(result, now))


@command(replay, "status", actor=True)
async def replay_status(
    session: Session,
    plan: Annotated[
        str | None, typer.Argument(metavar="[PLAN]", help="A plan's id, or its last six digits or more.")
    ] = None,
) -> None:
    """Show what a plan holds and how far it has come, or list the newest plans and replays."""
    from hub.desk import replays as desk

    wide = session.out.wide
    async with session.desk() as ctx:
        now = ctx.clock.now()
        if plan is None:
            found = await desk.list_replays(ctx, session.principal)
            session.out.show(
                found, lambda: table(looks.replays(now), found, wide=wide, empty="nothing was replayed yet")
            )
            return
        replay_id = await find_id(ctx, "replay", plan)
        result = await desk.status(ctx, session.principal, replay_id)
        items = await desk.list_items(ctx, session.principal, replay_id, limit=desk.MOST_FAILURES)
    session.out.show(
        {**result.model_dump(mode="json"), "items": items},
        lambda: [*looks.manifest(result), looks.drawn(result, now), *looks.items(items, wide=wide)],
    )


async def _previewed(session: Session, choice: Choice, limit: int) -> None:
    from hub.desk import preview as desk

    async with session.desk() as ctx:
        plan = await _named_plan(ctx, choice)
        if plan is not None:
            result = await desk.preview_plan(ctx, session.principal, plan, limit=limit)
        else:
            result = await desk.preview(ctx, session.principal, await choice.selection(ctx), limit=limit)
    session.out.show(result, lambda: looks.preview(result, wide=session.out.wide))


async def _named_plan(ctx: "DeskContext", choice: Choice) -> UUID | None:
    """Return the plan that is named, if it is a plan."""
    if len(choice.ids) != 1 or choice.narrows:
        return None
    found, one = await find_any(ctx, ("replay", "failure"), choice.ids[0])
    return one if found == "replay" else None


async def _planned(session: Session, ctx: "DeskContext", choice: Choice) -> "ReplayStatus":
    """Return the plan that is named, or make one of a selection."""
    from hub.desk import replays as desk

    named = await _named_plan(ctx, choice)
    if named is not None:
        return await desk.status(ctx, session.principal, named)
    return await desk.make_plan(ctx, session.principal, await choice.selection(ctx))


async def _one(session: Session, ctx: "DeskContext", kind: str, one: UUID, *, force: bool) -> "Replayed":
    from hub.desk import replay as desk

    if kind == "message":
        return await desk.replay_message(ctx, session.principal, one)
    if kind == "failure":
        return await desk.replay_failure(ctx, session.principal, one, force=force)
    raise Failure(f"{kind} {one} is nothing that is replayed by itself")
