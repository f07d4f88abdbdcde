"""What passes between the hub and a 3PL that does everything wrong is taken once, refused, or asked for again."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from canonical.documents import (
    DispatchDocument,
    ReleaseAnswer,
    ReleaseAnswerDocument,
    StockAdjustmentDocument,
    StockDocument,
)
from canonical.stock import StockBasis
from connectors.warehouse_edi.simulator import Plan
from core.errors import HubError, RetryableError, UnauthorisedError
from core.exchange.shapes import Standing
from tests.connectors.warehouse_edi.stage import Stage
from tests.contracts.building import NOON
from tests.contracts.fulfilment_point import (
    NODE,
    RELEASE,
    WANTED,
    FulfilmentPointContract,
    answers,
    only,
    units,
)

EXAMPLE = FulfilmentPointContract()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path, transport="folder")
    await stage.start()
    yield stage
    await stage.stop()


def entries(stage: Stage, kind: str) -> list[dict[str, Any]]:
    return stage.ledger.of(kind)


async def test_both_sides_acknowledge_everything_and_no_acknowledgement(stage: Stage) -> None:
    await stage.send(EXAMPLE.release())
    assert units(only(await stage.hear_for(100), DispatchDocument)) == WANTED
    assert [kind for sent in stage.partner.counterpart.sent for kind in sent.kinds] == ["945"]
    assert stage.standings == [Standing.ACCEPTED] * 2  # the 945, and its 997 for our 940
    assert stage.partner.counterpart.unanswered() == []
    assert entries(stage, "interchange_refused") == entries(stage, "set_refused") == []


async def test_a_warehouse_without_the_goods_refuses_the_order(tmp_path: Path) -> None:
    stage = Stage(tmp_path, transport="folder", stock={})
    await stage.start()
    await stage.send(EXAMPLE.release())
    told = await stage.hear_for(100)
    (refusal,) = only(told, ReleaseAnswerDocument)
    assert (refusal.answer, set(refusal.skus), refusal.reason) == (
        ReleaseAnswer.REFUSED,
        set(WANTED),
        "out of stock",
    )
    assert only(told, DispatchDocument) == []
    assert entries(stage, "shipped") == []
    await stage.stop()


async def test_a_warehouse_that_lacks_one_item_refuses_all_of_the_order_and_only_that_item_is_short(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path, transport="folder", stock={"CUP": 9})
    await stage.start()
    await stage.send(EXAMPLE.release())
    (refusal,) = only(await stage.hear_for(100), ReleaseAnswerDocument)
    assert {line.sku: line.quantity for line in refusal.units} == WANTED
    assert (refusal.skus, refusal.reason) == (("POT",), "line cancelled, out of stock")
    await stage.stop()


async def test_what_lacks_may_be_said_before_the_parcel_that_left(stage: Stage) -> None:
    stage.faults.plan["late"] = {RELEASE}
    stage.partner.plan_sku("CUP", Plan(short={"CUP": 1}))
    await stage.send(EXAMPLE.release())
    refusal, parcel = await stage.hear_for(200)
    assert isinstance(refusal, ReleaseAnswerDocument)
    assert isinstance(parcel, DispatchDocument)
    lacks = {line.sku: line.quantity for line in refusal.units}
    assert (lacks, units([parcel])) == ({"CUP": 1}, {"CUP": 1, "POT": 1})


async def test_a_release_that_is_stopped_halfway_names_what_has_not_left(stage: Stage) -> None:
    stage.partner.plan_sku("CUP", Plan(parcels=2, gap_s=600))
    await stage.send(EXAMPLE.release())
    assert units(only(await stage.hear_for(100), DispatchDocument)) == {"CUP": 1}
    await stage.send(EXAMPLE.cancellation())
    stage.partner.step()
    files = [file.read_bytes() for file in (stage.partner.root / "in").iterdir() if file.is_file()]
    (advice,) = [file for file in files if b"~W06*F*" in file]
    assert [line for line in advice.split(b"~") if line.startswith(b"W12")] == [
        b"W12*CU*1*0*1*EA**SK*CUP",
        b"W12*CU*1*0*1*EA**SK*POT",
    ]
    assert answers(await stage.hear_for(100)) == [ReleaseAnswer.CANCELLED]


async def test_an_order_for_another_site_is_refused(stage: Stage) -> None:
    elsewhere = stage.open(site="DE-99").effects[0]
    outgoing = elsewhere.render(EXAMPLE.release(), EXAMPLE.context())
    assert outgoing.draft is not None
    body = outgoing.draft.write(stage.some_numbers(outgoing.draft, 7))
    (stage.partner.root / "out" / "000000007.x12").write_bytes(body)
    assert answers(await stage.hear_for(20)) == [ReleaseAnswer.REFUSED]


async def test_a_file_that_comes_twice_is_taken_once(stage: Stage) -> None:
    stage.faults.plan["duplicate"] = {RELEASE}
    await stage.send(EXAMPLE.release())
    assert units(only(await stage.hear_for(100), DispatchDocument)) == WANTED
    assert stage.faults.happened["duplicate"] == 1


async def test_a_parcel_that_is_said_again_under_another_number_is_the_same(stage: Stage) -> None:
    stage.faults.plan["said_again"] = {RELEASE}
    await stage.send(EXAMPLE.release())
    first, second = only(await stage.hear_for(100), DispatchDocument)
    assert first.events(EXAMPLE.release().order_id) == second.events(EXAMPLE.release().order_id)


async def test_a_damaged_set_is_refused_by_our_997_and_comes_again(stage: Stage) -> None:
    stage.faults.plan["damaged"] = {RELEASE}
    await stage.send(EXAMPLE.release())
    assert only(await stage.hear_for(50), DispatchDocument) == []
    (refused,) = stage.refused
    assert (refused.kind, "SE says 9" in refused.reason) == ("945", True)
    assert units(only(await stage.hear_for(100), DispatchDocument)) == WANTED
    decisions = [one.decision.value for one in stage.partner.counterpart.sent if one.decision is not None]
    assert decisions == ["rejected", "accepted"]


async def test_a_file_that_was_cut_off_is_a_failure_and_is_taken_when_it_comes_whole(stage: Stage) -> None:
    stage.faults.plan["truncated"] = {RELEASE}
    await stage.send(EXAMPLE.release())
    assert only(await stage.hear_for(50), DispatchDocument) == []
    assert Standing.REJECTED in stage.standings or stage.failures
    assert units(only(await stage.hear_for(100), DispatchDocument)) == WANTED


async def test_a_half_written_file_is_waited_for(tmp_path: Path) -> None:
    stage = Stage(tmp_path, transport="folder")
    stage.faults.plan["half_written"] = {RELEASE}
    await stage.start()
    await stage.send(EXAMPLE.release())
    assert units(only(await stage.hear_for(100), DispatchDocument)) == WANTED
    assert (stage.failures, stage.refused) == ([], [])
    await stage.stop()


async def test_advices_may_overtake_each_other(stage: Stage) -> None:
    stage.faults.plan["late"] = {RELEASE}
    stage.partner.plan_sku("CUP", Plan(parcels=2))
    await stage.send(EXAMPLE.release())
    told = only(await stage.hear_for(200), DispatchDocument)
    assert units(told) == WANTED
    moments = [one.occurred_at for one in told]
    assert moments != sorted(moment for moment in moments if moment is not None)


async def test_an_order_that_comes_twice_under_two_numbers_is_one_at_the_warehouse(stage: Stage) -> None:
    outgoing = stage.port.render(EXAMPLE.release(), EXAMPLE.context())
    for number in (b"000000001", b"000000002"):
        body = outgoing.body.replace(b"000000001", number)
        (stage.partner.root / "out" / f"{number.decode()}.x12").write_bytes(body)
    stage.partner.step()
    assert (len(entries(stage, "released")), len(entries(stage, "repeated"))) == (1, 1)


async def test_a_warehouse_that_is_away_is_asked_again_and_nothing_is_lost(stage: Stage) -> None:
    await stage.send(EXAMPLE.release())
    stage.partner.step()
    await stage.partner.stop()
    with pytest.raises(RetryableError):
        await stage.connector.feeds[0].poll(stage.inbox)
    await stage.partner.start()
    assert units(only(await stage.hear_for(100), DispatchDocument)) == WANTED


async def test_a_feed_that_may_not_come_in_says_so(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    await stage.start()
    locked = stage.open(transport={**stage.told["transport"], "password": "a wrong one"})
    with pytest.raises(UnauthorisedError):
        await locked.feeds[0].poll(stage.inbox)
    await stage.stop()


async def test_the_connectors_test_looks_into_the_folders(stage: Stage) -> None:
    assert "has all of its 5 folders" in await stage.connector.test()
    (stage.partner.root / "in").rename(stage.partner.root / "elsewhere")
    with pytest.raises(HubError, match="in"):
        await stage.connector.test()
    (stage.partner.root / "elsewhere").rename(stage.partner.root / "in")


async def test_stock_may_be_what_is_not_promised(tmp_path: Path) -> None:
    stage = Stage(tmp_path, transport="folder", basis="AVAILABLE")
    await stage.start()
    await stage.send(EXAMPLE.release())
    await stage.hear_for(10)
    stage.partner.send_stock_report()
    (report,) = only(await stage.hear(), StockDocument)
    assert report.basis is StockBasis.AVAILABLE
    assert {line.sku: line.quantity for line in report.lines} == {"CUP": 98, "POT": 99}
    await stage.stop()


async def test_what_a_count_finds_is_told_with_its_number_and_is_in_the_next_report(stage: Stage) -> None:
    stage.partner.adjust("CUP", 3)
    stage.partner.adjust("POT", -2, "AU")
    stage.clock.advance(60)
    stage.partner.send_stock_report()
    told = await stage.hear()
    adjusted = only(told, StockAdjustmentDocument)
    assert [(one.node, one.number, one.happened_at) for one in adjusted] == [
        (NODE, "AD00001", NOON),
        (NODE, "AD00002", NOON),
    ]
    lines = [line for one in adjusted for line in one.lines]
    assert [(line.sku, line.quantity, line.reason) for line in lines] == [
        ("CUP", 3, "counted"),
        ("POT", -2, "damaged in the warehouse"),
    ]
    (report,) = only(told, StockDocument)
    assert {line.sku: line.quantity for line in report.lines} == {"CUP": 103, "POT": 98}
    assert stage.standings == [Standing.ACCEPTED] * 3


@pytest.mark.parametrize("fault", ["duplicate", "said_again", "late", "damaged", "truncated"])
async def test_an_adjustment_keeps_its_number_whatever_goes_wrong(stage: Stage, fault: str) -> None:
    stage.faults.plan[fault] = {"AD00001"}
    stage.partner.adjust("CUP", -1)
    told = only(await stage.hear_for(200), StockAdjustmentDocument)
    assert {(one.number, one.happened_at, one.lines[0].quantity) for one in told} == {("AD00001", NOON, -1)}
    assert stage.faults.happened[fault] >= 1


async def test_no_more_is_lost_than_lies_there(stage: Stage) -> None:
    with pytest.raises(ValueError, match="only 100 lie there"):
        stage.partner.adjust("CUP", -101)


async def test_nobody_owes_an_advice_for_what_is_cancelled(stage: Stage) -> None:
    partner = {**stage.told["partner"], "expects": [{"after": "940", "wants": "945", "within_h": 24}]}
    port = stage.open(partner=partner).effects[0]
    wishes = [port.render(command, EXAMPLE.context()).draft for command in EXAMPLE.commands()]
    assert [[wish.reference for wish in draft.wishes] for draft in wishes if draft] == [[RELEASE], []]
