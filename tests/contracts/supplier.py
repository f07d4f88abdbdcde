"""What every `Supplier` does. Subclass `SupplierContract` with the supplier's bench."""

from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import pytest

from canonical.commands import (
    CancelPurchaseOrder,
    ChangePurchaseOrder,
    Command,
    PlacePurchaseOrder,
    RequestSupplierReturn,
)
from canonical.documents import (
    Document,
    OrderBound,
    PurchaseAnswerDocument,
    ShipNoticeDocument,
    StockDocument,
    SupplierInvoiceDocument,
    SupplierReturnAnswerDocument,
)
from canonical.money import Money
from canonical.numbers import purchase_number
from canonical.purchase_documents import PurchaseAnswer, PurchaseBound
from canonical.purchases import LineAnswer, Purchase, PurchaseLine, PurchaseUnits
from core.errors import RejectedError
from core.ports import EffectContext
from tests.contracts.building import NOON, a_context, an_order
from tests.contracts.effect_port import Bench, EffectPortContract
from tests.contracts.fulfilment_point import ITEMS, WANTED, only

D = TypeVar("D", bound=Document)

NODE = "acme"
NUMBER = purchase_number(an_order().id, 1)
_LINES = tuple(
    PurchaseLine(number=n, sku=sku, reference=f"X-{sku}", quantity=units, unit_cost=Money.of("4.00", "EUR"))
    for n, (sku, units) in enumerate(WANTED.items(), 1)
)


class OrderingContract(EffectPortContract):
    """A purchase order goes out once, and what becomes of it comes back in full, each fact as one document.

    What every supplier does; `SupplierContract` has besides what some standards have no documents for.

    The subclass starts its partner with 100 units of CUP and POT, as the node `acme`, on a clock that stands still,
    and says by the methods below what the partner does.
    """

    port_name = "Supplier"

    # --- what the subclass says ---

    async def hear(self, bench: Bench) -> tuple[Document, ...]:
        """Return all that the partner has told since the last time, read."""
        raise NotImplementedError

    async def answer(
        self, bench: Bench, number: str, answer: PurchaseAnswer, **units: tuple[LineAnswer, int]
    ) -> None:
        """Have the partner answer to a purchase order, or to the wish to cancel or change it; by SKU with `LINES`."""
        raise NotImplementedError

    async def ship(self, bench: Bench, number: str, *packages: dict[str, int]) -> None:
        """Have the partner send goods, in so many parcels, and tell of them in one notice."""
        raise NotImplementedError

    async def charge(self, bench: Bench, number: str, units: dict[str, int]) -> None:
        """Have the partner charge units at the agreed cost."""
        raise NotImplementedError

    # --- the example ---

    def context(self) -> EffectContext:
        purchase = Purchase(
            id=NUMBER, n=1, supplier=NODE, requested_at=NOON, lines=_LINES,
            acknowledge_by=NOON + timedelta(days=1),
        )  # fmt: skip
        known = a_context(an_order(purchases=(purchase,)))
        return EffectContext(known.order, known.parties, known.nodes, ITEMS, known.now)

    def commands(self) -> tuple[Command, ...]:
        known = (self.order(), self.change(), self.cancellation(), self.return_wish())
        return tuple(command for command in known if type(command) not in self.unsayable)

    def order(self) -> PlacePurchaseOrder:
        """Return the wish for two cups and a pot."""
        return PlacePurchaseOrder(
            order_id=an_order().id, connector=NODE, key=f"po:{an_order().id}:1", purchase_id=NUMBER, supplier=NODE,
            lines=_LINES, acknowledge_by=NOON + timedelta(days=1),
        )  # fmt: skip

    def change(self) -> ChangePurchaseOrder:
        """Return the wish for one cup less."""
        return ChangePurchaseOrder(
            order_id=an_order().id, connector=NODE, key=f"po_change:{an_order().id}:1:1", purchase_id=NUMBER,
            supplier=NODE, change_id=f"{NUMBER}-c1", lines=(PurchaseUnits(sku="CUP", quantity=1),),
        )  # fmt: skip

    def cancellation(self) -> CancelPurchaseOrder:
        """Return the wish for nothing any more."""
        return CancelPurchaseOrder(
            order_id=an_order().id, connector=NODE, key=f"po_cancel:{an_order().id}:1:c-1", purchase_id=NUMBER,
            supplier=NODE,
        )  # fmt: skip

    def return_wish(self) -> RequestSupplierReturn:
        """Return the wish to send a cup back."""
        return RequestSupplierReturn(
            order_id=an_order().id, connector=NODE, key=f"supplier_return:{an_order().id}:1:b1",
            purchase_id=NUMBER, supplier=NODE, return_id="b1", lines=(PurchaseUnits(sku="CUP", quantity=1),),
            reason="broken",
        )  # fmt: skip

    # --- the suite ---

    async def test_a_purchase_order_that_is_sent_twice_is_one(self, bench: Bench) -> None:
        effect = self._effect(bench, self.order())
        for _ in range(2):
            await bench.port.send(effect)
        assert self.happened(bench, effect) == 1

    async def test_an_acceptance_of_the_whole_is_one_answer(self, bench: Bench) -> None:
        await self._ordered(bench)
        await self.answer(bench, NUMBER, PurchaseAnswer.ACCEPTED)
        (told,) = only(await self.hear(bench), PurchaseAnswerDocument)
        assert (told.supplier, told.purchase_id, told.answer, told.lines) == (
            NODE, NUMBER, PurchaseAnswer.ACCEPTED, (),
        )  # fmt: skip

    async def test_an_answer_by_line_says_how_many_of_what(self, bench: Bench) -> None:
        await self._ordered(bench)
        words = {"CUP": (LineAnswer.CHANGED, 1), "POT": (LineAnswer.REJECTED, 1)}
        await self.answer(bench, NUMBER, PurchaseAnswer.LINES, **words)
        (told,) = only(await self.hear(bench), PurchaseAnswerDocument)
        assert {line.sku: (line.answer, line.quantity) for line in told.lines} == words

    @pytest.mark.parametrize(
        "said", [PurchaseAnswer.REJECTED, PurchaseAnswer.CANCELLED, PurchaseAnswer.CANCEL_REFUSED,
                 PurchaseAnswer.CHANGE_AGREED, PurchaseAnswer.CHANGE_REFUSED],
    )  # fmt: skip
    async def test_every_answer_comes_as_it_was_given(self, bench: Bench, said: PurchaseAnswer) -> None:
        await self._ordered(bench)
        for wish in (self.change(), self.cancellation()):
            await bench.port.send(self._effect(bench, wish))
        await self.answer(bench, NUMBER, said)
        (told,) = only(await self.hear(bench), PurchaseAnswerDocument)
        assert told.answer is said

    async def test_a_ship_notice_has_its_parcels_with_what_is_in_each(self, bench: Bench) -> None:
        await self._ordered(bench)
        await self.ship(bench, NUMBER, {"CUP": 2}, {"POT": 1})
        (notice,) = only(await self.hear(bench), ShipNoticeDocument)
        packed = [{line.sku: line.quantity for line in package.lines} for package in notice.packages]
        assert packed == [{"CUP": 2}, {"POT": 1}]
        assert all(package.tracking_number for package in notice.packages)
        assert len({package.package_id for package in notice.packages}) == 2

    async def test_an_invoice_charges_what_it_says(self, bench: Bench) -> None:
        await self._ordered(bench)
        await self.charge(bench, NUMBER, WANTED)
        (invoice,) = only(await self.hear(bench), SupplierInvoiceDocument)
        assert {line.sku: line.quantity for line in invoice.lines} == WANTED
        goods = sum(line.unit_price * line.quantity for line in invoice.lines)
        assert invoice.total == goods + invoice.freight + invoice.tax - invoice.allowances

    async def test_every_fact_is_about_its_purchase_order_and_has_a_name_of_its_own(
        self, bench: Bench
    ) -> None:
        await self._ordered(bench)
        await self.answer(bench, NUMBER, PurchaseAnswer.ACCEPTED)
        await self.answer(bench, NUMBER, PurchaseAnswer.LINES, CUP=(LineAnswer.ACCEPTED, 2))
        await self.ship(bench, NUMBER, {"CUP": 2}, {"POT": 1})
        await self.charge(bench, NUMBER, WANTED)
        told = await self.hear(bench)
        assert all(isinstance(d, OrderBound) and d.key() == PurchaseBound.key_of(NODE, NUMBER) for d in told)
        facts = [e.fact_key for d in told if isinstance(d, OrderBound) for e in d.events(UUID(int=1))]
        assert None not in facts
        assert len(facts) == len(set(facts)) == 5

    async def test_nothing_is_told_twice(self, bench: Bench) -> None:
        await self._ordered(bench)
        await self.answer(bench, NUMBER, PurchaseAnswer.ACCEPTED)
        assert await self.hear(bench)
        assert await self.hear(bench) == ()

    async def test_an_erased_order_is_not_placed(self, bench: Bench) -> None:
        known = self.context()
        erased = EffectContext(known.order, None, known.nodes, known.items, known.now)
        with pytest.raises(RejectedError) as refused:
            bench.port.render(self.order(), erased)
        assert refused.value.code == "erased"
        assert bench.port.render(self.cancellation(), erased) == bench.port.render(self.cancellation(), known)

    async def test_a_purchase_order_for_another_node_is_refused(self, bench: Bench) -> None:
        for command in self.commands():
            with pytest.raises(RejectedError, match="elsewhere") as refused:
                bench.port.render(command.replace(supplier="elsewhere"), self.context())
            assert refused.value.code == "node"

    # --- what the tests are made of ---

    async def _ordered(self, bench: Bench) -> None:
        await bench.port.send(self._effect(bench, self.order()))


class SupplierContract(OrderingContract):
    """A supplier whose standard has documents for returns and stock too."""

    # --- what the subclass says ---

    async def take_back(self, bench: Bench, number: str, return_id: str, authorisation: str | None) -> None:
        """Have the partner answer to a return."""
        raise NotImplementedError

    async def report_stock(self, bench: Bench) -> None:
        """Have the partner say what it has."""
        raise NotImplementedError

    # --- the suite ---

    @pytest.mark.parametrize("authorisation", ["RMA-7", None])
    async def test_a_return_is_answered_by_its_id(self, bench: Bench, authorisation: str | None) -> None:
        await self._ordered(bench)
        await bench.port.send(self._effect(bench, self.return_wish()))
        await self.take_back(bench, NUMBER, "b1", authorisation)
        (told,) = only(await self.hear(bench), SupplierReturnAnswerDocument)
        assert (told.return_id, told.authorisation) == ("b1", authorisation)

    async def test_stock_is_told_of_its_node(self, bench: Bench) -> None:
        await self.report_stock(bench)
        (report,) = only(await self.hear(bench), StockDocument)
        assert (report.node, report.as_of) == (NODE, NOON)
        assert {line.sku: line.quantity for line in report.lines} == {"CUP": 100, "POT": 100}
