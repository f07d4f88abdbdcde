"""What the demo shows while it runs: every partner's news has its place."""

from rich.console import Console

from core.clock import SystemClock
from core.simulator import Ledger
from hub.demo.cast import PARTNERS
from hub.demo.show import Show


def test_news_of_every_partner_are_shown() -> None:
    clock = SystemClock()
    for name in PARTNERS:
        ledger = Ledger(clock)
        ledger.write("ordered", "R-1", order="R-1")
        console = Console(width=100, force_terminal=False)
        with console.capture() as capture:
            console.print(Show({**{other: Ledger(clock) for other in PARTNERS}, name: ledger}, 5, "here"))
        assert name in capture.get()
