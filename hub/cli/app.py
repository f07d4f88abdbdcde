"""All commands together."""

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from hub.cli import checking, new, order_suppliers, running, simulate, translate
from hub.cli.connectors import connectors
from hub.cli.database import database
from hub.cli.edi import edi
from hub.cli.effects import effects
from hub.cli.failures import failures
from hub.cli.inbound import inbound
from hub.cli.keys import keys
from hub.cli.master import items, nodes
from hub.cli.messages import messages
from hub.cli.replay import replay
from hub.cli.stock import stock
from hub.cli.tokens import tokens
from hub.cli.webhooks import webhooks

app = typer.Typer(
    name="orderhub",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,  # locals may hold personal data and keys
    context_settings={"help_option_names": ["--help", "-h"]},
)

DESK, ENGINEERS, HUB = "The desk", "Engineers", "The hub"


def _version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(f"orderhub {version('orderhub')}")
        except PackageNotFoundError:
            typer.echo("orderhub (not installed)")
        raise typer.Exit


@app.callback()
def _orderhub(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """An order management system built as an integration hub.

    Begin with `orderhub demo`, or with `orderhub init` and `orderhub check`.
    """


running.add_to(app)
checking.add_to(app)
translate.add_to(app)
simulate.add_to(app)
for name, one, panel in (
    ("orders", order_suppliers.orders, DESK),
    ("messages", messages, DESK),
    ("failures", failures, DESK),
    ("replay", replay, DESK),
    ("effects", effects, DESK),
    ("stock", stock, DESK),
    ("inbound", inbound, DESK),
    ("connectors", connectors, ENGINEERS),
    ("webhooks", webhooks, ENGINEERS),
    ("edi", edi, ENGINEERS),
    ("new", new.new, ENGINEERS),
    ("items", items, ENGINEERS),
    ("nodes", nodes, ENGINEERS),
    ("tokens", tokens, HUB),
    ("db", database, HUB),
    ("keys", keys, HUB),
):
    app.add_typer(one, name=name, rich_help_panel=panel)


def main() -> None:
    """Run the command that the process was called with."""
    app()
