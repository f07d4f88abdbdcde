"""`orderhub simulate`: one partner, played by the hub, for whoever has no sandbox account."""

import asyncio
import signal
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from hub.cli.failing import Failure
from hub.cli.session import Session, command

if TYPE_CHECKING:
    from core.connector import Connector
    from core.simulator import Ledger, Simulator, Workshop


def add_to(app: typer.Typer) -> None:
    """Add this command at the top."""
    command(app, "simulate", config=False)(simulate)


async def simulate(
    session: Session,
    name: Annotated[
        str, typer.Argument(metavar="TYPE", help="A type of connector: `orderhub connectors list --types`.")
    ],
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Where it serves on 127.0.0.1; 0 takes a free port.")
    ] = 0,
    faults: Annotated[
        list[str] | None,
        typer.Option(
            "--fault", metavar="NAME=SHARE", help="Which trouble, and how often: http_500=0.1. Repeatable."
        ),
    ] = None,
    options: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="NAME=VALUE", help="What this partner may be told. Repeatable."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same trouble.")] = 0,
    speed: Annotated[
        float, typer.Option(min=0.1, max=1000, help="How many times as fast as the clock.")
    ] = 1.0,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep its files and its ledger here.")
    ] = None,
) -> None:
    """Play a partner until interrupted: with state, authentication, limits, and trouble on demand.

    It prints the settings with which a hub reaches it, and then what it does, as it does it.
    Example: `orderhub simulate stripe --fault timeout_after=0.05 --data stripe-played`
    """
    connector = _type(name)
    async with _folder(data) as folder:
        workshop = _workshop(
            name, folder, port, _shares(faults or []), _pairs(options or [], "--option"), seed, speed
        )
        partner = connector.simulator(workshop)
        try:
            settings = await partner.start()
            _begin(session, name, settings, folder)
            await _until_told(session, workshop.ledger)
        finally:
            await _end(partner, workshop)


def _type(name: str) -> "Connector":
    from hub.catalogue import catalogue
    from mappings.suggest import did_you_mean

    known = catalogue()
    if name not in known:
        raise Failure(f"there is no type of connector {name!r}{did_you_mean(name, known)}", usage=True)
    return known[name]


def _workshop(
    name: str,
    folder: Path,
    port: int,
    shares: dict[str, float],
    options: dict[str, str],
    seed: int,
    speed: float,
) -> "Workshop":
    from core.clock import SystemClock
    from core.simulator import Faults, Ledger, Workshop

    clock = SystemClock(speed)
    ledger = Ledger(clock, folder / "ledger.jsonl")
    return Workshop(
        name, clock, ledger, Faults(seed, shares), folder, port=port, seed=seed, options=_typed(options)
    )


def _begin(session: Session, name: str, settings: dict[str, Any], folder: Path) -> None:
    """Say how a hub reaches the partner: as a section of hub.yaml, or as JSON."""
    if session.out.json:
        session.out.data({"type": name, "settings": settings, "folder": str(folder)})
        return
    import json

    session.out.line(f"{name} is there; what a hub.yaml says to reach it:", style="green")
    session.out.line(f"  {name}:\n    type: {name}")
    for key, value in settings.items():
        session.out.line(f"    {key}: {json.dumps(value, default=str)}")
    session.out.line(f"its files and its ledger are in {folder}; Ctrl-C ends it", style="dim")


async def _until_told(session: Session, ledger: "Ledger") -> None:
    """Print what the partner does, until a signal comes."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    seen = 0
    while not stop.is_set():
        for entry in ledger.entries[seen:]:
            session.out.line(
                Text.assemble((entry["at"][11:19], "dim"), f"  {entry['kind']:<20} {entry['key']}")
            )
        seen = len(ledger.entries)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                await stop.wait()


async def _end(partner: "Simulator", workshop: "Workshop") -> None:
    await partner.stop()
    workshop.ledger.close()


@asynccontextmanager
async def _folder(data: Path | None) -> AsyncGenerator[Path]:
    if data is not None:
        await asyncio.to_thread(data.mkdir, parents=True, exist_ok=True)
        yield await asyncio.to_thread(data.absolute)
        return
    with tempfile.TemporaryDirectory(prefix="orderhub-simulate-") as folder:
        yield Path(folder)


def _pairs(texts: list[str], option: str) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    wrong = next(
        (text for text, (name, equals, _) in zip(texts, pairs, strict=True) if not equals or not name), None
    )
    if wrong is not None:
        raise Failure(f"{option} is given NAME=VALUE, not {wrong!r}", usage=True)
    return {name: value for name, _, value in pairs}


def _shares(texts: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, value in _pairs(texts, "--fault").items():
        try:
            share = float(value)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            raise Failure(f"--fault {name} is given a share from 0 to 1, not {value!r}", usage=True)
        found[name] = share
    return found


def _typed(options: dict[str, str]) -> dict[str, Any]:
    """Return options as JSON says them, and else as they are: `limit=25` is a number, `mode=test` a text."""
    import json

    typed: dict[str, Any] = {}
    for name, value in options.items():
        try:
            typed[name] = json.loads(value)
        except ValueError:
            typed[name] = value
    return typed
