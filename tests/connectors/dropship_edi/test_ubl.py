"""What passes between the hub and a supplier in UBL: the same things as in X12, each document by itself."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from canonical.documents import (
    PurchaseAnswerDocument,
    ShipNoticeDocument,
    StockDocument,
    SupplierInvoiceDocument,
)
from canonical.purchase_documents import PurchaseAnswer
from canonical.purchases import LineAnswer
from canonical.stock import StockBasis
from connectors.dropship_edi.simulator import Plan
from core.exchange.shapes import Standing
from tests.connectors.dropship_edi.stage import Stage
from tests.contracts.fulfilment_point import WANTED, only
from tests.contracts.supplier import NUMBER, OrderingContract

EXAMPLE = OrderingContract()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path, transport="folder", version="ubl-2.1")
    await stage.start()
    yield stage
    await stage.stop()


async def test_an_order_is_answered_sent_and_charged(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    told = await stage.hear_for(100)
    (answer,), (notice,) = only(told, PurchaseAnswerDocument), only(told, ShipNoticeDocument)
    (invoice,) = only(told, SupplierInvoiceDocument)
    assert answer.answer is PurchaseAnswer.ACCEPTED
    assert {line.sku: line.quantity for line in notice.packages[0].lines} == WANTED
    assert (notice.packages[0].carrier, len(notice.packages[0].package_id)) == ("UPSN", 20)
    assert (invoice.total, invoice.currency) == (Decimal("12.00"), "USD")
    assert stage.standings == [Standing.ACCEPTED] * 3
    assert list(stage.files("out/processed")) == ["000000001.xml"]


async def test_a_supplier_that_lacks_something_says_so_by_line(stage: Stage) -> None:
    stage.supplier.plan_sku("CUP", Plan(refuse={"CUP": 1}, back_order={"CUP": 1}))
    await stage.send(EXAMPLE.order())
    (answer,) = only(await stage.hear_for(20), PurchaseAnswerDocument)
    assert [(line.sku, line.answer, line.quantity) for line in answer.lines] == [
        ("CUP", LineAnswer.BACK_ORDERED, 1), ("POT", LineAnswer.ACCEPTED, 1),
    ]  # fmt: skip


async def test_less_may_be_wanted_and_then_nothing(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    await stage.hear_for(10)
    await stage.send(EXAMPLE.change())
    (answer,) = only(await stage.hear_for(5), PurchaseAnswerDocument)
    assert (answer.answer, answer.change_id) == (PurchaseAnswer.CHANGE_AGREED, EXAMPLE.change().change_id)
    assert stage.ledger.of("change_asked")[0]["left"] == {"CUP": 1, "POT": 1}
    await stage.send(EXAMPLE.cancellation())
    told = await stage.hear_for(100)
    assert [one.answer for one in only(told, PurchaseAnswerDocument)] == [PurchaseAnswer.CANCELLED]
    assert only(told, ShipNoticeDocument) == []
    assert stage.supplier.books.available == {"CUP": 100, "POT": 100}


async def test_what_has_left_can_not_be_cancelled(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    await stage.hear_for(35)
    await stage.send(EXAMPLE.cancellation())
    told = await stage.hear_for(10)
    assert [one.answer for one in only(told, PurchaseAnswerDocument)] == [PurchaseAnswer.CANCEL_REFUSED]


async def test_stock_is_told_of_its_node_as_of_its_time(stage: Stage) -> None:
    stage.clock.advance(90)
    stage.supplier.send_stock_report()
    (report,) = only(await stage.hear(), StockDocument)
    assert (report.node, report.basis, report.as_of) == ("acme", StockBasis.ON_HAND, stage.clock.now())
    assert {line.sku: line.quantity for line in report.lines} == {"CUP": 100, "POT": 100}


async def test_ship_notices_may_know_no_parcels(tmp_path: Path) -> None:
    stage = Stage(tmp_path, transport="folder", parcels_in_levels=False, version="ubl-2.1")
    await stage.start()
    await stage.send(EXAMPLE.order())
    (notice,) = only(await stage.hear_for(60), ShipNoticeDocument)
    (package,) = notice.packages
    assert (package.package_id, bool(package.tracking_number)) == (notice.notice_id, True)
    await stage.stop()


# --- what goes wrong -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["damaged", "truncated"])
async def test_a_broken_document_is_a_failure_and_is_taken_when_it_comes_whole(
    stage: Stage, fault: str
) -> None:
    stage.faults.plan[fault] = {NUMBER}
    await stage.send(EXAMPLE.order())
    assert only(await stage.hear_for(20), PurchaseAnswerDocument) == []
    (failure,) = stage.failures
    assert failure.problems[0].line is not None
    (answer,) = only(await stage.hear_for(100), PurchaseAnswerDocument)
    assert answer.answer is PurchaseAnswer.ACCEPTED


@pytest.mark.parametrize("fault", ["duplicate", "said_again"])
async def test_a_document_that_comes_twice_is_taken_once(stage: Stage, fault: str) -> None:
    stage.faults.plan[fault] = {NUMBER}
    await stage.send(EXAMPLE.order())
    told = await stage.hear_for(100)
    assert len(only(told, PurchaseAnswerDocument)) == len(only(told, ShipNoticeDocument)) == 1
    assert stage.faults.happened[fault] == 1


async def test_a_half_written_file_is_waited_for(tmp_path: Path) -> None:
    stage = Stage(tmp_path, transport="folder", version="ubl-2.1")
    stage.faults.plan["half_written"] = {NUMBER}
    await stage.start()
    await stage.send(EXAMPLE.order())
    assert len(only(await stage.hear_for(100), PurchaseAnswerDocument)) == 1
    assert stage.failures == []
    await stage.stop()


async def test_an_order_that_comes_twice_is_one_at_the_supplier(stage: Stage) -> None:
    body = stage.port.render(EXAMPLE.order(), EXAMPLE.context()).body
    for name in ("1.xml", "2.xml"):
        (stage.supplier.root / "out" / name).write_bytes(body)
    stage.supplier.step()
    counts = [len(stage.ledger.of(kind)) for kind in ("purchase_order", "interchange_repeated")]
    assert counts == [1, 1]


@pytest.mark.parametrize(
    ("broken", "entry", "reason"),
    [
        ((b"cbc:CityName", b"cbc:CityNom"), "not_understood", "CityName is missing"),
        ((b'unitCode="C62"', b'unitCode="CS"'), "not_understood", "not in pieces"),
        ((b">ORDERHUB<", b">SOMEBODY<"), "interchange_refused", "not from our buyer"),
        ((b"</Order>", b""), "interchange_refused", "no XML"),
    ],
)
async def test_the_supplier_does_not_act_on_what_it_does_not_understand(
    stage: Stage, broken: tuple[bytes, bytes], entry: str, reason: str
) -> None:
    body = stage.port.render(EXAMPLE.order(), EXAMPLE.context()).body
    assert broken[0] in body
    (stage.supplier.root / "out" / "000000001.xml").write_bytes(body.replace(*broken))
    stage.supplier.step()
    (found,) = stage.ledger.of(entry)
    assert reason in found["reason"]


async def test_what_the_partner_owes_after_an_order_has_its_time(stage: Stage) -> None:
    expects = [{"after": "Order", "wants": "DespatchAdvice", "within_h": 48}]
    opened = stage.open(partner={**stage.told["partner"], "expects": expects})
    draft = opened.effects[0].render(EXAMPLE.order(), EXAMPLE.context()).draft
    assert draft is not None
    (wish,) = draft.wishes
    assert (wish.kind, wish.reference, wish.within) == ("DespatchAdvice", NUMBER, timedelta(hours=48))
