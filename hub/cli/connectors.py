"""`orderhub connectors`: the partners, whether they answer, and who may rest for a while."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from hub.cli.failing import Failure
from hub.cli.looks import Column, ago, facts, status, table
from hub.cli.session import Session, command, group

if TYPE_CHECKING:
    from datetime import datetime

    from hub.desk.connectors import ConnectorView

connectors = group("The partners that this hub speaks to.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The connector's name in hub.yaml.")]


@command(connectors, "list", actor=True)
async def list_connectors(
    session: Session,
    types: Annotated[
        bool, typer.Option("--types", help="Which types there are, whether used or not.")
    ] = False,
) -> None:
    """List the connectors of hub.yaml with what waits for them; or all types of connector there are."""
    wide = session.out.wide
    if types:
        from hub.catalogue import catalogue

        known = [{"type": c.name, "fills": list(c.ports), "summary": c.summary} for c in catalogue().values()]
        columns = [
            Column("type", lambda t: t["type"], keep=True),
            Column("fills", lambda t: t["fills"]),
            Column("summary", lambda t: t["summary"]),
        ]
        session.out.show(known, lambda: table(columns, known, wide=wide))
        return
    from hub.desk import connectors as desk

    async with session.desk() as ctx:
        found = await desk.list_connectors(ctx, session.principal)
        now = ctx.clock.now()
    session.out.show(
        found, lambda: table(_columns(now), found, wide=wide, empty="hub.yaml names no connectors")
    )


@command(connectors, "show", actor=True)
async def show_connector(session: Session, name: NameArgument) -> None:
    """Show a connector: what it takes and reads, its doors and feeds, and how it fares."""
    from hub.desk import connectors as desk

    async with session.desk() as ctx:
        view = await desk.show_connector(ctx, session.principal, name)
        now = ctx.clock.now()
    session.out.show(view, lambda: facts(_facts(view, now)))


@command(connectors, "test")
async def try_connectors(
    session: Session,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="All of them unless named.")
    ] = None,
) -> None:
    """Try credentials and reachability at the partners, without leaving a trace. Needs no running hub."""
    from core.clock import SystemClock
    from core.errors import HubError
    from hub.config.building import load_mappings
    from hub.config.connecting import try_partner

    config = session.config()
    for name in names or ():
        must_know(name, list(config.connectors))
    library = load_mappings(config)
    results: list[dict[str, Any]] = []
    for name in names or config.connectors:
        try:
            said, well = await try_partner(config.connectors[name], library, SystemClock()), True
        except (HubError, OSError, TimeoutError) as error:
            said, well = str(error) or type(error).__name__, False
        results.append({"connector": name, "ok": well, "said": said})
        session.out.line(
            Text.assemble((f"{'ok' if well else 'FAILED':<7}", "green" if well else "red"), f"{name}: {said}")
        )
    if session.out.json:
        session.out.data(results)
    if not all(result["ok"] for result in results):
        raise typer.Exit(1)


@command(connectors, "try", actor=True)
async def try_document(
    session: Session,
    name: NameArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A document of the partner's.")],
    kind: Annotated[
        str | None, typer.Option(help="What it is, where the connector reads several kinds.")
    ] = None,
    decide: Annotated[
        bool,
        typer.Option("--decide", help="Also say what would be stored and sent, by today's rules and stock."),
    ] = False,
) -> None:
    """Say what a connector makes of a document: canonical JSON, or everything that is wrong with it. Nothing is stored.

    Example: `orderhub connectors try shop order.json --kind order --decide`
    """
    import mimetypes

    from hub.cli import replay_looks
    from hub.desk import trial as desk

    body = await asyncio.to_thread(file.read_bytes)
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    async with session.desk() as ctx:
        result = await desk.try_document(
            ctx, session.principal, name, body, kind=kind, media_type=media_type, decide=decide
        )
    if session.out.json or result.decided is None:
        session.out.data(result if session.out.json else result.documents)
        return
    session.out.show(result, lambda: replay_looks.decided(result.decided))


@command(connectors, "pause", actor=True)
async def pause_connector(
    session: Session, name: NameArgument, reason: Annotated[str, typer.Option("--reason", "-r", help="Why.")]
) -> None:
    """Stop sending to a partner and fetching from it. What arrives at its doors is still taken in."""
    from hub.desk import connectors as desk

    async with session.desk() as ctx:
        view = await desk.pause(ctx, session.principal, name, reason)
    session.out.show(view, lambda: facts({"connector": view.name, "is": status("paused"), "because": reason}))


@command(connectors, "resume", actor=True)
async def resume_connector(
    session: Session,
    name: NameArgument,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why.")] = "",
) -> None:
    """Go on with a partner. What waited for it is sent now."""
    from hub.desk import connectors as desk

    async with session.desk() as ctx:
        view = await desk.resume(ctx, session.principal, name, reason)
    session.out.show(view, lambda: facts({"connector": view.name, "is": status("running")}))


def must_know(name: str, known: list[str]) -> None:
    """Refuse a name that hub.yaml does not have."""
    from mappings.suggest import did_you_mean

    if name not in known:
        raise Failure(f"hub.yaml has no connector {name!r}{did_you_mean(name, known)}", usage=True)


def _state(view: "ConnectorView") -> Text:
    return (
        status("paused")
        if view.paused
        else Text(f"breaker {view.breaker}")
        if view.breaker == "open"
        else status("running")
    )


def _columns(now: "datetime") -> list[Column]:
    return [
        Column("connector", lambda c: c.name),
        Column("type", lambda c: c.type),
        Column("state", _state),
        Column("in", lambda c: c.waiting_in, right=True),
        Column("out", lambda c: c.waiting_out, right=True),
        Column("failures", lambda c: Text(str(c.failures or ""), style="red"), right=True),
        Column("last in", lambda c: ago(c.last_in, now), right=True, keep=True),
        Column("last out", lambda c: ago(c.last_out, now), right=True, keep=True),
        Column("because", lambda c: c.paused_reason, wide=True),
    ]


def _facts(view: "ConnectorView", now: "datetime") -> dict[str, Any]:
    by = f"{view.paused_by}, {ago(view.paused_at, now)} ago" if view.paused else None
    return {
        "connector": view.name,
        "type": view.type,
        "state": _state(view),
        "paused by": by,
        "because": view.paused_reason,
        "takes": view.takes,
        "reads": view.reads,
        "doors": view.doors,
        "feeds": view.feeds,
        "waiting to be read": view.waiting_in,
        "waiting to be sent": view.waiting_out,
        "effects": ", ".join(f"{count} {state}" for state, count in view.effects.items()),
        "failures": view.failures,
        "last message in": f"{ago(view.last_in, now)} ago" if view.last_in else "never",
        "last message out": f"{ago(view.last_out, now)} ago" if view.last_out else "never",
    }
