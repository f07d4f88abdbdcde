"""`orderhub replay`: do again what failed, one or many, and see how far that has come."""

import asyncio
import os
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.console import RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from hub.cli.failing import Failure
from hub.cli.finding import find_id
from hub.cli.looks import Column, ago, facts, section, short, status, table
from hub.cli.session import Session, command, group
from hub.cli.words import since

if TYPE_CHECKING:
    from datetime import datetime

    from hub.desk.context import DeskContext
    from hub.desk.replay_views import Replayed, ReplayStatus

replay = group("Replay what failed, from its stored bytes, through today's mappings and rules.")

LOOK_S = 0.5
HINT_S = 10.0
_OVER = ("resolved", "failed_again", "discarded", "skipped")
_HINT = "nothing moves: does a hub run? Ctrl-C ends the waiting, and the replay goes on when one does"


@command(replay, "run", actor=True)
async def run_replay(
    session: Session,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Failures, or one message, by their ids.")
    ] = None,
    signature: Annotated[str | None, typer.Option("--group", help="All open failures of a kind.")] = None,
    connector: Annotated[str | None, typer.Option(help="All open failures of a connector.")] = None,
    stage: Annotated[str | None, typer.Option(help="All open failures of a stage.")] = None,
    from_time: Annotated[
        str | None, typer.Option("--since", help="All open failures since 2h, 3d, ...")
    ] = None,
    edit: Annotated[bool, typer.Option("--edit", help="Edit the document first, in $EDITOR.")] = False,
    with_file: Annotated[
        Path | None,
        typer.Option("--with", metavar="FILE", help="Send this document in the place of the failed one."),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why an edited document is sent.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Also where somebody else has claimed it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before replaying many.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Stay until it is over; needs a running hub.")
    ] = True,
) -> None:
    """Replay a failure, several, or all of a kind. What was done already is never done twice.

    Examples: `orderhub replay run 7c1e02aa`, `orderhub replay run 7c1e02aa --edit --reason "wrong country"`,
    `orderhub replay run --group "warehouse | read | DocumentError | warehouse/dispatch"`
    """
    from hub.desk.failures import FailureFilter

    async with session.desk() as ctx:
        if edit or with_file is not None:
            result = await _edited(session, ctx, ids or [], with_file, reason, force=force)
            session.out.show(result, lambda: _sent(result))
            return
        chosen = FailureFilter(
            signature=signature, connector=connector, stage=stage, since=since(from_time, ctx.clock.now())
        )
        by_filter = any(given is not None for given in (signature, connector, stage, from_time))
        if bool(ids) == by_filter:
            raise Failure("say what to replay: ids, or --group, --connector, --stage, --since", usage=True)
        if ids and len(ids) == 1:
            result = await _one(session, ctx, ids[0], force=force)
            session.out.show(result, lambda: _sent(result))
            return
        many = [await find_id(ctx, "failure", text) for text in ids or []]
        await _many(session, ctx, many, None if ids else chosen, yes=yes, wait=wait)


@command(replay, "stop", actor=True)
async def stop_replay(
    session: Session,
    replay_id: Annotated[UUID, typer.Argument(metavar="REPLAY", help="The replay's id.")],
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why.")] = "",
) -> None:
    """Send no more of a replay. What has been sent goes on."""
    from hub.desk import replays as desk

    async with session.desk() as ctx:
        result = await desk.stop(ctx, session.principal, replay_id, reason)
        now = ctx.clock.now()
    session.out.show(result, lambda: _drawn(result, now))


@command(replay, "status", actor=True)
async def replay_status(
    session: Session,
    replay_id: Annotated[UUID | None, typer.Argument(metavar="[REPLAY]", help="One replay's id.")] = None,
) -> None:
    """Show how far a replay has come, or list the newest replays."""
    from hub.desk import replays as desk

    wide = session.out.wide
    async with session.desk() as ctx:
        now = ctx.clock.now()
        if replay_id is None:
            found = await desk.list_replays(ctx, session.principal)
            session.out.show(
                found, lambda: table(_columns(now), found, wide=wide, empty="nothing was replayed yet")
            )
            return
        result = await desk.status(ctx, session.principal, replay_id)
        items = await desk.list_items(ctx, session.principal, replay_id)
    skipped = [item for item in items if item.reason]
    columns = [
        Column("failure", lambda i: short(i.failure_id, wide=wide), keep=True),
        Column("why", lambda i: i.reason),
    ]
    parts = [section("not replayed", table(columns, skipped, wide=wide))] if skipped else []
    session.out.show(
        {**result.model_dump(mode="json"), "items": items}, lambda: [_drawn(result, now), *parts]
    )


async def _one(session: Session, ctx: "DeskContext", text: str, *, force: bool) -> "Replayed":
    from hub.desk import replay as desk

    try:
        failure_id = await find_id(ctx, "failure", text)
    except Failure:
        message_id = await find_id(ctx, "message", text)
        return await desk.replay_message(ctx, session.principal, message_id)
    async with ctx.database.reading() as store:
        is_message = not await store.rows("SELECT id FROM failures WHERE id = $1", failure_id)
    if is_message:
        return await desk.replay_message(ctx, session.principal, failure_id)
    return await desk.replay_failure(ctx, session.principal, failure_id, force=force)


async def _edited(
    session: Session, ctx: "DeskContext", ids: list[str], file: Path | None, reason: str, *, force: bool
) -> "Replayed":
    """Send an edited copy of one failed message: the original is closed and linked to it."""
    from hub.cli.bodies import raw_body
    from hub.desk import failures, messages, replay
    from hub.desk.errors import NotFoundError

    if len(ids) != 1:
        raise Failure("one document is edited at a time: give one failure or message", usage=True)
    if not reason.strip():
        raise Failure("say with --reason why the document is changed: it goes into the audit log", usage=True)
    try:
        failure_id = await find_id(ctx, "failure", ids[0])
        shown = await failures.show_failure(ctx, session.principal, failure_id)
        message_id = shown.current_message_id or shown.message_id
    except (Failure, NotFoundError):
        message_id = await find_id(ctx, "message", ids[0])
    if message_id is None:
        raise Failure("this failure is about no message: there is no document to edit")
    before = raw_body(await messages.show_message(ctx, session.principal, message_id))
    after = await asyncio.to_thread(file.read_bytes) if file else await asyncio.to_thread(_edit, before)
    if after == before:
        raise Failure("the document is as it was: nothing was sent")
    return await replay.resend_edited(ctx, session.principal, message_id, after, reason, force=force)


def _edit(body: bytes) -> bytes:
    """Return what an editor makes of a document. It lies in a file of its owner's alone, as long as that takes."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        raise Failure(
            "set $EDITOR to the editor of your choice, or give the changed document by --with FILE",
            usage=True,
        )
    with tempfile.TemporaryDirectory(prefix="orderhub-") as folder:
        file = Path(folder) / "document"
        file.touch(mode=0o600)
        file.write_bytes(body)
        status_of_editor = subprocess.run([*editor.split(), str(file)], check=False).returncode  # noqa: S603 - the user's own editor
        if status_of_editor:
            raise Failure(f"the editor ended with status {status_of_editor}: nothing was sent")
        return file.read_bytes()


async def _many(
    session: Session, ctx: "DeskContext", ids: list[UUID], wanted: object, *, yes: bool, wait: bool
) -> None:
    """Fix which ones, ask, and send them off; then watch."""
    from hub.desk import replays as desk

    plan = await desk.plan(ctx, session.principal, ids=ids, wanted=wanted)  # type: ignore[arg-type]
    if not yes and not session.out.json:
        kinds = [Column("open", lambda k: k.count, right=True), Column("kind", lambda k: k.signature)]
        session.out.console.print(table(kinds, plan.signatures, wide=True))
        if not typer.confirm(f"Replay these {plan.total} failures of {plan.orders} orders?"):
            raise Failure(f"nothing was sent; the plan is kept as {plan.id}")
    result = await desk.run(ctx, session.principal, plan.id)
    if wait:
        result = await _watched(session, ctx, result)
    now = ctx.clock.now()
    session.out.show(result, lambda: _drawn(result, now))
    if result.counts.get("failed_again") or result.state.value == "stopped":
        raise typer.Exit(1)


def _goes_on(result: "ReplayStatus") -> bool:
    """Say whether something is to be sent, or was sent and has no outcome yet."""
    return result.state.value in {"planned", "running"} or bool(result.counts.get("replaying"))


async def _watched(session: Session, ctx: "DeskContext", result: "ReplayStatus") -> "ReplayStatus":
    """Show the progress of a replay until it is over. Interrupting it leaves the replay going on."""
    from hub.desk import replays as desk

    bar = Progress(
        TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=session.out.errors, transient=True, disable=session.out.json or not session.out.errors.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task("replaying", total=result.total)
        seen, since_s = -1, asyncio.get_running_loop().time()
        while _goes_on(result):
            await desk.advance(ctx, result.id)
            await asyncio.sleep(LOOK_S)
            result = await desk.status(ctx, session.principal, result.id)
            over = sum(result.counts.get(word, 0) for word in _OVER)
            bar.update(task, completed=over)
            if over != seen:
                seen, since_s = over, asyncio.get_running_loop().time()
            elif await _rests(session, ctx, result):
                break
            elif asyncio.get_running_loop().time() - since_s > HINT_S:
                since_s = float("inf")
                session.out.trouble(_HINT, style="yellow")
    return result


async def _rests(session: Session, ctx: "DeskContext", result: "ReplayStatus") -> bool:
    """Say, here and to the caller, that all that is left waits for something that may never come."""
    from hub.desk import replays as desk

    left, planned = result.counts.get("replaying", 0), result.counts.get("planned", 0)
    if planned or not left or await desk.waiting(ctx, session.principal, result.id) < left:
        return False
    session.out.trouble(
        f"{left} of them wait for their order: each goes on by itself when it comes, and becomes a failure again when "
        f"it does not; see `orderhub replay status {result.id}`",
        style="yellow",
    )
    return True


# ---- how they look ----


def _sent(result: "Replayed") -> RenderableType:
    return facts(
        {
            "sent as": result.item_id,
            "failure": result.failure_id,
            "message": result.message_id,
            "effect": result.effect_id,
            "see": Text(
                "its outcome closes the failure, or opens it again: orderhub failures show …", style="dim"
            )
            if result.failure_id
            else None,
        }
    )


def _drawn(result: "ReplayStatus", now: "datetime") -> RenderableType:
    counts = {word.replace("_", " "): count for word, count in result.counts.items() if count}
    return facts(
        {
            "replay": result.id,
            "state": status(result.state.value),
            "of": f"{result.total} failures of {result.orders} orders ({result.selection})",
            **counts,
            "by": f"{result.actor}, {ago(result.recorded_at, now)} ago",
            "because": result.reason,
        }
    )


def _columns(now: "datetime") -> list[Column]:
    return [
        Column("replay", lambda r: str(r.id), keep=True),
        Column("state", lambda r: status(r.state.value)),
        Column("of", lambda r: r.total, right=True),
        Column("resolved", lambda r: r.counts.get("resolved", 0), right=True),
        Column("failed again", lambda r: r.counts.get("failed_again", 0) or "", right=True),
        Column("what", lambda r: r.selection, wide=True),
        Column("by", lambda r: r.actor, wide=True),
        Column("age", lambda r: ago(r.recorded_at, now), right=True, keep=True),
    ]
