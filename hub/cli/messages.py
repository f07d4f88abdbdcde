"""`orderhub messages`: what came in and went out, byte for byte."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from hub.cli.finding import find_id, find_order
from hub.cli.looks import Column, ago, facts, more, section, short, status, table
from hub.cli.session import Session, command, group
from hub.cli.words import since

if TYPE_CHECKING:
    from datetime import datetime

    from hub.desk.message_views import MessageDetail

messages = group("Every message in and out, with its raw body, its family and what became of it.")

MessageArgument = Annotated[
    str, typer.Argument(metavar="MESSAGE", help="A message's id, or its last six digits or more.")
]


@command(messages, "list", actor=True)
async def list_messages(
    session: Session,
    key: Annotated[
        str | None,
        typer.Argument(metavar="[KEY]", help="A tracking number, a release, a payment's reference, ..."),
    ] = None,
    connector: Annotated[str | None, typer.Option(help="The connector that it came by or went to.")] = None,
    direction: Annotated[str | None, typer.Option(help="in or out.")] = None,
    state: Annotated[
        str | None, typer.Option("--status", "-s", help="received, done, failed, waiting, ...")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="What the connector calls such documents.")] = None,
    order: Annotated[str | None, typer.Option(help="Of one order.")] = None,
    from_time: Annotated[str | None, typer.Option("--since", help="2h, 3d, 2026-11-20.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
    after: Annotated[str | None, typer.Option(help="Where the last page ended.")] = None,
) -> None:
    """List messages, the newest first.

    Examples: `orderhub messages list --status failed`, `orderhub messages list 00340434161094042557`
    """
    from hub.desk import messages as desk

    async with session.desk() as ctx:
        now = ctx.clock.now()
        wanted = desk.MessageFilter(
            connector=connector, direction=direction, status=state, kind=kind, key=key, since=since(from_time, now),
            order_id=await find_order(ctx, order) if order else None,
        )  # fmt: skip
        page = await desk.list_messages(ctx, session.principal, wanted, limit=limit, cursor=after)
    wide = session.out.wide
    columns = [
        Column("message", lambda m: short(m.id, wide=wide), keep=True),
        Column("way", lambda m: m.direction),
        Column("partner", lambda m: m.connector),
        Column("kind", lambda m: m.kind),
        Column("status", lambda m: status(m.status)),
        Column("bytes", lambda m: m.size_bytes, right=True, wide=True),
        Column("order", lambda m: short(m.order_id)),
        Column("reason", lambda m: (m.reason or "")[:120], wide=True),
        Column("age", lambda m: ago(m.recorded_at, now), right=True, keep=True),
    ]
    session.out.show(
        page,
        lambda: [table(columns, page.items, wide=wide, empty="no message is like that"), *more(page.next)],
    )


@command(messages, "show", actor=True)
async def show_message(
    session: Session,
    message: MessageArgument,
    raw: Annotated[bool, typer.Option("--raw", help="Print the body alone, byte for byte.")] = False,
) -> None:
    """Show a message: its body, what it was read as, its family, and what became of it."""
    from hub.cli.bodies import raw_body
    from hub.desk import messages as desk

    async with session.desk() as ctx:
        message_id = await find_id(ctx, "message", message)
        detail = await desk.show_message(ctx, session.principal, message_id)
        now = ctx.clock.now()
    if raw:
        sys.stdout.buffer.write(raw_body(detail))
        return
    session.out.show(detail, lambda: _drawn(detail, now, wide=session.out.wide))


def _drawn(detail: "MessageDetail", now: "datetime", *, wide: bool) -> list[RenderableType]:
    head = facts(
        {
            "message": detail.id,
            "way": f"{detail.direction}: {detail.connector}",
            "kind": f"{detail.kind} ({detail.media_type}, {detail.size_bytes:,} bytes)",
            "status": status(detail.status),
            "reason": detail.reason,
            "mapping": detail.mapping,
            "came": f"{detail.recorded_at:%Y-%m-%d %H:%M:%S} ({ago(detail.recorded_at, now)} ago)",
            "order": detail.order_id,
            "partner's id": detail.external_id,
            "known by": [f"{key.kind} {key.value}" for key in detail.keys],
            "failures": detail.failures,
            "effects": detail.effects,
        }
    )
    drawn: list[RenderableType] = [head]
    lineage = detail.lineage
    family = [
        *(
            ("the edited or replayed original", one)
            for one in ([lineage.original] if lineage.original else [])
        ),
        *(("caused by", one) for one in lineage.causes),
        *(("led to", one) for one in lineage.children),
        *(("replayed as", one) for one in lineage.replays),
    ]
    if family:
        columns = [
            Column("", lambda pair: pair[0]),
            Column("message", lambda pair: short(pair[1].id, wide=wide), keep=True),
            Column("way", lambda pair: f"{pair[1].direction}: {pair[1].connector}"),
            Column("kind", lambda pair: pair[1].kind),
            Column("status", lambda pair: status(pair[1].status)),
        ]
        drawn.append(section("family", table(columns, family, wide=wide)))
    if detail.body is not None:
        hidden = " (people are hidden)" if detail.masked else ""
        drawn.append(section(f"body{hidden}", Text(detail.body)))
    elif detail.unavailable:
        drawn.append(section("body", Text(detail.unavailable, style="dim")))
    reading = detail.reading
    if reading is not None and (reading.problems or reading.reason):
        lines = [_problem(problem) for problem in reading.problems] or [reading.reason or ""]
        drawn.append(section("read by today's mapping", Text("\n".join(lines), style="red")))
    elif reading is not None:
        drawn.append(section("read by today's mapping", Text(", ".join(reading.types) or "it says nothing")))
    return drawn


def _problem(problem: dict[str, str | int]) -> str:
    place = f"line {problem['line']}" if "line" in problem else ""
    parts = (place, problem.get("field"), problem.get("reason"))
    found = f" (found {problem['value']})" if "value" in problem else ""
    return ": ".join(str(part) for part in parts if part) + found
