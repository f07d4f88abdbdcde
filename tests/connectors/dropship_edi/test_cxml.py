"""What passes between the hub and a supplier in cXML, and that its secrets stay out of what is stored."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from canonical.documents import PurchaseAnswerDocument, ShipNoticeDocument, SupplierInvoiceDocument
from canonical.purchase_documents import PurchaseAnswer
from canonical.purchases import LineAnswer
from connectors.dropship_edi.simulator import Plan
from core.exchange.shapes import Standing
from tests.connectors.dropship_edi.stage import Stage
from tests.contracts.building import an_effect
from tests.contracts.fulfilment_point import WANTED, only
from tests.contracts.supplier import NUMBER, OrderingContract

EXAMPLE = OrderingContract()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path, transport="folder", version="cxml-1.2")
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


async def test_a_supplier_that_lacks_something_says_so_by_line(stage: Stage) -> None:
    stage.supplier.plan_sku("CUP", Plan(refuse={"CUP": 1}, back_order={"CUP": 1}))
    await stage.send(EXAMPLE.order())
    (answer,) = only(await stage.hear_for(20), PurchaseAnswerDocument)
    assert [(line.sku, line.answer, line.quantity) for line in answer.lines] == [
        ("CUP", LineAnswer.BACK_ORDERED, 1), ("CUP", LineAnswer.REJECTED, 1), ("POT", LineAnswer.ACCEPTED, 1),
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


async def test_ship_notices_may_know_no_parcels(tmp_path: Path) -> None:
    stage = Stage(tmp_path, transport="folder", parcels_in_levels=False, version="cxml-1.2")
    await stage.start()
    await stage.send(EXAMPLE.order())
    (notice,) = only(await stage.hear_for(60), ShipNoticeDocument)
    (package,) = notice.packages
    assert (package.package_id, bool(package.tracking_number)) == (notice.notice_id, True)
    await stage.stop()


async def test_our_secret_leaves_and_theirs_is_not_kept(stage: Stage) -> None:
    ours, theirs = stage.supplier.options.buyers_secret, stage.supplier.options.own_secret
    outgoing = stage.port.render(EXAMPLE.order(), EXAMPLE.context())
    effect = an_effect(EXAMPLE.order(), outgoing)
    await stage.port.send(effect)
    assert await stage.port.look_up(effect) is not None
    assert ours.encode() not in outgoing.body
    assert ours.encode() in stage.files("out")["000000001.xml"]
    await stage.hear_for(100)
    assert len(stage.inbox.received) == 3
    assert [raw for raw in stage.inbox.received if theirs.encode() in raw.body] == []
    assert all(raw.body.count(b"<SharedSecret>***</SharedSecret>") == 1 for raw in stage.inbox.received)


async def test_without_our_secret_the_supplier_does_nothing(stage: Stage) -> None:
    settings = {**stage.told["partner"], "shared_secret": "another one"}
    (port,) = stage.open(partner=settings).effects
    draft = port.render(EXAMPLE.order(), EXAMPLE.context()).draft
    assert draft is not None
    (stage.supplier.root / "out" / "1.xml").write_bytes(draft.write(stage.some_numbers(draft, 1)))
    stage.supplier.step()
    (entry,) = stage.ledger.of("interchange_refused")
    assert "no credential of our buyer" in entry["reason"]


async def test_a_test_is_not_taken_in_production(stage: Stage) -> None:
    await stage.send(EXAMPLE.order())
    stage.connector = stage.open(partner={**stage.told["partner"], "mode": "test"})
    assert await stage.hear_for(20) == ()
    assert stage.standings == [Standing.REJECTED]


@pytest.mark.parametrize("fault", ["damaged", "truncated"])
async def test_a_broken_document_is_a_failure_and_is_taken_when_it_comes_whole(
    stage: Stage, fault: str
) -> None:
    stage.faults.plan[fault] = {NUMBER}
    await stage.send(EXAMPLE.order())
    assert only(await stage.hear_for(20), PurchaseAnswerDocument) == []
    assert len(stage.failures) == 1
    (answer,) = only(await stage.hear_for(100), PurchaseAnswerDocument)
    assert answer.answer is PurchaseAnswer.ACCEPTED


async def test_a_document_that_comes_twice_is_taken_once(stage: Stage) -> None:
    stage.faults.plan["duplicate"] = {NUMBER}
    await stage.send(EXAMPLE.order())
    assert len(only(await stage.hear_for(100), PurchaseAnswerDocument)) == 1
    assert stage.faults.happened["duplicate"] == 1


async def test_a_notice_that_is_said_again_under_another_payload_id_names_the_same_parcel(
    stage: Stage,
) -> None:
    await stage.send(EXAMPLE.order())
    await stage.hear_for(20)
    stage.faults.plan["said_again"] = {NUMBER}
    first, second = only(await stage.hear_for(20), ShipNoticeDocument)
    order = EXAMPLE.order().order_id
    assert first.events(order)[0].fact_key == second.events(order)[0].fact_key


@pytest.mark.parametrize(
    ("broken", "entry", "reason"),
    [
        ((b"<City>", b"<Town>"), "interchange_refused", "no XML"),
        ((b"BillTo>", b"PayTo>"), "not_understood", "BillTo is missing"),
        ((b">EA<", b">CS<"), "not_understood", "pieces as UnitOfMeasure"),
        ((b'type="new"', b'type="update"'), "not_understood", "no OrderRequest that came"),
        ((b">ORDERHUB<", b">SOMEBODY<"), "interchange_refused", "no credential of our buyer"),
    ],
)
async def test_the_supplier_does_not_act_on_what_it_does_not_understand(
    stage: Stage, broken: tuple[bytes, bytes], entry: str, reason: str
) -> None:
    await stage.port.send(an_effect(EXAMPLE.order(), stage.port.render(EXAMPLE.order(), EXAMPLE.context())))
    file = stage.supplier.root / "out" / "000000001.xml"
    body = file.read_bytes()
    assert broken[0] in body
    file.write_bytes(body.replace(*broken))
    stage.supplier.step()
    (found,) = stage.ledger.of(entry)
    assert reason in found["reason"]


def test_what_is_owed_after_an_order_is_not_owed_after_its_deletion(stage: Stage) -> None:
    expects = [{"after": "OrderRequest", "wants": "ShipNoticeRequest", "within_h": 48}]
    (port,) = stage.open(partner={**stage.told["partner"], "expects": expects}).effects
    drafts = [port.render(command, EXAMPLE.context()).draft for command in
              (EXAMPLE.order(), EXAMPLE.change(), EXAMPLE.cancellation())]  # fmt: skip
    assert [[wish.kind for wish in draft.wishes] for draft in drafts if draft] == [
        ["ShipNoticeRequest"],
        [],
        [],
    ]
