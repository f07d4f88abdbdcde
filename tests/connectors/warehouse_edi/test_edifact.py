"""What passes between the hub and a 3PL in EDIFACT: the same things as in X12, acknowledged by CONTRL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from canonical.documents import (
    DispatchDocument,
    ReleaseAnswer,
    ReleaseAnswerDocument,
    ReturnDocument,
    SkuQuantity,
    StockDocument,
)
from connectors.warehouse_edi.simulator import Plan
from core.errors import RejectedError
from core.exchange.shapes import Standing
from tests.connectors.warehouse_edi.stage import Stage
from tests.contracts.fulfilment_point import RELEASE, WANTED, FulfilmentPointContract, answers, only, units
from tests.contracts.inbound_point import InboundPointContract

EXAMPLE = FulfilmentPointContract()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path, transport="folder", version="D01B")
    await stage.start()
    yield stage
    await stage.stop()


async def test_a_release_leaves_and_all_is_acknowledged(stage: Stage) -> None:
    await stage.send(EXAMPLE.release())
    (left,) = only(await stage.hear_for(100), DispatchDocument)
    assert units([left]) == WANTED
    assert (left.release_id, left.carrier, len(left.shipment_id)) == (RELEASE, "UPSN", 20)
    assert left.tracking_number
    assert stage.partner.counterpart.unanswered() == []
    assert [kind for sent in stage.partner.counterpart.sent for kind in sent.kinds] == ["DESADV"]
    assert stage.standings == [Standing.ACCEPTED] * 2  # with its CONTRL for our INSDES
    assert stage.ledger.of("interchange_refused") == stage.ledger.of("set_refused") == []
    assert b"UNH+900001+CONTRL:" in b"".join(stage.files("out/processed").values())


@pytest.mark.parametrize(
    ("refuse", "reason", "skus"),
    [
        ("SHORT", "out of stock", set(WANTED)),
        ("ADDRESS", "item cancelled: insufficient address", set[str]()),
        ("OTHER", "item cancelled", set[str]()),
    ],
)
async def test_a_refusal_says_why_and_how_many(
    stage: Stage, refuse: str, reason: str, skus: set[str]
) -> None:
    stage.partner.plan_sku("CUP", Plan(refuse=refuse))
    await stage.send(EXAMPLE.release())
    told = await stage.hear_for(100)
    (refusal,) = only(told, ReleaseAnswerDocument)
    assert (refusal.answer, refusal.reason, set(refusal.skus)) == (ReleaseAnswer.REFUSED, reason, skus)
    assert {line.sku: line.quantity for line in refusal.units} == WANTED
    assert only(told, DispatchDocument) == []


async def test_parcels_that_follow_are_no_refusal_and_what_lacks_is_one(stage: Stage) -> None:
    stage.faults.plan["said_again"] = {RELEASE}
    stage.partner.plan_sku("CUP", Plan(parcels=2, short={"POT": 1}))
    await stage.send(EXAMPLE.release())
    told = await stage.hear_for(200)
    assert {one.shipment_id: one.lines for one in only(told, DispatchDocument)}.keys() != set()
    assert all(line.sku == "CUP" for one in only(told, DispatchDocument) for line in one.lines)
    refusals = only(told, ReleaseAnswerDocument)
    assert {one.fact_key() for one in refusals} == {refusals[0].fact_key()}
    assert refusals[0].units == (SkuQuantity(sku="POT", quantity=1),)


async def test_an_order_for_another_site_is_refused(stage: Stage) -> None:
    elsewhere = stage.open(site="DE-99").effects[0]
    outgoing = elsewhere.render(EXAMPLE.release(), EXAMPLE.context())
    assert outgoing.draft is not None
    body = outgoing.draft.write(stage.some_numbers(outgoing.draft, 7))
    (stage.partner.root / "out" / "000000007.edi").write_bytes(body)
    assert answers(await stage.hear_for(20)) == [ReleaseAnswer.REFUSED]


async def test_a_damaged_message_is_refused_by_our_contrl_and_comes_again(stage: Stage) -> None:
    stage.faults.plan["damaged"] = {RELEASE}
    await stage.send(EXAMPLE.release())
    assert only(await stage.hear_for(50), DispatchDocument) == []
    (refused,) = stage.refused
    assert (refused.kind, "UNT says" in refused.reason) == ("DESADV", True)
    assert units(only(await stage.hear_for(100), DispatchDocument)) == WANTED
    decisions = [one.decision.value for one in stage.partner.counterpart.sent if one.decision is not None]
    assert decisions == ["rejected", "accepted"]


@pytest.mark.parametrize("fault", ["duplicate", "late", "truncated"])
async def test_whatever_goes_wrong_what_left_is_taken(stage: Stage, fault: str) -> None:
    stage.faults.plan[fault] = {RELEASE}
    await stage.send(EXAMPLE.release())
    told = only(await stage.hear_for(200), DispatchDocument)
    assert units(told) == WANTED
    assert stage.faults.happened[fault] >= 1


async def test_goods_that_come_back_partly_damaged_are_two_returns(stage: Stage) -> None:
    await stage.send(EXAMPLE.release())
    await stage.hear_for(100)
    stage.partner.receive(RELEASE, {"CUP": 2}, {"CUP": 1})
    sound, damaged = only(await stage.hear(), ReturnDocument)
    assert (sound.damaged, damaged.damaged) == (False, True)
    assert sound.lines == damaged.lines == (SkuQuantity(sku="CUP", quantity=1),)
    stage.partner.send_stock_report()
    (report,) = only(await stage.hear(), StockDocument)
    assert {line.sku: line.quantity for line in report.lines} == {"CUP": 99, "POT": 99}


async def test_nobody_owes_an_advice_for_what_is_cancelled(stage: Stage) -> None:
    partner = {**stage.told["partner"], "expects": [{"after": "INSDES", "wants": "DESADV", "within_h": 24}]}
    port = stage.open(partner=partner).effects[0]
    wishes = [port.render(command, EXAMPLE.context()).draft for command in EXAMPLE.commands()]
    assert [[wish.reference for wish in draft.wishes] for draft in wishes if draft] == [[RELEASE], []]


async def test_goods_on_their_way_can_not_be_announced(stage: Stage) -> None:
    with pytest.raises(RejectedError, match="edifact has no document here for a AnnounceInbound") as refused:
        stage.port.render(InboundPointContract().announcement(), EXAMPLE.context())
    assert refused.value.code == "no_document"


async def test_what_edifact_has_no_word_for_is_not_said(stage: Stage, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="adjustments in X12 only"):
        stage.partner.adjust("CUP", 1)
    assert stage.partner.shelves.on_hand["CUP"] == 100
    with pytest.raises(ValidationError, match="EDIFACT has no code for it"):
        Stage(tmp_path, version="D01B", basis="AVAILABLE")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ((b"NAD+DP", b"NAD+UC"), "nobody to send to"),
        ((b"BGM+350", b"BGM+220"), "350 orders a despatch"),
        ((b"+9'DTM", b"+5'DTM"), "9 is an original"),
        ((b"CUP:IN", b"CUP:NB"), "no number under IN or BP"),
        ((b"QTY+113:2", b"QTY+21:2"), "no QTY with 113"),
    ],
)
async def test_the_3pl_does_not_act_on_what_it_does_not_understand(
    stage: Stage, broken: tuple[bytes, bytes], reason: str
) -> None:
    body = stage.port.render(EXAMPLE.release(), EXAMPLE.context()).body
    assert broken[0] in body
    (stage.partner.root / "out" / "000000001.edi").write_bytes(body.replace(*broken))
    stage.partner.step()
    (entry,) = stage.ledger.of("not_understood")
    assert reason in entry["reason"]


async def test_a_cancellation_that_names_nothing_stops_nothing(stage: Stage) -> None:
    body = stage.port.render(EXAMPLE.cancellation(), EXAMPLE.context()).body
    (stage.partner.root / "out" / "000000001.edi").write_bytes(body.replace(b"RFF+ACW", b"RFF+ON"))
    stage.partner.step()
    (entry,) = stage.ledger.of("not_understood")
    assert "names the one message before it" in entry["reason"]
