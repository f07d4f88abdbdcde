"""`orderhub new connector`: a connector to fill in, with its simulator and tests that are red until it is."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from hub.cli.failing import Failure
from hub.cli.session import Session, command, group

new = group("Begin something new.")


class PortChoice(StrEnum):
    """What a connector is for."""

    CHANNEL = "channel"
    GATEWAY = "gateway"
    FRAUD = "fraud"
    FULFILMENT = "fulfilment"
    COURIER = "courier"
    SUPPLIER = "supplier"
    STOCK = "stock"
    NOTIFIER = "notifier"


@new.callback()
def _new() -> None:
    """Begin something new: files to fill in, which say what belongs where."""


@command(new, "connector", config=False)
def new_connector(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="One word in lower case: the system's name.")],
    ports: Annotated[
        list[PortChoice] | None,
        typer.Option(
            "--port",
            help="What the system is to the hub: channel, unless said; several times for several ports.",
        ),
    ] = None,
    root: Annotated[Path, typer.Option(metavar="DIR", help="The checkout of orderhub.")] = Path(),
) -> None:
    """Write a connector's folder, its mapping documents, its simulator and its tests, to be filled in.

    What to do then is in docs/add-a-connector.md: seven steps.
    Examples: `orderhub new connector acme --port fulfilment`, `orderhub new connector mall --port channel --port stock`
    """
    from hub.scaffold import ScaffoldError, write_connector

    try:
        files = write_connector(name, [port.value for port in ports or [PortChoice.CHANNEL]], root)
    except ScaffoldError as error:
        raise Failure(str(error), usage=True) from None
    if session.out.json:
        session.out.data({"connector": name, "written": [str(file) for file in files]})
        return
    for file in files:
        session.out.line(f"wrote {file.relative_to(root) if file.is_relative_to(root) else file}")
    session.out.line(
        Text(f"next: docs/add-a-connector.md, step 2; pytest tests/connectors/{name} says what is left"),
        style="dim",
    )
