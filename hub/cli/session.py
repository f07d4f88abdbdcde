"""What every command has: its options in common, the configuration, the desk, and errors as sentences."""

import getpass
import inspect
import os
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.failing import Failure, explain
from hub.cli.output import Output

if TYPE_CHECKING:
    from hub.config import HubConfig
    from hub.desk.access import Principal
    from hub.desk.context import DeskContext

COMMON = "Common options"

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="The configuration; hub.yaml here unless said.",
        rich_help_panel=COMMON,
    ),
]
ValuesOption = Annotated[
    Path | None,
    typer.Option(
        "--values",
        metavar="FILE",
        envvar="ORDERHUB_VALUES",
        help="What ${NAME} in the configuration stands for; the environment goes first.",
        rich_help_panel=COMMON,
    ),
]
ActorOption = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        envvar="ORDERHUB_ACTOR",
        help="Who does it, for the audit log; your user name unless said.",
        rich_help_panel=COMMON,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON instead of tables.", rich_help_panel=COMMON)
]


@dataclass(slots=True)
class Session:
    """One run of one command."""

    out: Output = field(default_factory=Output)
    config_file: Path | None = None
    values: Path | None = None
    actor: str | None = None

    def config(self) -> "HubConfig":
        """Read the configuration; raises `ConfigError` with all that is wrong with it."""
        from hub.config import CONFIG_FILE, load_config

        file = self.config_file or CONFIG_FILE
        if self.config_file is None and not file.exists():
            raise Failure(
                f"there is no {CONFIG_FILE} here: `orderhub init` writes one, --config names another, and "
                "`orderhub demo` needs none",
                usage=True,
            )
        return load_config(file, values=self.values)

    @property
    def principal(self) -> "Principal":
        """Whoever may run commands on the hub's own machine may do everything there; the audit log names them."""
        from hub.desk.access import Principal, Role

        return Principal(self.actor or _user(), Role.ADMIN)

    def desk(self) -> "AbstractAsyncContextManager[DeskContext]":
        """Open the desk over the hub's store, beside a hub that may be running."""
        from hub.beside import open_desk

        return open_desk(self.config())


Body = Callable[..., Awaitable[None] | None]


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run in uvloop, which is twice as fast as the library's own loop at what a hub does."""
    import uvloop

    uvloop.run(work)


def command(
    group: typer.Typer, name: str, *, json: bool = True, config: bool = True, actor: bool = False
) -> Callable[[Body], Body]:
    """Add a function as a command. It is handed a `Session` first; the common options need not be said.

    The function may be async. What it raises becomes a sentence and an exit status: 2 for a wrong call, else 1.
    """
    common: dict[str, Any] = {}
    if json:
        common["as_json"] = JsonOption
    if config:
        common |= {"config_file": ConfigOption, "values": ValuesOption}
    if actor:
        common["actor"] = ActorOption

    def add(body: Body) -> Body:
        @wraps(body)
        def run(**given: Any) -> None:
            options = {key: given.pop(key) for key in common}
            out = Output(json=options.pop("as_json", False))
            with explain(out):
                result = body(Session(out, **options), **given)
                if inspect.isawaitable(result):
                    _run(_awaited(result))

        own = inspect.signature(body)
        parameters = [*own.parameters.values()][1:]
        parameters += [
            inspect.Parameter(
                key,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=annotation,
                default=False if key == "as_json" else None,
            )
            for key, annotation in common.items()
        ]
        run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        group.command(name)(run)
        return body

    return add


def group(help_text: str) -> typer.Typer:
    """Return a group of commands that shows its help when called alone."""
    return typer.Typer(
        help=help_text, no_args_is_help=True, rich_markup_mode="markdown", add_completion=False
    )


async def _awaited(result: Awaitable[None]) -> None:
    await result


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
