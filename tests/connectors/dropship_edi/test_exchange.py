"""What passes between the hub and a supplier that does everything wrong is taken once, refused, or asked for again."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

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
from core.errors import HubError, RetryableError, UnauthorisedError
from core.exchange.shapes import Standing
from tests.connectors.dropship_edi.stage import Stage
from tests.contracts.fulfilment_point import WANTED, only
from tests.contracts.supplier import NUMBER, SupplierContract

EXAMPLE = SupplierContract()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path, transport="folder")
    await stage.start()
    yield stage
    await stage.stop()


def plan(stage: Stage, **said: Any) -> None:
    stage.supplier.plan_sku("CUP", Plan(**said))


def entries(stage: Stage, kind: str) -> list[dict[str, Any]]:
    return stage.ledger.of(kind)


async def test_an_order_is_answered_sent_and_charged(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    told = await stage.hear_for(100)
    (answer,) = only(told, PurchaseAnswerDocument)
    (notice,) = only(told, ShipNoticeDocument)
    (invoice,) = only(told, SupplierInvoiceDocument)
    assert answer.answer is PurchaseAnswer.ACCEPTED
    assert {line.sku: line.quantity for line in notice.packages[0].lines} == WANTED
    assert (invoice.total, invoice.currency) == (Decimal("12.00"), "USD")
    assert stage.supplier.counterpart.unanswered() == []
    assert stage.standings == [Standing.ACCEPTED] * len(stage.standings)


async def test_both_sides_acknowledge_everything_and_no_acknowledgement(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    await stage.hear_for(100)
    kinds = [kind for sent in stage.supplier.counterpart.sent for kind in sent.kinds]
    assert kinds == ["855", "856", "810"]
    assert len(stage.standings) == len(kinds) + 1  # and its 997 for our 850
    assert entries(stage, "interchange_refused") == entries(stage, "set_refused") == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"refuse": {"CUP": 1}}, {("CUP", LineAnswer.ACCEPTED, 1), ("CUP", LineAnswer.REJECTED, 1)}),
        ({"back_order": {"CUP": 2}}, {("CUP", LineAnswer.BACK_ORDERED, 2)}),
    ],
)  # fmt: skip
async def test_a_supplier_that_lacks_something_says_so_by_line(stage: Stage, said: Any, words: Any) -> None:
    plan(stage, **said)
    await stage.send(EXAMPLE.order())
    (answer,) = only(await stage.hear_for(20), PurchaseAnswerDocument)
    assert {(line.sku, line.answer, line.quantity) for line in answer.lines} == {
        *words,
        ("POT", LineAnswer.ACCEPTED, 1),
    }


async def test_what_is_back_ordered_leaves_a_day_later(stage: Stage) -> None:
    plan(stage, back_order={"CUP": 2})
    await stage.send(EXAMPLE.order())
    first = only(await stage.hear_for(100), ShipNoticeDocument)
    second = only(await stage.hear_for(90_000), ShipNoticeDocument)
    packed = [{line.sku: line.quantity for p in n.packages for line in p.lines} for n in (*first, *second)]
    assert packed == [{"POT": 1}, {"CUP": 2}]


async def test_a_supplier_without_the_goods_refuses_the_order(tmp_path: Path) -> None:
    stage = Stage(tmp_path, transport="folder", stock={})
    await stage.start()
    await stage.send(EXAMPLE.order())
    (answer,) = only(await stage.hear_for(100), PurchaseAnswerDocument)
    assert answer.answer is PurchaseAnswer.REJECTED
    assert entries(stage, "shipped") == []
    await stage.stop()


async def test_an_order_can_be_cancelled_until_it_is_sent(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    await stage.hear_for(10)
    await stage.send(EXAMPLE.cancellation())
    told = await stage.hear_for(100)
    assert [one.answer for one in only(told, PurchaseAnswerDocument)] == [PurchaseAnswer.CANCELLED]
    assert only(told, ShipNoticeDocument) == []
    assert stage.supplier.books.available == {"CUP": 100, "POT": 100}


async def test_what_has_left_can_not_be_cancelled(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    await stage.hear_for(35)
    await stage.send(EXAMPLE.cancellation())
    answers = [one.answer for one in only(await stage.hear_for(10), PurchaseAnswerDocument)]
    assert answers == [PurchaseAnswer.CANCEL_REFUSED]


async def test_less_may_be_wanted_and_the_change_is_named_in_the_answer(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    await stage.hear_for(10)
    await stage.send(EXAMPLE.change())
    told = await stage.hear_for(100)
    (answer,) = only(told, PurchaseAnswerDocument)
    assert (answer.answer, answer.change_id) == (PurchaseAnswer.CHANGE_AGREED, EXAMPLE.change().change_id)
    assert {line.sku: line.quantity for line in only(told, ShipNoticeDocument)[0].packages[0].lines} == {
        "CUP": 1,
        "POT": 1,
    }


async def test_goods_go_back_under_the_suppliers_number(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    await stage.hear_for(100)
    await stage.send(EXAMPLE.return_wish())
    (answer,) = only(await stage.hear_for(10), SupplierReturnAnswerDocument)
    assert (answer.return_id, answer.authorisation) == ("b1", "RMA-00001")


async def test_goods_that_never_left_do_not_go_back(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    await stage.send(EXAMPLE.return_wish())
    (answer,) = only(await stage.hear_for(1), SupplierReturnAnswerDocument)
    assert (answer.authorisation, bool(answer.reason)) == (None, True)


# --- what goes wrong -------------------------------------------------------------------------------------------


async def test_a_file_that_comes_twice_is_taken_once(stage: Stage) -> None:
    stage.faults.plan["duplicate"] = {NUMBER}
    await stage.send(EXAMPLE.order())
    told = await stage.hear_for(100)
    assert len(only(told, PurchaseAnswerDocument)) == len(only(told, ShipNoticeDocument)) == 1
    assert stage.faults.happened["duplicate"] == 1


async def test_a_notice_that_is_said_again_under_another_number_names_the_same_parcel(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    told = await stage.hear_for(20)
    stage.faults.plan["said_again"] = {NUMBER}
    told = await stage.hear_for(20)
    notices = only(told, ShipNoticeDocument)
    assert len(notices) == 2
    assert (
        notices[0].events(EXAMPLE.order().order_id)[0].fact_key
        == notices[1].events(EXAMPLE.order().order_id)[0].fact_key
    )


async def test_a_damaged_set_is_refused_by_our_997_and_comes_again(stage: Stage) -> None:
    stage.faults.plan["damaged"] = {NUMBER}
    await stage.send(EXAMPLE.order())
    told = await stage.hear_for(20)
    (refused,) = stage.refused
    assert (refused.kind, only(told, PurchaseAnswerDocument)) == ("855", [])
    assert "SE says 93 segments" in refused.reason
    (theirs,) = (one for one in stage.supplier.counterpart.sent if one.kinds == ("855",))
    assert theirs.decision is not None
    assert theirs.decision.value == "rejected"
    (answer,) = only(await stage.hear_for(100), PurchaseAnswerDocument)
    assert answer.answer is PurchaseAnswer.ACCEPTED


async def test_a_file_that_was_cut_off_is_a_failure_and_is_taken_when_it_comes_whole(stage: Stage) -> None:
    stage.faults.plan["truncated"] = {NUMBER}
    await stage.send(EXAMPLE.order())
    told = await stage.hear_for(20)
    assert only(told, PurchaseAnswerDocument) == []
    assert Standing.REJECTED in stage.standings or stage.failures
    assert len(only(await stage.hear_for(100), PurchaseAnswerDocument)) == 1


async def test_a_half_written_file_is_waited_for(tmp_path: Path) -> None:
    stage = Stage(tmp_path, transport="folder")
    stage.faults.plan["half_written"] = {NUMBER}
    await stage.start()
    await stage.send(EXAMPLE.order())
    told = await stage.hear_for(100)
    assert len(only(told, PurchaseAnswerDocument)) == 1
    assert (stage.failures, stage.refused) == ([], [])
    await stage.stop()


async def test_a_ship_notice_may_overtake_the_answer(stage: Stage) -> None:
    plan(stage, answer_s=60.0)
    await stage.send(EXAMPLE.order())
    kinds = [type(one) for one in await stage.hear_for(100)]
    assert kinds.index(ShipNoticeDocument) < kinds.index(PurchaseAnswerDocument)


async def test_an_order_that_comes_twice_under_two_numbers_is_one_at_the_supplier(stage: Stage) -> None:
    first, second = stage.port, stage.another_port()
    for port in (first, second):
        outgoing = port.render(EXAMPLE.order(), EXAMPLE.context())
        number = b"000000001" if port is first else b"000000002"
        body = outgoing.body.replace(b"000000001", number)
        (stage.supplier.root / "out" / f"{number.decode()}.x12").write_bytes(body)
    stage.supplier.step()
    assert (len(entries(stage, "purchase_order")), len(entries(stage, "duplicate_order"))) == (1, 1)


async def test_a_supplier_that_is_away_is_asked_again_and_nothing_is_lost(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    stage.supplier.step()
    await stage.supplier.stop()
    with pytest.raises(RetryableError):
        await stage.connector.feeds[0].poll(stage.inbox)
    await stage.supplier.start()
    assert only(await stage.hear_for(20), PurchaseAnswerDocument)


async def test_a_feed_that_may_not_come_in_says_so(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    await stage.start()
    locked = stage.open(transport={**stage.told["transport"], "password": "a wrong one"})
    with pytest.raises(UnauthorisedError):
        await locked.feeds[0].poll(stage.inbox)
    await stage.stop()


async def test_the_connectors_test_looks_into_the_folders(stage: Stage) -> None:
    assert "has all of its 5 folders" in await stage.connector.test()
    (stage.supplier.root / "in").rename(stage.supplier.root / "elsewhere")
    with pytest.raises(HubError, match="in"):
        await stage.connector.test()
    (stage.supplier.root / "elsewhere").rename(stage.supplier.root / "in")


async def test_stock_is_what_is_not_promised(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    stage.supplier.step()
    stage.supplier.send_stock_report()
    (report,) = only(await stage.hear(), StockDocument)
    assert {line.sku: line.quantity for line in report.lines} == {"CUP": 98, "POT": 99}


async def test_ship_notices_may_know_no_parcels_and_sets_may_be_of_another_version(tmp_path: Path) -> None:
    stage = Stage(tmp_path, transport="folder", parcels_in_levels=False, version="005010", acknowledges="999")
    await stage.start()
    await stage.send(EXAMPLE.order())
    (notice,) = only(await stage.hear_for(60), ShipNoticeDocument)
    (package,) = notice.packages
    assert (package.package_id, bool(package.tracking_number)) == (notice.notice_id, True)
    assert stage.refused == []
    await stage.stop()


async def test_our_999_is_what_the_partner_asked_for(tmp_path: Path) -> None:
    stage = Stage(tmp_path, transport="folder", acknowledges="999")
    await stage.start()
    await stage.send(EXAMPLE.order())
    await stage.hear_for(60)
    ours = b"".join(stage.files("out/processed").values())
    assert b"ST*999*" in ours
    assert b"ST*997*" not in ours
    assert stage.supplier.counterpart.unanswered() == []
    await stage.stop()
