"""A drop-ship order through a whole hub, and what people do about suppliers' invoices and goods."""

from uuid import UUID

import orjson
import pytest

from canonical.documents import (
    Document,
    PurchaseAnswerDocument,
    ShipNoticeDocument,
    SkuQuantity,
    StockDocument,
    StockLine,
    SupplierInvoiceDocument,
)
from canonical.order import Order
from canonical.purchase_documents import InvoicedLine, PurchaseAnswer, ShippedPackage
from canonical.purchases import InvoiceStatus, Purchase
from canonical.statuses import HoldType
from canonical.stock import StockBasis
from core.engine.work import Ending, Facts
from hub.desk import explain, master_data, order_verbs, orders, supplier_verbs
from hub.desk.errors import InvalidError, RefusedError
from hub.desk.master_data import Kind
from hub.desk.order_search import OrderFilter
from tests.hub.stage import ADMIN, SUPPORT, Stage

ACME = {
    "id": "acme", "kind": "supplier", "connector": "wms", "country": "DE", "currency": "EUR",
    "items": {"CUP-2": {"cost": "4.00", "reference": "X-2"}},
}  # fmt: skip


async def told(hub: Stage, *documents: Document) -> None:
    """Let the supplier's connector tell something."""
    outcome = await hub.ctx.engine.submit(hub.ctx.engine.work("wms", Facts(documents)))
    assert outcome.ending is Ending.DONE, outcome


async def order_of(hub: Stage, order_id: UUID) -> Order:
    return (await orders.show_order(hub.ctx, SUPPORT, order_id)).order


async def bought(hub: Stage) -> tuple[UUID, Purchase]:
    """Place an order for two cups, which only the supplier has, by its own report."""
    await master_data.import_file(hub.ctx, ADMIN, Kind.NODES, "nodes.json", orjson.dumps([ACME]))
    report = StockDocument(
        node="acme", basis=StockBasis.AVAILABLE, as_of=hub.ctx.clock.now(),
        lines=(StockLine(sku="CUP-2", quantity=5),),
    )  # fmt: skip
    await told(hub, report)
    order_id = await hub.placed("R-1", sku="CUP-2")
    await hub.settled()
    return order_id, (await order_of(hub, order_id)).purchases[0]


def sends(purchase: Purchase, units: int = 2) -> ShipNoticeDocument:
    package = ShippedPackage(package_id="P1", lines=(SkuQuantity(sku="CUP-2", quantity=units),))
    return ShipNoticeDocument(supplier="acme", purchase_id=purchase.id, notice_id="N1", packages=(package,))


def charges(purchase: Purchase, price: str = "5.00") -> SupplierInvoiceDocument:
    line = InvoicedLine.model_validate({"sku": "CUP-2", "quantity": 2, "unit_price": price})
    total = str(2 * float(price))
    return SupplierInvoiceDocument.model_validate(
        {
            "supplier": "acme",
            "purchase_id": purchase.id,
            "invoice_id": "I1",
            "currency": "EUR",
            "lines": (line,),
            "total": total,
        }
    )


async def doubted(hub: Stage) -> tuple[UUID, Purchase]:
    order_id, purchase = await bought(hub)
    await told(hub, sends(purchase), charges(purchase))
    assert (await order_of(hub, order_id)).hold(HoldType.INVOICE_MISMATCH) is not None
    return order_id, purchase


async def test_an_order_is_sent_by_a_supplier(hub: Stage) -> None:
    order_id, purchase = await bought(hub)
    assert f"po:{order_id}:1" in hub.partners["wms"].took
    answer = PurchaseAnswerDocument(
        supplier="acme", purchase_id=purchase.id, reference="A1", answer=PurchaseAnswer.ACCEPTED
    )
    await told(hub, answer)
    await told(hub, sends(purchase))
    await hub.settled()
    order = await order_of(hub, order_id)
    assert [(s.node, s.release) for s in order.shipments] == [("acme", purchase.id)]
    assert f"tell:{order_id}:shipped:P1" in hub.partners["shop"].took


async def test_what_a_supplier_is_to_do_is_due_and_found_by_its_number(hub: Stage) -> None:
    order_id, purchase = await bought(hub)
    (due,) = (await orders.list_orders(hub.ctx, SUPPORT, OrderFilter(due=True))).items
    assert (due.id, due.due_at) == (order_id, purchase.acknowledge_by)
    (found,) = (await orders.list_orders(hub.ctx, SUPPORT, OrderFilter(text=purchase.id))).items
    assert found.id == order_id
    said = await explain.explain(hub.ctx, SUPPORT, order_id)
    assert said.sentence.endswith(f"supplier acme to acknowledge purchase order {purchase.id} of 2 units.")


async def test_another_suppliers_word_finds_no_order(hub: Stage) -> None:
    _, purchase = await bought(hub)
    foreign = PurchaseAnswerDocument(
        supplier="zeta", purchase_id=purchase.id, reference="A1", answer=PurchaseAnswer.ACCEPTED
    )
    outcome = await hub.ctx.engine.submit(hub.ctx.engine.work("wms", Facts((foreign,))))
    assert outcome.ending is Ending.WAITING


async def test_an_invoice_that_is_doubted_is_accepted_by_a_person(hub: Stage) -> None:
    order_id, _ = await doubted(hub)
    result = await supplier_verbs.accept_invoice(hub.ctx, SUPPORT, order_id, "I1", "agreed by phone")
    assert result.order.holds == ()
    (purchase,) = (await order_of(hub, order_id)).purchases
    assert [(i.status, i.decided_by) for i in purchase.invoices] == [(InvoiceStatus.APPROVED, SUPPORT.name)]
    with pytest.raises(RefusedError, match="approved already"):
        await supplier_verbs.dispute_invoice(hub.ctx, SUPPORT, order_id, "I1", "no")


async def test_an_invoice_that_is_disputed_may_be_accepted_later(hub: Stage) -> None:
    order_id, _ = await doubted(hub)
    result = await supplier_verbs.dispute_invoice(hub.ctx, SUPPORT, order_id, "I1", "too dear")
    assert result.order.holds == ()
    with pytest.raises(RefusedError, match="disputed already"):
        await supplier_verbs.dispute_invoice(hub.ctx, SUPPORT, order_id, "I1", "too dear")
    await supplier_verbs.accept_invoice(hub.ctx, SUPPORT, order_id, "I1", "it was right")


async def test_releasing_the_hold_accepts_the_invoice(hub: Stage) -> None:
    order_id, _ = await doubted(hub)
    await order_verbs.release(hub.ctx, SUPPORT, order_id, HoldType.INVOICE_MISMATCH, "fair")
    (purchase,) = (await order_of(hub, order_id)).purchases
    assert purchase.invoices[0].status is InvoiceStatus.APPROVED


async def test_an_invoice_that_is_not_there_is_refused_with_those_that_are(hub: Stage) -> None:
    order_id, _ = await doubted(hub)
    with pytest.raises(InvalidError, match="there is I1"):
        await supplier_verbs.accept_invoice(hub.ctx, SUPPORT, order_id, "I2", "yes")


async def test_goods_go_back_to_their_supplier(hub: Stage) -> None:
    order_id, purchase = await doubted(hub)
    await supplier_verbs.return_to_supplier(hub.ctx, SUPPORT, order_id, purchase.id, {"CUP-2": 1}, "broken")
    await hub.settled()
    assert any(key.startswith(f"supplier_return:{order_id}:1:") for key in hub.partners["wms"].took)


@pytest.mark.parametrize(("sku", "units"), [("CUP-2", 3), ("MUG-1", 1)])
async def test_no_more_goes_back_than_was_ordered(hub: Stage, sku: str, units: int) -> None:
    order_id, purchase = await bought(hub)
    with pytest.raises(InvalidError, match="can't go back"):
        await supplier_verbs.return_to_supplier(
            hub.ctx, SUPPORT, order_id, purchase.id, {sku: units}, "broken"
        )
    with pytest.raises(InvalidError, match=f"there is {purchase.id}"):
        await supplier_verbs.return_to_supplier(hub.ctx, SUPPORT, order_id, "X", {sku: 1}, "broken")
