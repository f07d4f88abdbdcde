"""`orderhub failures`: what could not be done, why, and who looks after it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from hub.cli.finding import find_id, find_order
from hub.cli.looks import Column, ago, facts, more, section, short, status, table
from hub.cli.session import Session, command, group
from hub.cli.words import since

if TYPE_CHECKING:
    from datetime import datetime

    from hub.desk.failure_views import FailureDetail

failures = group("Messages and effects that failed: find them, claim them, discard them, learn from them.")

FailureArgument = Annotated[
    str, typer.Argument(metavar="FAILURE", help="A failure's id, or its last six digits or more.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Also where somebody else has claimed it.")]


@command(failures, "list", actor=True)
async def list_failures(
    session: Session,
    by_group: Annotated[bool, typer.Option("--groups", "-g", help="Count them by kind instead.")] = False,
    state: Annotated[
        str | None, typer.Option("--status", "-s", help="open, replaying, resolved, discarded.")
    ] = "open",
    every: Annotated[bool, typer.Option("--all", help="Whatever their status.")] = False,
    connector: Annotated[str | None, typer.Option(help="Of one connector.")] = None,
    stage: Annotated[str | None, typer.Option(help="read, rules, send, commit, ...")] = None,
    signature: Annotated[
        str | None, typer.Option("--group", help="Of one kind, as --groups shows it.")
    ] = None,
    order: Annotated[str | None, typer.Option(help="Of one order.")] = None,
    claimed_by: Annotated[str | None, typer.Option(help="Claimed by somebody.")] = None,
    from_time: Annotated[str | None, typer.Option("--since", help="2h, 3d, 2026-11-20.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
    after: Annotated[str | None, typer.Option(help="Where the last page ended.")] = None,
) -> None:
    """List failures that are open, the newest first; or count them by kind.

    Examples: `orderhub failures list --groups`, `orderhub failures list --connector warehouse --since 2h`
    """
    from hub.desk import failures as desk

    wide = session.out.wide
    async with session.desk() as ctx:
        now = ctx.clock.now()
        if by_group:
            kinds = await desk.list_groups(ctx, session.principal)
            session.out.show(
                kinds, lambda: table(_groups(now), kinds, wide=wide, empty="there are no failures")
            )
            return
        wanted = desk.FailureFilter(
            status=None if every else state, signature=signature, connector=connector, stage=stage,
            order_id=await find_order(ctx, order) if order else None, claimed_by=claimed_by,
            since=since(from_time, now),
        )  # fmt: skip
        page = await desk.list_failures(ctx, session.principal, wanted, limit=limit, cursor=after)
    columns = [
        Column("failure", lambda f: short(f.id, wide=wide), keep=True),
        Column("status", lambda f: status(f.status)),
        Column("partner", lambda f: f.connector),
        Column("stage", lambda f: f.stage, wide=True),
        Column("reason", lambda f: _first(f.reason)),
        Column("claimed by", lambda f: f.claimed_by, wide=True),
        Column("age", lambda f: ago(f.recorded_at, now), right=True, keep=True),
    ]
    session.out.show(
        page,
        lambda: [table(columns, page.items, wide=wide, empty="no failure is like that"), *more(page.next)],
    )


@command(failures, "show", actor=True)
async def show_failure(session: Session, failure: FailureArgument) -> None:
    """Show a failure with every problem, and the raw document around the first of them."""
    from hub.desk import failures as desk

    async with session.desk() as ctx:
        detail = await desk.show_failure(ctx, session.principal, await find_id(ctx, "failure", failure))
        now = ctx.clock.now()
    session.out.show(detail, lambda: _drawn(detail, now))


@command(failures, "claim", actor=True)
async def claim_failure(
    session: Session,
    failure: FailureArgument,
    force: ForceOption = False,
    give_back: Annotated[bool, typer.Option("--release", help="Give it back to everybody instead.")] = False,
) -> None:
    """Say that you work on a failure, so that nobody else replays it meanwhile."""
    from hub.desk import failures as desk

    async with session.desk() as ctx:
        failure_id = await find_id(ctx, "failure", failure)
        verb = desk.unclaim if give_back else desk.claim
        result = await verb(ctx, session.principal, failure_id, force=force)
    said = f"claimed by {result.claimed_by}" if result.claimed_by else "free for everybody"
    session.out.show(result, lambda: facts({"failure": result.id, "is": said}))


@command(failures, "discard", actor=True)
async def discard_failure(
    session: Session,
    failure: FailureArgument,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why nothing is to be done; kept for good.")],
    force: ForceOption = False,
) -> None:
    """Give a failed message up. What waits behind it goes on, in order.

    Example: `orderhub failures discard 7c1e02aa --reason "a test order of the shop"`
    """
    from hub.desk import failures as desk

    async with session.desk() as ctx:
        failure_id = await find_id(ctx, "failure", failure)
        result = await desk.discard(ctx, session.principal, failure_id, reason, force=force)
    session.out.show(
        result, lambda: facts({"failure": result.id, "is": status(result.status), "reason": reason})
    )


@command(failures, "fixture", actor=True)
async def make_fixture(
    session: Session,
    failure: FailureArgument,
    folder: Annotated[Path, typer.Option("--to", help="The folder that the case is written to.")] = Path(
        "cases"
    ),
    name: Annotated[
        str | None, typer.Option(help="What the files are called; made of the failure unless said.")
    ] = None,
) -> None:
    """Turn a failed message into a regression case: its document with the people taken out, and a test that is red
    until its mapping reads it.

    Example: `orderhub failures fixture 7c1e02aa --to tests/cases`, then `pytest tests/cases`
    """
    from hub.cases import with_reading, write_test
    from hub.cli.bodies import raw_body
    from hub.config import CONFIG_FILE
    from hub.desk import failures as desk
    from hub.desk import messages
    from hub.fixtures import case_of, write_case

    async with session.desk() as ctx:
        detail = await desk.show_failure(ctx, session.principal, await find_id(ctx, "failure", failure))
        message_id = detail.current_message_id or detail.message_id
        if message_id is None:
            from hub.cli.failing import Failure

            raise Failure(f"failure {detail.id} is about no message: there is no document to keep")
        message = await messages.show_message(ctx, session.principal, message_id)
        types, reader = dict(ctx.types), ctx.engine.world.readers(message.connector, message.kind)
    of_type = types.get(detail.connector, detail.connector)
    case = case_of(detail, message, raw_body(message), of_type, detail.connector)
    case = with_reading(case, reader, message.kind, message.media_type)
    files = [*write_case(case, folder, name)]
    test = write_test(case, files[-1], session.config_file or CONFIG_FILE)
    files += [test] if test is not None else []
    session.out.show(
        {"files": [str(file) for file in files], "hidden": case.hidden, "unsure": case.unsure},
        lambda: facts(
            {
                "written": [str(file) for file in files],
                "test": f"pytest {test}: red until the mapping reads it" if test else _NO_TEST,
                "people taken out": f"{case.hidden} values",
                "look through it": case.unsure,
            }
        ),
    )


# ---- how they look ----

_NO_TEST = "none: no mapping reads this document as a whole, so write one for its reader"


def _first(reason: str) -> str:
    line = reason.partition("\n")[0]
    return line if len(line) <= 200 else f"{line[:199]}…"  # noqa: PLR2004 - a few lines of a cell


def _groups(now: "datetime") -> list[Column]:
    return [
        Column("open", lambda g: g.open, right=True, keep=True),
        Column("replaying", lambda g: g.replaying or "", right=True),
        Column("orders", lambda g: g.orders, right=True),
        Column("kind", lambda g: g.signature),
        Column("first", lambda g: ago(g.first_at, now), right=True, keep=True, wide=True),
        Column("last", lambda g: ago(g.last_at, now), right=True, keep=True),
    ]


def _drawn(detail: "FailureDetail", now: "datetime") -> list[RenderableType]:
    head = facts(
        {
            "failure": detail.id,
            "status": status(detail.status),
            "kind": detail.signature,
            "reason": detail.reason if not detail.problems else None,
            "mapping": detail.mapping,
            "message": detail.current_message_id or detail.message_id,
            "effect": detail.effect_id,
            "order": detail.order_id,
            "holds up": f"{detail.held_up} messages of its order" if detail.held_up else None,
            "claimed by": detail.claimed_by,
            "came": f"{detail.recorded_at:%Y-%m-%d %H:%M:%S} ({ago(detail.recorded_at, now)} ago)",
            "closed by": detail.closed_by,
            "because": detail.closed_reason,
        }
    )
    drawn: list[RenderableType] = [head]
    if detail.problems:
        drawn.append(section("what is wrong", table(_PROBLEMS, detail.problems, wide=True)))
    if detail.excerpt:
        lines = [
            Text(f"{line.number:>5}  {line.text}", style="red" if line.problem else "")
            for line in detail.excerpt
        ]
        drawn.append(section("the document there", *lines))
    elif detail.unreadable:
        drawn.append(section("the document", Text(detail.unreadable, style="dim")))
    return drawn


def _place(problem: dict[str, Any]) -> str:
    column = f":{problem['column']}" if problem.get("column") else ""
    return f"{problem['line']}{column}" if problem.get("line") else ""


_PROBLEMS = [
    Column("line", _place, right=True, keep=True),
    Column("field", lambda problem: problem.get("field")),
    Column("found", lambda problem: problem.get("value")),
    Column("why", lambda problem: problem.get("reason")),
]
