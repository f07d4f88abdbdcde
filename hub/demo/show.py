"""What a person sees while the demo runs: how far the orders are, what the partners do, what went wrong on purpose."""

from collections import Counter, deque
from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from core.simulator import Ledger

CHANNELS = ("webstore", "till", "shopify", "amazon")
STAGES = (
    ("ordered", CHANNELS, "ordered"),
    ("money held", ("stripe",), "authorised"),
    ("screened", ("signifyd",), "screened"),
    ("labelled", ("easypost",), "label_bought"),
    ("released", ("berlin", "leipzig", "hamburg"), "released"),
    ("purchased", ("acme",), "purchase_order"),
    ("shipped", ("berlin", "leipzig", "hamburg", "acme"), "shipped"),
    ("captured", ("stripe",), "captured"),
    ("shop told", CHANNELS, "told_shipped"),
    ("mailed", ("mailer",), "mailed"),
)
_COLOURS = {
    "webstore": "cyan", "till": "cyan", "stripe": "magenta", "berlin": "yellow", "leipzig": "yellow", "mailer": "green",
    "signifyd": "red", "shopify": "cyan", "amazon": "cyan", "easypost": "blue", "acme": "yellow", "hamburg": "yellow",
}  # fmt: skip
_NEWS = 8


class Show:
    """The live picture. `refresh` reads what is new in the ledgers."""

    def __init__(self, ledgers: Mapping[str, Ledger], orders: int, address: str) -> None:
        self._ledgers, self._orders, self._address = ledgers, orders, address
        self._seen: Counter[str] = Counter()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._news: deque[tuple[str, Mapping[str, Any]]] = deque(maxlen=_NEWS)

    def refresh(self) -> None:
        """Take in what the partners did since the last look."""
        for name, ledger in self._ledgers.items():
            for entry in ledger.entries[self._seen[name] :]:
                self._counts[name, entry["kind"]] += 1
                self._news.append((name, entry))
            self._seen[name] = len(ledger.entries)

    def total(self) -> int:
        """Return how many entries there are: it stands still when nothing happens any more."""
        return sum(len(ledger.entries) for ledger in self._ledgers.values())

    def __rich__(self) -> RenderableType:
        self.refresh()
        return Group(self._bars(), self._latest())

    def _bars(self) -> Panel:
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=11)
        table.add_column(ratio=1)
        table.add_column(justify="right", width=5)
        for label, partners, kind in STAGES:
            count = sum(self._counts[name, kind] for name in partners)
            colour = _COLOURS[partners[0]]
            bar = ProgressBar(total=max(self._orders, count), completed=count, complete_style=colour)
            table.add_row(Text(label, style=colour), bar, str(count))
        return Panel(table, title=f"{self._orders} orders through orderhub", subtitle=self._address)

    def _latest(self) -> Panel:
        table = Table.grid(padding=(0, 1))
        for name, entry in self._news:
            about = entry.get("reference") or entry.get("order") or entry["key"]
            table.add_row(
                Text(name, style=_COLOURS[name]),
                Text(entry["kind"].replace("_", " ")),
                Text(str(about)[:44], style="dim"),
            )  # fmt: skip
        return Panel(table, title="what the partners write down", height=_NEWS + 2)
