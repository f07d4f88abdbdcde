"""What every `StockSink` does: the channel shows what it was told last, and nobody's item is harmed by another's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import pytest

from core.errors import OutcomeUnknownError, RetryableError, UnauthorisedError
from core.ports import StockAnswer, StockOffer, StockSink
from core.simulator import Faults, Ledger, Simulator

NOTHING = StockAnswer()
MOST_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class SinkBench:
    """A sink that is connected to its channel's simulator."""

    sink: StockSink
    simulator: Simulator
    ledger: Ledger
    faults: Faults
    secrets: tuple[str, ...]
    """What must appear nowhere."""
    locked_out: Callable[[], StockSink]
    """Gives the same sink with credentials that the channel does not accept."""


class StockSinkContract:
    """Subclass it per implementation: say what the channel sells, how it fails, and what `bench` is.

    `bench` is a fixture of the subclass that gives a `SinkBench`, and takes it down again. Faults strike by reference.
    """

    references: ClassVar[tuple[str, str]]
    """Two items that the channel sells."""
    unknown: ClassVar[str] = "NEVER-SOLD"
    refusing_for_now: ClassVar[tuple[str, ...]] = ()
    breaking_before: ClassVar[tuple[str, ...]] = ()
    breaking_after: ClassVar[tuple[str, ...]] = ()

    def shown(self, bench: SinkBench, reference: str) -> int:
        """Return how much of an item the channel shows to its buyers."""
        raise NotImplementedError

    def changes(self, bench: SinkBench) -> int:
        """Return how many figures the channel has changed because it was told so."""
        raise NotImplementedError

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        lists = {
            "refusal_for_now": self.refusing_for_now,
            "break_before": self.breaking_before,
            "break_after": self.breaking_after,
        }
        for name in lists.keys() & set(metafunc.fixturenames):
            metafunc.parametrize(name, lists[name])

    # --- the suite ---

    def test_its_times_make_a_lease(self, bench: SinkBench) -> None:
        assert bench.sink.most >= 1
        assert bench.sink.deadline_s > 0
        assert bench.sink.settle_s >= 0

    async def test_the_channel_shows_what_it_is_told(self, bench: SinkBench) -> None:
        first, second = self.references
        for key, figures in (("a", (7, 3)), ("b", (0, 12))):
            for reference, quantity in zip((first, second), figures, strict=True):
                assert await self._tell(bench, key + reference, self._offer(bench, reference, quantity))
            assert (self.shown(bench, first), self.shown(bench, second)) == figures

    async def test_items_told_together_are_all_told(self, bench: SinkBench) -> None:
        offers = [
            self._offer(bench, reference, 5 + i)
            for i, reference in enumerate(self.references[: bench.sink.most])
        ]
        assert await bench.sink.tell("a", offers) == NOTHING
        assert [self.shown(bench, offer.reference) for offer in offers] == [o.quantity for o in offers]

    async def test_a_figure_that_the_channel_has_changes_nothing(self, bench: SinkBench) -> None:
        offer = self._offer(bench, self.references[0], 6)
        await self._tell(bench, "a", offer)
        before = self.changes(bench)
        again = StockOffer(offer.reference, offer.sku, 6, told=6, attempt=1)
        assert await bench.sink.tell("b", [again]) == NOTHING
        assert self.shown(bench, offer.reference) == 6
        assert self.changes(bench) == before

    async def test_an_item_that_the_channel_does_not_sell_is_refused_alone(self, bench: SinkBench) -> None:
        offers = [
            StockOffer(self.unknown, self.unknown, 4, None, 1),
            self._offer(bench, self.references[0], 4),
        ]
        refused: dict[str, str] = {}
        for start in range(0, len(offers), bench.sink.most):
            answer = await bench.sink.tell(f"a{start}", offers[start : start + bench.sink.most])
            refused |= answer.refused
            assert not answer.later
        assert set(refused) == {self.unknown}
        assert self.unknown in refused[self.unknown]
        assert self.shown(bench, self.references[0]) == 4

    async def test_a_channel_that_is_away_is_told_later(self, bench: SinkBench) -> None:
        offer = self._offer(bench, self.references[0], 9)
        await bench.simulator.stop()
        with pytest.raises(RetryableError):
            await bench.sink.tell("a", [offer])
        await bench.simulator.start()
        await self._told(bench, offer)

    async def test_a_refusal_for_now_changed_nothing(self, bench: SinkBench, refusal_for_now: str) -> None:
        offer = self._planned(bench, refusal_for_now)
        before = self.shown(bench, offer.reference)
        with pytest.raises(RetryableError):
            await bench.sink.tell("a", [offer])
        assert self.shown(bench, offer.reference) == before
        await self._told(bench, offer)

    async def test_after_a_call_that_broke_before_its_effect_the_next_figure_is_shown(
        self, bench: SinkBench, break_before: str
    ) -> None:
        offer = self._planned(bench, break_before)
        with pytest.raises((RetryableError, OutcomeUnknownError)):
            await bench.sink.tell("a", [offer])
        await self._told(bench, offer)

    async def test_after_a_call_whose_answer_was_lost_the_next_figure_is_shown(
        self, bench: SinkBench, break_after: str
    ) -> None:
        offer = self._planned(bench, break_after)
        with pytest.raises(OutcomeUnknownError):
            await bench.sink.tell("a", [offer])
        assert self.shown(bench, offer.reference) == offer.quantity
        await self._told(bench, StockOffer(offer.reference, offer.sku, offer.quantity - 1, None, 1))

    async def test_wrong_credentials_pause_the_connector(self, bench: SinkBench) -> None:
        offer = self._offer(bench, self.references[0], 9)
        before = self.shown(bench, offer.reference)
        with pytest.raises(UnauthorisedError) as refused:
            await bench.locked_out().tell("a", [offer])
        assert [secret for secret in bench.secrets if secret in str(refused.value)] == []
        assert self.shown(bench, offer.reference) == before

    # --- what the tests are made of ---

    def _offer(self, bench: SinkBench, reference: str, quantity: int) -> StockOffer:
        return StockOffer(reference, reference, quantity, self.shown(bench, reference), 1)

    def _planned(self, bench: SinkBench, fault: str) -> StockOffer:
        offer = self._offer(bench, self.references[0], self.shown(bench, self.references[0]) + 3)
        bench.faults.plan.setdefault(fault, set()).add(offer.reference)
        return offer

    async def _tell(self, bench: SinkBench, key: str, offer: StockOffer) -> bool:
        return await bench.sink.tell(key, [offer]) == NOTHING

    async def _told(self, bench: SinkBench, offer: StockOffer) -> None:
        """Do what the hub does: tell again, under a new key and with a higher attempt, until it is taken."""
        for attempt in range(offer.attempt + 1, offer.attempt + 1 + MOST_ATTEMPTS):
            again = StockOffer(offer.reference, offer.sku, offer.quantity, None, attempt)
            try:
                if await self._tell(bench, f"again-{attempt}", again):
                    break
            except (RetryableError, OutcomeUnknownError):
                continue
        assert self.shown(bench, offer.reference) == offer.quantity


class ComparingStockSinkContract(StockSinkContract):
    """For channels that can say that their figure is not the one that they were told: they sold some themselves."""

    def sell(self, bench: SinkBench, reference: str, units: int) -> None:
        """Let a buyer buy at the channel."""
        raise NotImplementedError

    async def test_a_sale_of_the_channels_own_is_not_undone_at_once(self, bench: SinkBench) -> None:
        reference = self.references[0]
        await self._tell(bench, "a", self._offer(bench, reference, 8))
        self.sell(bench, reference, 1)
        answer = await bench.sink.tell("b", [StockOffer(reference, reference, 10, told=8, attempt=1)])
        assert set(answer.later) == {reference}
        assert self.shown(bench, reference) == 7
        await self._told(bench, StockOffer(reference, reference, 10, told=8, attempt=2))
