"""The end of the demo: what was expected, what happened, and where to look around."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import orjson
from rich.console import Console
from rich.table import Table

from core.simulator import Faults
from hub.demo.judge import Verdict
from hub.demo.plan import PlannedOrder
from hub.demo.scenarios import SHAPES
from hub.demo.trouble import KINDS

_SHOWN_WRONG = 10


@dataclass(frozen=True, slots=True)
class Summary:
    """The demo in numbers. `as_expected` counts orders whose ledgers agree with what was written before."""

    orders: int
    as_expected: int
    failed_messages: int
    messages: int
    seconds: float
    outcomes: Mapping[str, int] = field(default_factory=dict[str, int])
    faults: Mapping[str, int] = field(default_factory=dict[str, int])

    def as_json(self) -> str:
        """Return one line of JSON."""
        return orjson.dumps(asdict(self)).decode()


def count_faults(
    plan: Iterable[PlannedOrder],
    happened: Mapping[str, Faults],
    away: Mapping[str, int],
) -> dict[str, int]:
    """Count what went wrong on purpose, by kind."""
    counts: Counter[str] = Counter()
    for faults in happened.values():
        for fault, times in faults.happened.items():
            counts[KINDS.get(fault, fault)] += times
    for order in plan:
        shown = SHAPES[order.outcome].fault
        if shown is not None:
            counts[KINDS.get(shown, shown)] += 1
    counts["unavailable"] += sum(away.values())
    return dict(sorted(counts.items()))


def show_summary(console: Console, summary: Summary, verdicts: Sequence[Verdict], mended: int) -> None:
    """Print it for a person."""
    expected = Counter(verdict.outcome for verdict in verdicts)
    kept = Counter(verdict.outcome for verdict in verdicts if not verdict.wrong)
    outcomes = Table(title="How the orders ended", title_justify="left", box=None)
    outcomes.add_column("outcome")
    outcomes.add_column("orders", justify="right")
    outcomes.add_column("as expected", justify="right")
    for outcome in sorted(expected, key=lambda name: -expected[name]):
        colour = "green" if kept[outcome] == expected[outcome] else "red"
        outcomes.add_row(outcome.replace("_", " "), str(expected[outcome]), f"[{colour}]{kept[outcome]}[/]")
    faults = Table(title="What went wrong on purpose", title_justify="left", box=None)
    faults.add_column("fault")
    faults.add_column("times", justify="right")
    for kind, times in summary.faults.items():
        faults.add_row(kind.replace("_", " "), str(times))
    grid = Table.grid(padding=(0, 6))
    grid.add_row(outcomes, faults)
    console.print()
    console.print(grid)
    console.print()
    good = summary.as_expected == summary.orders
    mark = "[bold green]✔[/]" if good else "[bold red]✘[/]"
    console.print(
        f"{mark} {summary.as_expected} of {summary.orders} orders ended as expected, by the partners' own ledgers, "
        f"in {summary.seconds:.0f} s: {summary.messages} messages, {summary.failed_messages} failed, {mended} mended.",
    )
    for verdict in [v for v in verdicts if v.wrong][:_SHOWN_WRONG]:
        console.print(f"  [red]{verdict.reference}[/] ({verdict.outcome}): {'; '.join(verdict.wrong)}")
