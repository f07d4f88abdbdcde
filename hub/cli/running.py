"""`orderhub demo`, `run`, `bench`, `simulate`: what goes on until it is told to end."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.session import Session, command
from hub.demo.options import DEFAULT_SPEED


class RoleChoice(StrEnum):
    """What a process of the hub does."""

    ALL = "all"
    API = "api"
    WORKER = "worker"
    SCHEDULER = "scheduler"


def add_to(app: typer.Typer) -> None:
    """Add these commands at the top."""
    command(app, "demo", config=False)(demo)
    command(app, "run", json=False)(run)
    command(app, "bench", config=False)(bench)


async def demo(
    session: Session,
    orders: Annotated[int, typer.Option(min=1, max=100_000, help="How many orders.")] = 60,
    seed: Annotated[int, typer.Option(help="The same seed plays the same orders and the same trouble.")] = 1,
    speed: Annotated[
        float, typer.Option(min=0.1, max=1000, help="How many times as fast as the clock.")
    ] = DEFAULT_SPEED,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the store here; else it goes at the end.")
    ] = None,
    leave: Annotated[
        bool, typer.Option("--exit", help="End after the summary, instead of serving the console.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Of the API and console; 0 takes 8000, or a free one.")
    ] = 0,
) -> None:
    """Run a whole hub among simulated partners, with trouble, and see what became of every order.

    Needs no server and no configuration. Exit status 1 if any order did not end as it should have.
    Example: `orderhub demo --orders 200 --seed 7 --exit`
    """
    from hub.demo.options import DemoOptions
    from hub.demo.running import run_demo

    options = DemoOptions(
        orders=orders, seed=seed, speed=speed, data=data, exit=leave, json=session.out.json, port=port
    )
    raise typer.Exit(await run_demo(options))


async def run(
    session: Session,
    role: Annotated[
        RoleChoice, typer.Option(help="What this process does; all of it unless said.")
    ] = RoleChoice.ALL,
) -> None:
    """Run the hub from hub.yaml until it is told to end; what has begun is finished first.

    On PostgreSQL and RabbitMQ any number of processes share the work: `orderhub run --role worker`.
    """
    config = session.config()
    from hub.application import Role
    from hub.logs import log_to_stdout
    from hub.service import run_hub

    log_to_stdout(config.sections.log)
    await run_hub(config, Role(role.value))


async def bench(
    session: Session,
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer orders and shorter runs: to see that it works.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write/--no-write", help="Write the figures to docs/benchmarks.md.")
    ] = True,
) -> None:
    """Measure the hub beside what else one could use, at the same durable work. Needs a checkout.

    Example: `orderhub bench --quick --no-write`
    """
    from hub.bench import BenchOptions, run_bench

    raise typer.Exit(await run_bench(BenchOptions(json=session.out.json, quick=quick, write=write)))
