"""Beginning a replay of many, and staying with it."""

import asyncio
from typing import TYPE_CHECKING

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from hub.cli import replay_looks as looks
from hub.cli.failing import Failure
from hub.cli.session import Session

if TYPE_CHECKING:
    from hub.desk.context import DeskContext
    from hub.desk.replay_views import ReplayStatus

LOOK_S = 0.5
HINT_S = 10.0
_HINT = "nothing moves: does a hub run? Ctrl-C ends the waiting, and the replay goes on when one does"
_WAITING = (
    "{} of them wait for their order: each goes on by itself when it comes, and becomes a failure again when it does "
    "not; see `orderhub replay status {}`"
)


async def begin(
    session: Session,
    ctx: "DeskContext",
    plan: "ReplayStatus",
    *,
    canary: bool,
    yes: bool,
    wait: bool,
    wait_s: int | None = None,
) -> None:
    """Show what is planned, ask, begin or continue, and watch."""
    from hub.desk import replays as desk
    from hub.desk.replay_views import ReplayMode

    if not yes and not session.out.json:
        for part in looks.manifest(plan):
            session.out.console.print(part)
        goes = plan.left + (plan.counts.get("failed_again", 0) if plan.state.value == "stopped" else 0)
        if not typer.confirm(f"Replay these {goes} items of {plan.orders} orders?"):
            raise Failure(f"nothing was sent; the plan is kept as {plan.id}")
    mode = ReplayMode.CANARY if canary else ReplayMode.ALL
    confirmed = plan.left if plan.state.value == "planned" else None
    result = await desk.run(ctx, session.principal, plan.id, mode, confirm=confirmed, wait_s=wait_s)
    if wait:
        result = await _watched(session, ctx, result)
    if waiting := result.counts.get("waiting"):
        session.out.trouble(_WAITING.format(waiting, result.id), style="yellow")
    now = ctx.clock.now()
    items = await desk.list_items(ctx, session.principal, plan.id, limit=desk.MOST_FAILURES)
    session.out.show(result, lambda: [looks.drawn(result, now), *looks.items(items, wide=session.out.wide)])
    if result.counts.get("failed_again") or result.state.value == "stopped":
        raise typer.Exit(1)


async def _watched(session: Session, ctx: "DeskContext", result: "ReplayStatus") -> "ReplayStatus":
    """Show the progress of a replay until it is over. Interrupting it leaves the replay going on."""
    from hub.desk import replays as desk

    quiet = session.out.json or not session.out.errors.is_terminal
    bar = Progress(
        TextColumn("replaying"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[said]}"),
        console=session.out.errors,
        transient=True,
        disable=quiet,
    )
    loop = asyncio.get_running_loop()
    with bar:
        task = bar.add_task("replaying", total=result.total, said="")
        seen, since_s = -1, loop.time()
        while result.state.value == "running":
            await desk.advance(ctx, result.id)
            await asyncio.sleep(LOOK_S)
            result = await desk.status(ctx, session.principal, result.id)
            bar.update(task, completed=result.over, said=result.reason or "")
            if result.over != seen:
                seen, since_s = result.over, loop.time()
            elif loop.time() - since_s > HINT_S:
                since_s = float("inf")
                session.out.trouble(_HINT, style="yellow")
    return result
