"""`make bench`: every measurement of the hub, in turn and as ratios, written to `docs/benchmarks.md`.

    python -m benchmarks.run [--json] [--quick] [--no-write]

Machines are noisy: programs that are compared run one after the other in the same session, `--rounds` times, and the
medians are compared.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import asyncpg
import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks import celery_chain, embedded, floor, hub_chain

REPORT = Path(__file__).parent.parent / "docs" / "benchmarks.md"
LIBRARIES = ("faststream", "aio-pika", "asyncpg", "pydantic", "sqlalchemy", "celery", "uvloop")


@dataclass(slots=True)
class Plan:
    """How much of what is measured."""

    amqp_url: str
    dsn: str
    rounds: int = 3
    chain_orders: int = 4000
    celery_orders: int = 200
    whole_orders: int = 2000
    stored_orders: int = 100_000
    demo_orders: int = 200
    edi_mb: int = 100
    """The larger of two files whose reading is to take as much memory; the smaller one is a tenth of it."""


@dataclass(slots=True)
class Figures:
    """Everything measured, by name; what could not be is missing, with the reason in `missing`."""

    values: dict[str, float] = field(default_factory=dict[str, float])
    missing: dict[str, str] = field(default_factory=dict[str, str])


async def measure(plan: Plan, say: Callable[[str], None]) -> Figures:
    """Run everything."""
    figures = Figures()
    await _chain(plan, figures, say)
    _whole(plan, figures, say)
    say("mapping against the same by hand")
    figures.values.update(_mapping())
    say("EDI, beside other readers")
    _edi(figures)
    say("EDI, memory over a large file")
    _edi_memory(plan.edi_mb, figures)
    say("start-up and memory, embedded")
    await _try("embedded", embedded.serve(), figures)
    say("the demo")
    await _try("demo", embedded.demo(plan.demo_orders), figures)
    return figures


async def _chain(plan: Plan, figures: Figures, say: Callable[[str], None]) -> None:
    """Eight durable steps an order: hub, floor twice, Celery; medians of the rounds."""
    found: dict[str, list[float]] = {}
    amqp, dsn = plan.amqp_url, plan.dsn
    for n in range(plan.rounds):
        say(f"eight durable steps, round {n + 1} of {plan.rounds}")
        runs: dict[str, Awaitable[Any]] = {
            "hub": hub_chain.run(plan.chain_orders, amqp, dsn),
            "floor": floor.run(plan.chain_orders, amqp, dsn, packed=False),
            "floor_envelopes": floor.run(plan.chain_orders, amqp, dsn, packed=True),
            "celery": celery_chain.run(plan.celery_orders, amqp, dsn),
            "hub_two_workers": hub_chain.run(plan.chain_orders, amqp, dsn, workers=2),
        }
        for name, run in runs.items():
            found.setdefault(name, []).append((await run).orders_s)
    middle = {name: statistics.median(rates) for name, rates in found.items()}
    figures.values.update({f"{name}_orders_s": round(rate, 1) for name, rate in middle.items()})
    figures.values["ratio_celery"] = round(middle["hub"] / middle["celery"], 2)
    figures.values["ratio_floor"] = round(middle["hub"] / middle["floor"], 2)
    figures.values["ratio_floor_envelopes"] = round(middle["hub"] / middle["floor_envelopes"], 2)
    figures.values["ratio_two_workers"] = round(middle["hub_two_workers"] / middle["hub"], 2)


def _whole(plan: Plan, figures: Figures, say: Callable[[str], None]) -> None:
    """Whole orders, each time by a process that is new; in each round into an empty store and into a full one."""
    orders = str(plan.whole_orders)
    runs = {
        "whole": ["--orders", orders],
        "stored": ["--orders", orders, "--stored", str(plan.stored_orders)],
    }
    found: dict[str, list[float]] = {}
    for n in range(plan.rounds):
        say(f"whole orders, real rules and mappings, partners stubbed, round {n + 1} of {plan.rounds}")
        for name, options in runs.items():
            for key, value in _whole_once(name, options, plan, figures).items():
                found.setdefault(f"{name}_{key}", []).append(value)
    figures.values.update({name: round(statistics.median(values), 3) for name, values in found.items()})
    at_half = _whole_once(
        "half_load", ["--orders", str(plan.whole_orders // 2), "--rate", "50"], plan, figures
    )
    figures.values.update({f"half_load_{key}": round(value, 3) for key, value in at_half.items()})


def _whole_once(name: str, options: list[str], plan: Plan, figures: Figures) -> dict[str, float]:
    """Run the program once; return what it measured, or note why it did not."""
    program = ["benchmarks.whole_orders", *options, "--amqp-url", plan.amqp_url, "--dsn", plan.dsn]
    done = _program(*program)
    if done.returncode:
        figures.missing[name] = done.stderr.strip().rpartition("\n")[2]
        return {}
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def _program(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run a benchmark as a process of its own."""
    program = [sys.executable, "-m", *words]
    return subprocess.run(program, capture_output=True, text=True, check=False, cwd=REPORT.parent.parent)  # noqa: S603


async def _try(name: str, run: Awaitable[dict[str, float]], figures: Figures) -> None:
    try:
        for key, value in (await run).items():
            figures.values[f"{name}_{key}"] = round(value, 3)
    except (OSError, RuntimeError, asyncpg.PostgresError) as error:
        figures.missing[name] = str(error)


def _mapping() -> dict[str, float]:
    done = _program("benchmarks.mapping")
    rows = (line.rsplit(None, 1) for line in done.stdout.splitlines()[1:])
    ratios = {"_".join(head.replace(",", "").split()[:-5]): float(ratio) for head, ratio in rows}
    return {f"mapping_{name}_ratio": ratio for name, ratio in ratios.items()}


def _edi(figures: Figures) -> None:
    done = _program("benchmarks.edi", "--json")
    if done.returncode:
        figures.missing["edi"] = done.stderr.strip().rpartition("\n")[2]
        return
    found = json.loads(done.stdout)
    rates: dict[str, float] = found["rates"]
    figures.values.update({f"edi_{name}_mb_s": rate for name, rate in rates.items()})
    figures.missing.update({f"edi_{name}": reason for name, reason in found["missing"].items()})
    for name, rate in rates.items():
        family, _, reader = name.partition("_")
        if reader not in ("segments", "envelopes", "grammar"):
            figures.values[f"ratio_edi_{name}"] = round(rates[f"{family}_envelopes"] / rate, 2)


def _edi_memory(megabytes: int, figures: Figures) -> None:
    """Peaks of processes that read a small and a large file, named by their megabytes, and how many times the small."""
    for family in ("x12", "edifact"):
        peaks: list[float] = []
        for size in (megabytes // 10, megabytes):
            done = _program("benchmarks.edi_memory", family, "--megabytes", str(size))
            if done.returncode:
                figures.missing[f"edi_{family}_peak_mb_{size}"] = done.stderr.strip().rpartition("\n")[2]
                break
            peaks.append(float(done.stdout))
            figures.values[f"edi_{family}_peak_mb_{size}"] = peaks[-1]
        else:
            figures.values[f"edi_{family}_peak_ratio"] = round(peaks[1] / peaks[0], 2)


def _named(values: dict[str, float]) -> dict[str, float]:
    """Return the figures that have names of their own in the last line."""
    names = {"p50_s": "half_load_p50_s", "p99_s": "half_load_p99_s", "peak_mb": "whole_peak_mb"}
    return {name: values[source] for name, source in names.items() if source in values}


def goal_of(name: str, values: dict[str, float]) -> tuple[str, bool] | None:
    """Return what a figure is to reach, and whether it does; None for one that has no goal."""
    value = values[name]
    if name == "stored_orders_s" and "whole_orders_s" in values:
        least = LEAST_OF_WHOLE * values["whole_orders_s"]
        return f"at least {least:.1f}, {LEAST_OF_WHOLE:.0%} of `whole_orders_s`", value >= least
    if name in LEAST:
        return f"at least {LEAST[name]:g}", value >= LEAST[name]
    most = 2.0 if name.startswith("mapping_") else MOST.get(name)
    return None if most is None else (f"at most {most:g}", value <= most)


def _row(name: str, values: dict[str, float]) -> str:
    goal = goal_of(name, values)
    said, reached = ("", "") if goal is None else (goal[0], "yes" if goal[1] else "**no**")
    return f"| `{name}` | {values[name]:g} | {said} | {reached} |"


def report(figures: Figures, plan: Plan) -> str:
    """Return the page: what was measured, with machine, versions, command and date."""
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    rows = "\n".join(_row(name, figures.values) for name in sorted(figures.values))
    missing = "\n".join(f"- `{name}` was not measured: {reason}" for name, reason in figures.missing.items())
    return (
        f"{_HEAD}\n## As measured\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}, `make bench`: {os.cpu_count()} cores ({platform.machine()}), with broker and "
        f"database beside the hub; Python {platform.python_version()}, {versions}. Medians of {plan.rounds} rounds.\n\n"
        f"| figure | value | goal | reached |\n| --- | --- | --- | --- |\n{rows}\n\n{missing}".rstrip()
        + "\n"
    )


LEAST = {
    "ratio_celery": 10.0,
    "ratio_floor": 1.2,
    "ratio_two_workers": 1.0,
    "whole_orders_s": 100.0,
    "edi_x12_segments_mb_s": 10.0,
    "edi_edifact_segments_mb_s": 10.0,
    "edi_x12_grammar_mb_s": 3.0,
    "edi_edifact_grammar_mb_s": 3.0,
}
MOST = {
    "half_load_p99_s": 1.0,
    "embedded_serving_s": 3.0,
    "embedded_peak_mb": 200.0,
    "demo_s": 30.0,
    "edi_x12_peak_ratio": 1.2,
    "edi_edifact_peak_ratio": 1.2,
}
LEAST_OF_WHOLE = 0.9

_HEAD = """# Benchmarks

Written by `make bench`; nothing here is edited by hand. Rates depend on the machine, so what counts are ratios of
programs that ran one after the other in the same session.

| figure | what |
| --- | --- |
| `hub_orders_s` | orders through eight durable steps: production engine, rules of `benchmarks/chain.yaml`, one worker |
| `hub_two_workers_orders_s` | the same, two worker processes |
| `floor_orders_s` | the same rows by bare aio-pika and asyncpg with group commit, message by message |
| `floor_envelopes_orders_s` | the same with what a commit produced packed into envelopes |
| `celery_orders_s` | the same rows by Celery: acks_late, a transaction per task, two processes |
| `ratio_celery`, `ratio_floor` | hub against Celery; against the floor message by message |
| `ratio_two_workers` | two workers against one |
| `whole_*` | whole standard orders, real rules and mappings, partners stubbed in the same process |
| `half_load_*` | the same at 50 orders a second: seconds from arrival to release |
| `stored_*` | the same with 100,000 orders in the store already |
| `mapping_*` | the time of a declarative mapping against the same translation written by hand |
| `edi_*_mb_s` | megabytes a second of processor time: segments, with envelopes checked, with grammars; other readers |
| `edi_*_peak_*` | memory of a process that reads so many megabytes with grammars; the large file against the small |
| `ratio_edi_*` | our reading with envelopes checked, against another reader |
| `embedded_*` | `orderhub run` on SQLite: seconds until it serves, and memory |
| `demo_*` | `orderhub demo` on SQLite, among simulated partners that misbehave: seconds from start to end |
"""


def main() -> None:
    """Measure, print the table, and write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of everything, one round: to see that it runs"
    )
    parser.add_argument("--no-write", action="store_true", help="leave docs/benchmarks.md as it is")
    amqp, dsn = "amqp://guest:guest@127.0.0.1:5672/", "postgresql://postgres@127.0.0.1:5432/postgres"
    parser.add_argument("--amqp-url", default=os.environ.get("ORDERHUB_BENCH_AMQP_URL", amqp))
    parser.add_argument("--dsn", default=os.environ.get("ORDERHUB_BENCH_POSTGRES_URL", dsn))
    given = parser.parse_args()
    plan = Plan(given.amqp_url, given.dsn)
    if given.quick:
        plan = Plan(given.amqp_url, given.dsn, 1, 150, 40, 100, 1000, 40, 10)
    console = Console(stderr=True)
    figures = uvloop.run(measure(plan, lambda text: console.print(f"[dim]{text}[/]")))
    table = Table(title="orderhub, measured")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in sorted(figures.values.items()):
        table.add_row(name, f"{value:g}")
    console.print(table)
    for name, reason in figures.missing.items():
        console.print(f"[red]{name} was not measured:[/] {reason}")
    if not given.no_write:
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(report(figures, plan), encoding="utf-8")
    figures.values.update(_named(figures.values))
    if given.json:
        print(json.dumps({**figures.values, **{f"missing_{k}": v for k, v in figures.missing.items()}}))


if __name__ == "__main__":
    main()
