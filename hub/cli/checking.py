"""`orderhub check`, `orderhub init`: a configuration that is right, or how to begin one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from hub.cli.failing import Failure
from hub.cli.session import Session, command

if TYPE_CHECKING:
    from hub.config.checking import Checked
    from hub.config.connecting import Tried


def add_to(app: typer.Typer) -> None:
    """Add these commands at the top."""
    command(app, "check")(check_config)
    command(app, "init", config=False)(init_config)


async def check_config(
    session: Session,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="hub.yaml here unless said.")] = None,
    connect: Annotated[
        bool, typer.Option("--connect", help="Also try the store, the broker and every partner.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of the file, for editors, and end.")
    ] = False,
) -> None:
    """Check a configuration whole: every problem with file, line, column and what was likely meant.

    Exit status 1, and one line per problem, where anything is wrong.
    Examples: `orderhub check`, `orderhub check --connect prod.yaml --values prod-values.yaml`,
    `orderhub check --schema > hub.schema.json`
    """
    if schema:
        from hub.catalogue import catalogue
        from hub.config.schema import json_schema

        session.out.data(json_schema(catalogue()))
        return
    from hub.config import CONFIG_FILE
    from hub.config.checking import check

    path = file or session.config_file or CONFIG_FILE
    result = check(path, values=session.values)
    tried = await _tried(session, result) if connect and not result.errors else []
    problems = [*result.problems, *(one.problem for one in tried if one.problem is not None)]
    for problem in [] if session.out.json else problems:
        session.out.trouble(str(problem), style="yellow" if problem.severity.value == "warning" else "red")
    wrong = [problem for problem in problems if problem.severity.value == "error"]
    if session.out.json:
        session.out.data(
            {
                "file": str(path),
                "ok": not wrong,
                "problems": [problem.as_dict() for problem in problems],
                "tried": [_said(one) for one in tried],
            }
        )
    elif connect and result.errors:
        session.out.trouble("nothing outside was tried: mend the file first", style="yellow")
    elif not wrong:
        session.out.line(Text(f"{path} is right{_summary(result)}", style="green"))
    if wrong:
        raise typer.Exit(1)


async def _tried(session: Session, result: "Checked") -> "list[Tried]":
    from core.clock import SystemClock
    from hub.config.connecting import connect

    if result.config is None or result.library is None:
        return []
    tried: list[Tried] = []
    async for one in connect(result.config, result.library, SystemClock()):
        tried.append(one)
        if one.problem is None:
            session.out.line(Text.assemble(("ok     ", "green"), f"{one.what}: {one.said}"))
    return tried


def _said(one: "Tried") -> dict[str, Any]:
    return {"what": one.what, "ok": one.problem is None, "said": one.said}


def _summary(result: "Checked") -> str:
    if result.config is None or result.library is None:
        return ""
    names = ", ".join(result.config.connectors) or "no connectors"
    return f": {names}; {len(result.library.current)} mappings"


def init_config(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where to; here unless said.")] = Path(),
) -> None:
    """Write a hub.yaml to begin with, commented, and secrets of its own beside it.

    It runs as it stands: on SQLite, without a broker, with one shop that may send orders.
    """
    from hub.config.beginning import AlreadyThereError, begin

    try:
        written = begin(folder)
    except AlreadyThereError as error:
        raise Failure(str(error)) from None
    if session.out.json:
        session.out.data({"written": [str(file) for file in written]})
        return
    for file in written:
        session.out.line(f"wrote {file}")
    session.out.line("next: orderhub check, orderhub db upgrade, orderhub run", style="dim")
