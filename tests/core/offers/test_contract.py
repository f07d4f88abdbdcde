"""The suite of the port holds for the shelf of these tests: it asks nothing that no channel can do."""

import pytest

from tests.contracts.stock_sink import ComparingStockSinkContract, SinkBench
from tests.core.offers.shelf import Shelf


class TestShelf(ComparingStockSinkContract):
    references = ("MUG", "CUP")
    refusing_for_now = ("busy",)
    breaking_before = ("lost_before",)
    breaking_after = ("lost_after",)

    @pytest.fixture
    def bench(self) -> SinkBench:
        shelf = Shelf(shown={"MUG": 1, "CUP": 1})
        other = Shelf(shelf.shown, ledger=shelf.ledger, password="guess")
        return SinkBench(shelf, shelf, shelf.ledger, shelf.faults, (shelf.password,), lambda: other)

    def shown(self, bench: SinkBench, reference: str) -> int:
        assert isinstance(bench.sink, Shelf)
        return bench.sink.shown[reference]

    def changes(self, bench: SinkBench) -> int:
        return len(bench.ledger.of("changed"))

    def sell(self, bench: SinkBench, reference: str, units: int) -> None:
        assert isinstance(bench.sink, Shelf)
        bench.sink.shown[reference] -= units
