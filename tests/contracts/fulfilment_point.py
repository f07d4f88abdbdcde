"""What every `FulfilmentPoint` does. Subclass `FulfilmentPointContract` with the node's bench."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeVar
from uuid import UUID

import pytest

from canonical.commands import CancelRelease, Command, SubmitRelease
from canonical.documents import (
    BusinessKey,
    DispatchDocument,
    Document,
    KeyKind,
    OrderBound,
    ReleaseAnswer,
    ReleaseAnswerDocument,
    ReturnDocument,
    StockDocument,
)
from canonical.numbers import release_number
from canonical.order import Order, ReleaseLine
from canonical.parties import Parties
from canonical.stock import Item, StockBasis
from core.errors import RejectedError
from core.ports import EffectContext
from tests.contracts.building import NOON, a_context, an_effect, an_order, somebody
from tests.contracts.effect_port import Bench, EffectPortContract

D = TypeVar("D", bound=Document)

NODE = "berlin"
RELEASE = release_number(an_order().id, 1)
WANTED = {"CUP": 2, "POT": 1}
ITEMS = {"CUP": Item(sku="CUP", title="A cup", weight_g=310), "POT": Item(sku="POT", title="A pot")}


class FulfilmentPointContract(EffectPortContract):
    """A release goes out once, and what becomes of it comes back in full, each fact as one document.

    The subclass starts its partner with 100 units of CUP and POT, on a clock that stands still, and says by the
    methods below how the partner is told what to do. Ten minutes are enough for it to finish anything.
    """

    port_name = "FulfilmentPoint"
    stock_basis = StockBasis.ON_HAND
    says_accepted = True
    """Whether there is a word for "we will send it": X12 has none, a 997 says only that it could be read."""
    says_cancel_refused = True
    """Whether there is a word for "too late"; where there is none, the dispatch says it."""

    # --- what the subclass says ---

    async def hear(self, bench: Bench) -> tuple[Document, ...]:
        """Let the partner do what is due, and return all that it tells, read."""
        raise NotImplementedError

    async def wait(self, bench: Bench, seconds: float) -> None:
        """Let time pass."""
        raise NotImplementedError

    def refuse(self, bench: Bench, order: Order) -> None:
        """Have the partner refuse what is released for an order, because it is short."""
        raise NotImplementedError

    def divide(self, bench: Bench, order: Order, parcels: int) -> None:
        """Have the partner send what is released for an order in several parcels, minutes apart."""
        raise NotImplementedError

    def lose(self, bench: Bench, order: Order, missing: Mapping[str, int]) -> None:
        """Have the partner find, while picking, that some units are not there."""
        raise NotImplementedError

    def stage_of(self, bench: Bench) -> tuple[float, float]:
        """Return after how many seconds a release is certainly still open, and is picked but not yet sent."""
        raise NotImplementedError

    async def receive_back(
        self, bench: Bench, release_id: str, lines: Mapping[str, int], *, damaged: bool
    ) -> None:
        """Have goods come back to the partner."""
        raise NotImplementedError

    async def report_stock(self, bench: Bench) -> None:
        """Have the partner say what it has."""
        raise NotImplementedError

    # --- the example ---

    def context(self) -> EffectContext:
        return a_context_with_items()

    def commands(self) -> tuple[Command, ...]:
        return (self.release(), self.cancellation())

    def release(self, release_id: str = RELEASE) -> SubmitRelease:
        """Return the wish that two cups and a pot be sent."""
        lines = (
            ReleaseLine(line_id="1", sku="CUP", quantity=2),
            ReleaseLine(line_id="2", sku="POT", quantity=1),
        )
        return SubmitRelease(
            order_id=an_order().id, connector=NODE, key=f"release:{release_id}", release_id=release_id, node=NODE,
            lines=lines,
        )  # fmt: skip

    def cancellation(self, release_id: str = RELEASE) -> CancelRelease:
        """Return the wish that they stay."""
        return CancelRelease(
            order_id=an_order().id, connector=NODE, key=f"cancel_release:{release_id}:c-1", release_id=release_id,
            node=NODE,
        )  # fmt: skip

    # --- the suite ---

    async def test_a_release_is_accepted_and_then_sent_in_full(self, bench: Bench) -> None:
        await self._send(bench, self.release())
        told = await self._hear_for(bench, 600)
        assert answers(told) == self._accepted()
        assert units(only(told, DispatchDocument)) == WANTED
        for document in told:
            assert isinstance(document, OrderBound)
            assert document.key() == BusinessKey(kind=KeyKind.RELEASE, value=RELEASE)
            assert document.occurred_at is not None

    async def test_acceptance_comes_before_dispatch(self, bench: Bench) -> None:
        await self._send(bench, self.release())
        *accepted, dispatched = await self._hear_for(bench, 600)
        assert isinstance(dispatched, DispatchDocument)
        assert answers(accepted) == self._accepted()
        moments = [document.occurred_at for document in (*accepted, dispatched)]
        assert moments == sorted(moment for moment in moments if moment is not None and moment >= NOON)

    async def test_a_parcel_has_a_name_and_a_tracking_number(self, bench: Bench) -> None:
        await self._send(bench, self.release())
        (parcel,) = only(await self._hear_for(bench, 600), DispatchDocument)
        assert parcel.shipment_id
        assert parcel.carrier
        assert parcel.tracking_number

    async def test_a_release_that_is_sent_twice_leaves_once(self, bench: Bench) -> None:
        for _ in range(2):
            await self._send(bench, self.release())
        told = await self._hear_for(bench, 600)
        await self._send(bench, self.release())
        told += await self._hear_for(bench, 600)
        assert units(only(told, DispatchDocument)) == WANTED

    async def test_two_releases_are_two(self, bench: Bench) -> None:
        for release_id in (RELEASE, f"{RELEASE}0"):
            await self._send(bench, self.release(release_id))
        parcels = only(await self._hear_for(bench, 600), DispatchDocument)
        assert {parcel.release_id for parcel in parcels} == {RELEASE, f"{RELEASE}0"}
        assert len({parcel.shipment_id for parcel in parcels}) == 2

    async def test_parcels_of_a_release_add_up(self, bench: Bench) -> None:
        self.divide(bench, an_order(), parcels=3)
        await self._send(bench, self.release())
        parcels = only(await self._hear_for(bench, 600), DispatchDocument)
        assert len({parcel.shipment_id for parcel in parcels}) == 3
        assert units(parcels) == WANTED

    async def test_a_refusal_says_what_was_short(self, bench: Bench) -> None:
        self.refuse(bench, an_order())
        await self._send(bench, self.release())
        (refusal,) = only(await self._hear_for(bench, 600), ReleaseAnswerDocument)
        assert refusal.answer is ReleaseAnswer.REFUSED
        assert refusal.reason
        assert set(refusal.skus) == set(WANTED)

    async def test_what_is_missing_at_picking_is_refused_after_the_rest_was_sent(self, bench: Bench) -> None:
        self.lose(bench, an_order(), {"CUP": 1})
        await self._send(bench, self.release())
        told = await self._hear_for(bench, 600)
        assert units(only(told, DispatchDocument)) == {"CUP": 1, "POT": 1}
        assert answers(told) == [*self._accepted(), ReleaseAnswer.REFUSED]
        refusal = only(told, ReleaseAnswerDocument)[-1]
        assert refusal.skus == ("CUP",)
        assert [(line.sku, line.quantity) for line in refusal.units] == [("CUP", 1)]

    async def test_a_release_can_be_stopped_before_it_is_picked(self, bench: Bench) -> None:
        await self._send(bench, self.release())
        told = await self._hear_for(bench, self.stage_of(bench)[0])
        await self._send(bench, self.cancellation())
        told += await self._hear_for(bench, 600)
        assert only(told, ReleaseAnswerDocument)[-1].answer is ReleaseAnswer.CANCELLED
        assert only(told, DispatchDocument) == []

    async def test_what_is_picked_can_not_be_stopped_and_leaves(self, bench: Bench) -> None:
        await self._send(bench, self.release())
        told = await self._hear_for(bench, self.stage_of(bench)[1])
        assert only(told, DispatchDocument) == []
        await self._send(bench, self.cancellation())
        told += await self._hear_for(bench, 600)
        refused = [ReleaseAnswer.CANCEL_REFUSED] if self.says_cancel_refused else []
        assert answers(told) == [*self._accepted(), *refused]
        assert all(answer.reason for answer in only(told, ReleaseAnswerDocument)[len(self._accepted()) :])
        assert units(only(told, DispatchDocument)) == WANTED

    @pytest.mark.parametrize("damaged", [False, True])
    async def test_goods_that_come_back_are_told_with_their_release(
        self, bench: Bench, *, damaged: bool
    ) -> None:
        await self._send(bench, self.release())
        await self._hear_for(bench, 600)
        await self.receive_back(bench, RELEASE, {"CUP": 1}, damaged=damaged)
        (receipt,) = only(await self.hear(bench), ReturnDocument)
        assert (receipt.release_id, receipt.node, receipt.damaged) == (RELEASE, NODE, damaged)
        assert units([receipt]) == {"CUP": 1}

    async def test_two_returns_are_two(self, bench: Bench) -> None:
        await self._send(bench, self.release())
        await self._hear_for(bench, 600)
        for _ in range(2):
            await self.receive_back(bench, RELEASE, {"CUP": 1}, damaged=False)
        receipts = only(await self.hear(bench), ReturnDocument)
        assert len({receipt.return_id for receipt in receipts}) == 2

    async def test_stock_is_told_with_its_basis_and_its_time(self, bench: Bench) -> None:
        await self.report_stock(bench)
        (report,) = only(await self.hear(bench), StockDocument)
        assert (report.node, report.basis, report.as_of) == (NODE, self.stock_basis, NOON)
        assert {line.sku: line.quantity for line in report.lines} == {"CUP": 100, "POT": 100}

    async def test_what_was_sent_is_no_longer_in_stock(self, bench: Bench) -> None:
        await self._send(bench, self.release())
        await self._hear_for(bench, 600)
        await self.report_stock(bench)
        (report,) = only(await self.hear(bench), StockDocument)
        assert {line.sku: line.quantity for line in report.lines} == {"CUP": 98, "POT": 99}

    async def test_nothing_is_told_twice(self, bench: Bench) -> None:
        await self._send(bench, self.release())
        assert await self._hear_for(bench, 600)
        assert await self._hear_for(bench, 600) == ()

    async def test_each_fact_has_a_name_of_its_own(self, bench: Bench) -> None:
        self.divide(bench, an_order(), parcels=2)
        await self._send(bench, self.release())
        told = await self._hear_for(bench, 600)
        await self.receive_back(bench, RELEASE, {"CUP": 1}, damaged=False)
        facts = [
            event.fact_key
            for document in (*told, *await self.hear(bench))
            if isinstance(document, OrderBound)
            for event in document.events(UUID(int=1))
        ]
        assert None not in facts
        assert len(facts) == len(set(facts)) == 3 + len(self._accepted())

    async def test_an_erased_order_is_not_sent(self, bench: Bench) -> None:
        context = self.context()
        erased = EffectContext(context.order, None, context.nodes, context.items, context.now)
        with pytest.raises(RejectedError) as refused:
            bench.port.render(self.release(), erased)
        assert refused.value.code == "erased"

    async def test_a_release_can_be_stopped_without_knowing_whose_it_is(self, bench: Bench) -> None:
        context = self.context()
        erased = EffectContext(context.order, None, context.nodes, context.items, context.now)
        assert bench.port.render(self.cancellation(), erased) == bench.port.render(
            self.cancellation(), context
        )

    async def test_a_release_for_another_node_is_refused(self, bench: Bench) -> None:
        for command in (
            self.release().replace(node="elsewhere"),
            self.cancellation().replace(node="elsewhere"),
        ):
            with pytest.raises(RejectedError, match="elsewhere") as refused:
                bench.port.render(command, self.context())
            assert refused.value.code == "node"

    async def test_an_address_with_odd_characters_arrives(self, bench: Bench) -> None:
        odd = somebody(
            name='Zoë <O\'Neil> & "Søn" 漢\x0b\ufffe', address_lines=("a\x00b", "\x01", "1;2,3\r\n4")
        )
        parties = Parties(buyer=somebody(), ship_to=odd)
        context = EffectContext(an_order(), parties, {}, ITEMS, NOON)
        effect = an_effect(self.release(), bench.port.render(self.release(), context))
        await bench.port.send(effect)
        assert units(only(await self._hear_for(bench, 600), DispatchDocument)) == WANTED

    async def test_an_item_that_nobody_described_is_sent_all_the_same(self, bench: Bench) -> None:
        effect = an_effect(self.release(), bench.port.render(self.release(), a_context()))
        await bench.port.send(effect)
        assert units(only(await self._hear_for(bench, 600), DispatchDocument)) == WANTED

    # --- what the tests are made of ---

    async def _send(self, bench: Bench, command: Command) -> None:
        await bench.port.send(self._effect(bench, command))

    def _accepted(self) -> list[ReleaseAnswer]:
        return [ReleaseAnswer.ACCEPTED] if self.says_accepted else []

    async def _hear_for(self, bench: Bench, seconds: float) -> tuple[Document, ...]:
        """Let time pass in ten steps, and return everything that was told meanwhile."""
        told = await self.hear(bench)
        for _ in range(10):
            await self.wait(bench, seconds / 10)
            told += await self.hear(bench)
        return told


def a_context_with_items() -> EffectContext:
    """Return the usual context, with what is known of the items."""
    context = a_context()
    return EffectContext(context.order, context.parties, context.nodes, ITEMS, context.now)


def only(documents: Sequence[Document], kind: type[D]) -> list[D]:
    """Return the documents of one kind."""
    return [document for document in documents if isinstance(document, kind)]


def answers(documents: Sequence[Document]) -> list[ReleaseAnswer]:
    """Return what some documents answer to releases, in their order."""
    return [document.answer for document in only(documents, ReleaseAnswerDocument)]


def units(documents: Sequence[DispatchDocument | ReturnDocument]) -> dict[str, int]:
    """Return the units that some documents speak of, by SKU."""
    found: Counter[str] = Counter()
    for document in documents:
        for line in document.lines:
            found[line.sku] += line.quantity
    return dict(found)
