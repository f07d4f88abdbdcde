"""`orderhub translate`: try a mapping on a document, and again whenever one of them changes."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from hub.cli.failing import Failure
from hub.cli.session import Session, command

if TYPE_CHECKING:
    from hub.mappings import Sources
    from mappings import Mapping


def add_to(app: typer.Typer) -> None:
    """Add this command at the top."""
    command(app, "translate", json=False)(translate)


async def translate(
    session: Session,
    mapping: Annotated[
        str, typer.Argument(metavar="MAPPING", help="A mapping's name, such as webstore/order.")
    ],
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="The document; read from the input unless named.")
    ] = None,
    context: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="What the mapping is told beside the document."),
    ] = None,
    folders: Annotated[
        list[Path] | None, typer.Option("--mappings", help="A further folder of mapping documents.")
    ] = None,
    where: Annotated[bool, typer.Option("--where", help="Print where each value came from instead.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Again whenever the document or a mapping changes.")
    ] = False,
) -> None:
    """Read a partner's document and print the canonical one as JSON; with a mapping that writes, the reverse.

    Exit status 1, and one line per error, where the document can't be translated.
    Examples: `orderhub translate webstore/order order.json --set channel=shop`,
    `cat notice.xml | orderhub translate warehouse/dispatch`, `orderhub translate --watch shop/order order.json`
    """
    told = _told(context or [])
    sources = _sources(session, folders or [])
    if watch:
        if file is None:
            raise Failure("--watch needs the document's FILE: the input can be read only once", usage=True)
        await _watch(session, sources, mapping, file, told, where=where)
        return
    raw = await asyncio.to_thread(file.read_bytes if file else sys.stdin.buffer.read)
    if not _once(session, sources, mapping, raw, told, where=where):
        raise typer.Exit(1)


def _sources(session: Session, folders: list[Path]) -> "Sources":
    """Return the mappings of hub.yaml where there is one, and else those of every type of connector."""
    from hub.catalogue import catalogue
    from hub.config import CONFIG_FILE, folders_of_mappings
    from hub.mappings import sources

    types, file = catalogue().values(), session.config_file or CONFIG_FILE
    if session.config_file is None and not file.exists():
        return sources(types, folders)
    return sources(types, (*folders_of_mappings(file, session.values), *folders))


def _once(
    session: Session, sources: "Sources", name: str, raw: bytes, context: dict[str, Any], *, where: bool
) -> bool:
    """Translate one document; say whether that went well."""
    from mappings import InvalidMappingError, MappingError

    try:
        found = _compiled(sources, name)
        if found.reads:
            problems = found.check(raw, context)
            if problems:
                return _wrong(session, problems)
            _print_read(session, found, raw, context, where=where)
        else:
            sys.stdout.buffer.write(found.write(_values(raw), context))
            sys.stdout.buffer.flush()
    except InvalidMappingError as error:
        return _wrong(session, error.findings)
    except MappingError as error:
        return _wrong(session, error.problems)
    return True


def _compiled(sources: "Sources", name: str) -> "Mapping":
    from mappings.suggest import did_you_mean

    known = sources.registry().load(sources.texts())
    if name not in known.mappings:
        raise Failure(f"there is no mapping {name!r}{did_you_mean(name, known)}", usage=True)
    return known[name]


def _print_read(
    session: Session, found: "Mapping", raw: bytes, context: dict[str, Any], *, where: bool
) -> None:
    if where:
        for one in found.explain(raw, context):
            place = f"{one.source or ''}" + (f" ({one.position})" if one.position else "")
            session.out.line(f"{one.target} = {one.value}  ← {place or 'the mapping'}  {one.mark}")
        return
    documents = [document.model_dump(mode="json") for document in found.read_all(raw, context)]
    for document in documents:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def _values(raw: bytes) -> Any:
    """Return the canonical values that a mapping writes from."""
    try:
        return json.loads(raw)
    except ValueError as error:
        raise Failure(f"a mapping that writes is given canonical JSON, and this is none: {error}") from None


def _wrong(session: Session, problems: Any) -> bool:
    for problem in problems:
        session.out.trouble(str(problem))
    return False


def _told(pairs: list[str]) -> dict[str, Any]:
    context: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise Failure(f"--set is given NAME=VALUE, not {pair!r}", usage=True)
        context[name] = value
    return context


async def _watch(
    session: Session, sources: "Sources", name: str, file: Path, context: dict[str, Any], *, where: bool
) -> None:
    """Translate now and after every change, until interrupted."""
    from watchfiles import awatch  # pyright: ignore[reportUnknownVariableType] - one of its types is from trio

    folders = [folder for _, folder in sources.folders if folder.is_dir()]
    changes = awatch(file, *folders, debounce=200, step=50)
    while True:
        raw = await asyncio.to_thread(file.read_bytes)
        well = _once(session, sources, name, raw, context, where=where)
        word = "translated" if well else "not translated"
        session.out.errors.print(Text(f"{word}; watching {file} and the mappings …", style="dim"))
        await anext(changes)
