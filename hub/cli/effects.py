"""`orderhub effects`: what partners were asked to do, and what became of it."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType

from hub.cli.failing import Failure
from hub.cli.finding import find_id, find_order
from hub.cli.looks import Column, ago, facts, more, section, short, status, table
from hub.cli.session import Session, command, group
from hub.cli.words import since

if TYPE_CHECKING:
    from datetime import datetime

    from hub.desk.effects import EffectDetail

effects = group("What partners were asked to do; those whose outcome nobody knows are resolved here.")


EffectArgument = Annotated[
    str, typer.Argument(metavar="EFFECT", help="An effect's id, or its last six digits or more.")
]


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
    in_doubt: Annotated[
        bool,
        typer.Option("--in-doubt", help="Those that are unknown or parked: a person may have to decide."),
    ] = False,
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

    Examples: `orderhub effects list --in-doubt`, `orderhub effects list --order W-1001`
    """
    from hub.desk import effects as desk

    async with session.desk() as ctx:
        now = ctx.clock.now()
        wanted = desk.EffectFilter(
            state="in_doubt" if in_doubt else state, connector=connector, command=asked_to, since=since(from_time, now),
            order_id=await find_order(ctx, order) if order else None,
        )  # fmt: skip
        page = await desk.list_effects(ctx, session.principal, wanted, limit=limit, cursor=after)
    wide = session.out.wide
    columns = [
        Column("effect", lambda e: short(e.id, wide=wide), keep=True),
        Column("partner", lambda e: e.connector),
        Column("asked to", lambda e: e.command),
        Column("state", lambda e: status(e.state)),
        Column("there it is", lambda e: e.standing.value.replace("_", " ")),
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


@command(effects, "show", actor=True)
async def show_effect(session: Session, effect: EffectArgument) -> None:
    """Show an effect: what is known of it at the partner, what the partner said, and who decided what about it."""
    from hub.desk import effects as desk

    async with session.desk() as ctx:
        result = await desk.show_effect(ctx, session.principal, await find_id(ctx, "effect", effect))
        now = ctx.clock.now()
    session.out.show(result, lambda: _drawn(result, now))


@command(effects, "resolve", actor=True)
async def resolve_effect(
    session: Session,
    effect: EffectArgument,
    outcome: Annotated[
        Outcome | None,
        typer.Argument(
            help="confirmed: it happened there; not-sent: it did not, send it again; look-up: ask the partner now."
        ),
    ] = None,
    confirmed: Annotated[
        str | None,
        typer.Option("--confirmed", metavar="REF", help="It happened; the partner's own id of it."),
    ] = None,
    not_sent: Annotated[bool, typer.Option("--not-sent", help="It did not happen: send it again.")] = False,
    look_up: Annotated[bool, typer.Option("--look-up", help="Ask the partner now.")] = False,
    reason: Annotated[str, typer.Option("--reason", "-r", help="How you know; kept in the audit log.")] = "",
    reference: Annotated[
        str | None, typer.Option(help="The partner's own id of what it did, with `confirmed`.")
    ] = None,
) -> None:
    """Say what became of an effect that is unknown or parked, or have the partner asked now.

    Example: `orderhub effects resolve 7c1e02aa --confirmed ch_123 --reason "seen at the gateway's desk"`
    """
    from hub.desk import effects as desk

    said = [Outcome.CONFIRMED] if confirmed is not None else []
    said += [Outcome.NOT_SENT] if not_sent else []
    said += [Outcome.LOOK_UP] if look_up else []
    said += [outcome] if outcome is not None else []
    if len(said) != 1:
        raise Failure("say one of --confirmed REF, --not-sent and --look-up", usage=True)
    async with session.desk() as ctx:
        effect_id = await find_id(ctx, "effect", effect)
        result = await desk.resolve(
            ctx, session.principal, effect_id, desk.Resolution[said[0].name], reason,
            reference=confirmed or reference,
        )  # fmt: skip
        now = ctx.clock.now()
    session.out.show(result, lambda: _drawn(result, now))


def _drawn(effect: "EffectDetail", now: "datetime") -> list[RenderableType]:
    head = facts(
        {
            "effect": effect.id,
            "key": effect.key,
            "asked": f"{effect.connector} to {effect.command}",
            "state": status(effect.state),
            "at the partner": _AT_THE_PARTNER[effect.standing.value],
            "its own id of it": effect.reference,
            "it said": effect.reason,
            "tries": f"{effect.attempt}, looked up {effect.looks} times",
            "first sent": f"{ago(effect.first_sent_at, now)} ago" if effect.first_sent_at else "never",
            "order": effect.order_id,
            "failure": effect.failure_id,
            "request": effect.request_id,
        }
    )
    columns = [
        Column("who", lambda d: f"{d.actor} ({d.role})", keep=True),
        Column("said", lambda d: d.action.removeprefix("effect.").replace("_", " "), keep=True),
        Column("because", lambda d: d.detail),
        Column("age", lambda d: ago(d.recorded_at, now), right=True, keep=True),
    ]
    if not effect.decisions:
        return [head]
    return [head, section("decided", table(columns, effect.decisions, wide=True))]


_AT_THE_PARTNER = {
    "not_sent": "not done, as far as is known for certain",
    "under_way": "being asked now",
    "unknown": "unknown: it was sent, and may have been done",
    "confirmed": "done",
    "rejected": "refused, for good",
}
