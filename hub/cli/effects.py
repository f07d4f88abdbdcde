"""`orderhub effects`: what partners were asked to do, and what became of it."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from hub.cli.finding import find_id, find_order
from hub.cli.looks import Column, ago, facts, more, short, status, table
from hub.cli.session import Session, command, group
from hub.cli.words import since

effects = group("What partners were asked to do; those whose outcome nobody knows are resolved here.")


class Outcome(StrEnum):
    """What a person says about an effect."""

    CONFIRMED = "confirmed"
    NOT_SENT = "not-sent"
    LOOK_UP = "look-up"


@command(effects, "list", actor=True)
async def list_effects(
    session: Session,
    state: Annotated[
        str | None,
        typer.Option("--state", "-s", help="pending, sending, confirmed, rejected, unknown, parked."),
    ] = None,
    connector: Annotated[str | None, typer.Option(help="Of one connector.")] = None,
    asked_to: Annotated[
        str | None, typer.Option("--command", help="CapturePayment, SubmitRelease, ...")
    ] = None,
    order: Annotated[str | None, typer.Option(help="Of one order.")] = None,
    from_time: Annotated[str | None, typer.Option("--since", help="2h, 3d, 2026-11-20.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
    after: Annotated[str | None, typer.Option(help="Where the last page ended.")] = None,
) -> None:
    """List effects, the newest first.

    Examples: `orderhub effects list --state unknown`, `orderhub effects list --order W-1001`
    """
    from hub.desk import effects as desk

    async with session.desk() as ctx:
        now = ctx.clock.now()
        wanted = desk.EffectFilter(
            state=state, connector=connector, command=asked_to, since=since(from_time, now),
            order_id=await find_order(ctx, order) if order else None,
        )  # fmt: skip
        page = await desk.list_effects(ctx, session.principal, wanted, limit=limit, cursor=after)
    wide = session.out.wide
    columns = [
        Column("effect", lambda e: short(e.id, wide=wide), keep=True),
        Column("partner", lambda e: e.connector),
        Column("asked to", lambda e: e.command),
        Column("state", lambda e: status(e.state)),
        Column("tries", lambda e: e.attempt, right=True),
        Column("key", lambda e: e.key, wide=True),
        Column("reason", lambda e: e.reason, wide=True),
        Column("due", lambda e: "" if e.finished_at else ago(e.due_at, now), right=True, keep=True),
        Column("age", lambda e: ago(e.recorded_at, now), right=True, keep=True),
    ]
    session.out.show(
        page,
        lambda: [table(columns, page.items, wide=wide, empty="no effect is like that"), *more(page.next)],
    )


@command(effects, "resolve", actor=True)
async def resolve_effect(
    session: Session,
    effect: Annotated[
        str, typer.Argument(metavar="EFFECT", help="An effect's id, or its last six digits or more.")
    ],
    outcome: Annotated[
        Outcome,
        typer.Argument(
            help="confirmed: it happened there; not-sent: it did not, send it again; look-up: ask the partner now."
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", "-r", help="How you know; kept in the audit log.")],
    reference: Annotated[str | None, typer.Option(help="The partner's own id of what it did.")] = None,
) -> None:
    """Say what became of an effect that is unknown or parked, or have the partner asked now.

    Example: `orderhub effects resolve 7c1e02aa confirmed --reason "seen at the gateway's desk" --reference ch_123`
    """
    from hub.desk import effects as desk

    async with session.desk() as ctx:
        effect_id = await find_id(ctx, "effect", effect)
        resolution = desk.Resolution[outcome.name]
        result: Any = await desk.resolve(
            ctx, session.principal, effect_id, resolution, reason, reference=reference
        )
    session.out.show(
        result, lambda: facts({"effect": result.id, "key": result.key, "state": status(result.state)})
    )
