"""`orderhub webhooks`: where partners reach this hub, and telling them so."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.connectors import NameArgument, must_know
from hub.cli.failing import Failure
from hub.cli.looks import Column, facts, table
from hub.cli.session import Session, command, group

if TYPE_CHECKING:
    from hub.config import HubConfig

webhooks = group("Where partners reach this hub: the doors of its connectors, and telling partners of them.")


@command(webhooks, "list")
async def list_webhooks(session: Session) -> None:
    """List the doors of every connector with their addresses: what to enter at the partner's own desk."""
    config = session.config()
    found = [door for name in config.connectors for door in await _doors(config, name)]
    columns = [
        Column("connector", lambda d: d["connector"]),
        Column("method", lambda d: d["method"]),
        Column("address", lambda d: d["url"], keep=True),
        Column("what", lambda d: d["summary"], spare=True),
    ]
    session.out.show(
        found,
        lambda: table(columns, found, wide=session.out.wide, empty="no connector of hub.yaml has a door"),
    )


@command(webhooks, "register")
async def register_webhook(
    session: Session,
    name: NameArgument,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="The hub's public address; api.public_url unless said.")
    ] = None,
) -> None:
    """Tell a partner by its API where to send its webhooks, where it can be told so.

    Example: `orderhub webhooks register stripe --url https://hub.example.com`
    """
    from core.clock import SystemClock
    from hub.config.building import load_mappings
    from hub.config.connecting import open_alone

    config = session.config()
    must_know(name, list(config.connectors))
    base = url or config.sections.api.public_url
    if base is None:
        raise Failure("say where partners reach this hub: --url, or api.public_url in hub.yaml", usage=True)
    opened = open_alone(config.connectors[name], load_mappings(config), SystemClock())
    try:
        if opened.register is None:
            addresses = [door["url"] for door in await _doors(config, name, base)]
            where = f"enter {', '.join(addresses)} at its own desk" if addresses else "it has no door either"
            raise Failure(f"{name} can't be told by its API: {where}")
        said = await opened.register(f"{base.rstrip('/')}/connectors/{name}")
    finally:
        await opened.close()
    session.out.show({"connector": name, "said": said}, lambda: facts({name: said}))


async def _doors(config: "HubConfig", name: str, base: str | None = None) -> list[dict[str, Any]]:
    from core.clock import SystemClock
    from hub.config.building import load_mappings
    from hub.config.connecting import open_alone

    api = config.sections.api
    begin = (base or api.public_url or f"http://{api.host}:{api.port}").rstrip("/")
    opened = open_alone(config.connectors[name], load_mappings(config), SystemClock())
    try:
        return [
            {
                "connector": name,
                "method": door.method,
                "url": f"{begin}/connectors/{name}{door.path}",
                "summary": door.summary,
            }
            for door in opened.doors
        ]
    finally:
        await opened.close()
