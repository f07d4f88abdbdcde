"""Amazon's `StockSink`, held to the port's contract."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.ports import StockAnswer, StockOffer, StockSink
from tests.connectors.amazon.stage import Stage, a_stage
from tests.contracts.stock_sink import SinkBench, StockSinkContract


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with a_stage(tmp_path) as made:
        made.market.listings = {"CUP": 0, "POT/2": 0}
        made.told["call_s"] = 0.5
        yield made


class TestAmazonStock(StockSinkContract):
    references = ("CUP", "POT/2")
    refusing_for_now = ("http_429", "http_503")
    breaking_before = ("timeout_before", "http_500")
    breaking_after = ("timeout_after", "reset_after", "http_500_after")

    @pytest.fixture
    async def bench(self, stage: Stage) -> SinkBench:
        def sink(**changes: str) -> StockSink:
            found = stage.open(**changes).stock
            assert found is not None
            return found

        secrets = tuple(stage.market.credentials.values())
        return SinkBench(
            sink(), stage.market, stage.ledger, stage.faults, secrets, lambda: sink(refresh_token="Atzr|no")
        )

    def shown(self, bench: SinkBench, reference: str) -> int:
        market = bench.simulator
        return int(market.listings[reference])  # type: ignore[attr-defined] # the bench's simulator is a Marketplace

    def changes(self, bench: SinkBench) -> int:
        return len(bench.ledger.of("stock"))


async def test_a_listing_that_amazon_calls_invalid_is_refused_with_its_words(stage: Stage) -> None:
    stage.faults.plan["invalid_listing"] = {"CUP"}
    sink = stage.connector.stock
    assert sink is not None
    answer = await sink.tell(
        "a", [StockOffer("CUP", "CUP", 3, None, 1), StockOffer("POT/2", "POT", 4, None, 1)]
    )
    assert set(answer.refused) == {"CUP"}
    assert "90244: The quantity is not one." in answer.refused["CUP"]
    assert stage.market.listings == {"CUP": 0, "POT/2": 4}


async def test_what_amazon_has_no_time_for_is_told_later_and_the_rest_stays_told(stage: Stage) -> None:
    stage.faults.plan["http_503"] = {"POT/2"}
    sink = stage.connector.stock
    assert sink is not None
    answer = await sink.tell(
        "a", [StockOffer("CUP", "CUP", 3, None, 1), StockOffer("POT/2", "POT", 4, None, 1)]
    )
    assert answer == StockAnswer(later={"POT/2": answer.later["POT/2"]})
    assert stage.market.listings == {"CUP": 3, "POT/2": 0}
