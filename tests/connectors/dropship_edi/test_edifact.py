"""What passes between the hub and a supplier in EDIFACT: the same things as in X12, acknowledged by CONTRL."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from canonical.documents import (
    PurchaseAnswerDocument,
    ShipNoticeDocument,
    StockDocument,
    SupplierInvoiceDocument,
    SupplierReturnAnswerDocument,
)
from canonical.purchase_documents import PurchaseAnswer
from canonical.purchases import LineAnswer
from connectors.dropship_edi.simulator import Plan
from core.exchange.shapes import Standing
from tests.connectors.dropship_edi.stage import Stage
from tests.contracts.fulfilment_point import WANTED, only
from tests.contracts.supplier import NUMBER, SupplierContract

EXAMPLE = SupplierContract()


@pytest.fixture(params=["D96A", "D01B"])
async def stage(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path, transport="folder", version=request.param)
    await stage.start()
    yield stage
    await stage.stop()


async def test_an_order_is_answered_sent_and_charged_and_all_is_acknowledged(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    told = await stage.hear_for(100)
    (answer,), (notice,) = only(told, PurchaseAnswerDocument), only(told, ShipNoticeDocument)
    (invoice,) = only(told, SupplierInvoiceDocument)
    assert answer.answer is PurchaseAnswer.ACCEPTED
    assert {line.sku: line.quantity for line in notice.packages[0].lines} == WANTED
    assert (notice.packages[0].carrier, len(notice.packages[0].package_id)) == ("UPSN", 20)
    assert (invoice.total, invoice.currency) == (Decimal("12.00"), "USD")
    assert stage.supplier.counterpart.unanswered() == []
    assert [kind for sent in stage.supplier.counterpart.sent for kind in sent.kinds] == [
        "ORDRSP",
        "DESADV",
        "INVOIC",
    ]
    assert stage.standings == [Standing.ACCEPTED] * 4  # with its CONTRL for our ORDERS
    assert stage.ledger.of("interchange_refused") == stage.ledger.of("set_refused") == []
    assert b"UNH+900001+CONTRL:" in b"".join(stage.files("out/processed").values())


async def test_a_supplier_that_lacks_something_says_so_by_line(stage: Stage) -> None:
    stage.supplier.plan_sku("CUP", Plan(refuse={"CUP": 1}))
    await stage.send(EXAMPLE.order())
    (answer,) = only(await stage.hear_for(20), PurchaseAnswerDocument)
    assert [(line.sku, line.answer, line.quantity) for line in answer.lines] == [
        ("CUP", LineAnswer.ACCEPTED, 1), ("CUP", LineAnswer.REJECTED, 1), ("POT", LineAnswer.ACCEPTED, 1),
    ]  # fmt: skip


async def test_less_may_be_wanted_and_then_nothing(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    await stage.hear_for(10)
    await stage.send(EXAMPLE.change())
    (answer,) = only(await stage.hear_for(5), PurchaseAnswerDocument)
    assert (answer.answer, answer.change_id) == (PurchaseAnswer.CHANGE_AGREED, EXAMPLE.change().change_id)
    await stage.send(EXAMPLE.cancellation())
    told = await stage.hear_for(100)
    assert [one.answer for one in only(told, PurchaseAnswerDocument)] == [PurchaseAnswer.CANCELLED]
    assert only(told, ShipNoticeDocument) == []
    assert stage.supplier.books.available == {"CUP": 100, "POT": 100}


async def test_what_has_left_can_not_be_cancelled_but_go_back(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    await stage.hear_for(35)
    await stage.send(EXAMPLE.cancellation())
    await stage.send(EXAMPLE.return_wish())
    told = await stage.hear_for(10)
    assert [one.answer for one in only(told, PurchaseAnswerDocument)] == [PurchaseAnswer.CANCEL_REFUSED]
    (answer,) = only(told, SupplierReturnAnswerDocument)
    assert (answer.return_id, answer.authorisation) == ("b1", "RMA-00001")


async def test_goods_that_never_left_do_not_go_back(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    await stage.send(EXAMPLE.return_wish())
    (answer,) = only(await stage.hear_for(1), SupplierReturnAnswerDocument)
    assert (answer.authorisation, answer.reason) == (None, "past the time for returns")


async def test_a_damaged_message_is_refused_by_our_contrl_and_comes_again(stage: Stage) -> None:
    stage.faults.plan["damaged"] = {NUMBER}
    await stage.send(EXAMPLE.order())
    assert only(await stage.hear_for(20), PurchaseAnswerDocument) == []
    (refused,) = stage.refused
    assert (refused.kind, "UNT says" in refused.reason) == ("ORDRSP", True)
    (answer,) = only(await stage.hear_for(100), PurchaseAnswerDocument)
    assert answer.answer is PurchaseAnswer.ACCEPTED


async def test_stock_is_what_is_not_promised(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    stage.supplier.step()
    stage.supplier.send_stock_report()
    (report,) = only(await stage.hear(), StockDocument)
    assert {line.sku: line.quantity for line in report.lines} == {"CUP": 98, "POT": 99}


async def test_ship_notices_may_know_no_parcels(tmp_path: Path) -> None:
    stage = Stage(tmp_path, transport="folder", parcels_in_levels=False, version="D96A")
    await stage.start()
    await stage.send(EXAMPLE.order())
    (notice,) = only(await stage.hear_for(60), ShipNoticeDocument)
    (package,) = notice.packages
    assert (package.package_id, bool(package.tracking_number)) == (f"{notice.notice_id}-1", True)
    await stage.stop()


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ((b"NAD+DP", b"NAD+UC"), "nobody to send to"),
        ((b"BGM+220", b"BGM+221"), "no original"),
        ((b"CUP:IN", b"CUP:NB"), "no number under IN or BP"),
        ((b"QTY+21:2", b"QTY+59:2"), "no QTY with 21"),
    ],
)
async def test_the_supplier_does_not_act_on_what_it_does_not_understand(
    stage: Stage, broken: tuple[bytes, bytes], reason: str
) -> None:
    body = stage.port.render(EXAMPLE.order(), EXAMPLE.context()).body
    assert broken[0] in body
    (stage.supplier.root / "out" / "000000001.edi").write_bytes(body.replace(*broken))
    stage.supplier.step()
    (entry,) = stage.ledger.of("not_understood")
    assert reason in entry["reason"]
