"""What arrives from a warehouse that does everything wrong is stored, read or reported, and stops nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from canonical.commands import Command
from canonical.documents import DispatchDocument, Document, OrderBound, ReleaseAnswerDocument, StockDocument
from connectors.warehouse.simulator import Plan
from core.errors import RetryableError, UnauthorisedError
from tests.connectors.warehouse import papers
from tests.connectors.warehouse.stage import PASSWORD, Stage
from tests.contracts.building import an_effect, an_order
from tests.contracts.fulfilment_point import (
    RELEASE,
    WANTED,
    FulfilmentPointContract,
    a_context_with_items,
    only,
    units,
)

REFERENCE = an_order().channel_ref
EXAMPLE = FulfilmentPointContract()


@pytest.fixture(params=["sftp", "folder"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path, request.param)
    await stage.start()
    yield stage
    await stage.stop()


async def send(stage: Stage, command: Command | None = None) -> None:
    command = command or EXAMPLE.release()
    port = stage.connector.effects[0]
    await port.send(an_effect(command, port.render(command, a_context_with_items())))


async def hear_for(stage: Stage, seconds: float, steps: int = 20) -> tuple[Document, ...]:
    told = await stage.hear()
    for _ in range(steps):
        stage.clock.advance(seconds / steps)
        told += await stage.hear()
    return told


def facts(documents: tuple[Document, ...]) -> list[str | None]:
    return [
        event.fact_key
        for document in documents
        if isinstance(document, OrderBound)
        for event in document.events(an_order().id)
    ]


async def test_files_arrive_byte_for_byte_and_are_taken_away(stage: Stage) -> None:
    body = papers.dispatches(papers.dispatch())
    stage.put("dispatch", body)
    assert await stage.poll() == 1
    (raw,) = stage.store.received
    assert (raw.kind, raw.body) == ("dispatch", body)
    assert raw.external_id is not None
    assert raw.external_id.startswith("in/dispatch/by-hand.xml@")
    assert stage.files("in/dispatch") == {}


async def test_each_kind_has_its_feed_and_its_reader(stage: Stage) -> None:
    stage.put("answer", papers.answers(papers.answer()))
    stage.put("dispatch", papers.dispatches(papers.dispatch()))
    stage.put("return", papers.receipts(papers.receipt()))
    stage.put("stock", papers.stock("D;CUP;1"), "stock.csv")
    kinds = {type(document).__name__ for document in await stage.hear()}
    assert kinds == {"ReleaseAnswerDocument", "DispatchDocument", "ReturnDocument", "StockDocument"}
    assert stage.failures == []
    assert {raw.media_type for raw in stage.store.received} == {"application/xml", "text/csv"}


@pytest.mark.parametrize("fault", ["truncated", "wrong_encoding", "nul", "unknown_code"])
async def test_a_document_that_is_damaged_is_kept_and_the_right_one_counts(stage: Stage, fault: str) -> None:
    stage.faults.plan[fault] = {REFERENCE}
    await send(stage)
    told = await hear_for(stage, 600)
    assert stage.faults.happened[fault] == 1
    assert len(stage.failures) == 1
    assert units(only(told, DispatchDocument)) == WANTED
    assert len(only(told, ReleaseAnswerDocument)) == 1


async def test_a_bad_file_stops_none_behind_it(stage: Stage) -> None:
    for n, body in enumerate([b"<broken", b"", b"\0\0", b"\xff\xfe\xff"]):
        stage.put("dispatch", body, f"0-{n}.xml")
    stage.put("dispatch", papers.dispatches(papers.dispatch()), "9.xml")
    assert len(only(await stage.hear(), DispatchDocument)) == 1
    assert len(stage.failures) == 4


async def test_a_file_that_comes_twice_tells_one_fact(stage: Stage) -> None:
    stage.faults.plan["duplicate"] = {REFERENCE}
    stage.faults.times = 9
    await send(stage)
    told = await hear_for(stage, 600)
    assert stage.faults.happened["duplicate"] == 2
    assert len(told) == 4
    assert len(set(facts(told))) == 2


async def test_a_dispatch_may_overtake_its_acceptance(stage: Stage) -> None:
    stage.faults.plan["dispatch_first"] = {REFERENCE}
    await send(stage)
    dispatched, accepted = await hear_for(stage, 600)
    assert isinstance(dispatched, DispatchDocument)
    assert isinstance(accepted, ReleaseAnswerDocument)
    assert dispatched.occurred_at is not None
    assert accepted.occurred_at is not None
    assert accepted.occurred_at < dispatched.occurred_at


async def test_a_late_stock_report_shows_that_it_is_old(stage: Stage) -> None:
    stage.faults.plan["late_stock"] = {"stock-1"}
    stage.warehouse.send_stock_report()
    stage.clock.advance(60)
    stage.warehouse.put_stock("CUP", 7)
    stage.warehouse.send_stock_report()
    newer, older = only(await stage.hear(), StockDocument)
    assert older.as_of < newer.as_of
    assert {line.sku: line.quantity for line in older.lines}["CUP"] == 100
    assert {line.sku: line.quantity for line in newer.lines}["CUP"] == 7


async def test_a_half_written_file_is_waited_for(tmp_path: Path) -> None:
    for transport in ("sftp", "folder"):
        stage = Stage(tmp_path / transport, transport)
        (tmp_path / transport).mkdir()
        stage.faults.plan["half_written"] = {REFERENCE}
        await stage.start()
        assert stage.told["arrival"] == {"complete": "stable"}
        await send(stage)
        told = await hear_for(stage, 600)
        assert stage.faults.happened["half_written"] == 1
        assert stage.failures == []
        assert units(only(told, DispatchDocument)) == WANTED
        await stage.stop()


async def test_fifty_megabytes_are_put_aside_and_somebody_is_told(stage: Stage) -> None:
    with stage.put("dispatch", b"", "huge.xml").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    stage.put("answer", papers.answers(papers.answer()))
    assert len(await stage.hear()) == 1
    (failure,) = stage.failures
    assert "in/dispatch/huge.xml" in str(failure)
    assert list(stage.files("errors")) == ["huge.xml"]
    assert await stage.poll() == 0


async def test_a_warehouse_that_is_away_is_asked_again_and_nothing_is_lost(stage: Stage) -> None:
    await send(stage)
    told = await stage.hear()
    await stage.warehouse.stop()
    for feed in stage.connector.feeds:
        with pytest.raises(RetryableError):
            await feed.poll(stage.store)
    await stage.warehouse.start()
    told += await hear_for(stage, 600)
    assert units(only(told, DispatchDocument)) == WANTED


async def test_a_feed_that_may_not_come_in_says_so(stage: Stage) -> None:
    for feed in stage.locked_out().feeds:
        with pytest.raises(UnauthorisedError) as refused:
            await feed.poll(stage.store)
        assert PASSWORD not in str(refused.value)


async def test_a_connection_that_is_cut_while_downloading_loses_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    await stage.start()
    for n in range(3):
        stage.put("dispatch", papers.dispatches(papers.dispatch(shipment=f"P-{n}")), f"{n}.xml")
    stage.faults.plan["cut_download"] = {"1.xml"}
    stage.faults.times = 3
    polls = 0
    while stage.files("in/dispatch"):
        polls += 1
        try:
            await stage.poll()
        except RetryableError:
            assert polls < 9
    told = only(await stage.hear(), DispatchDocument)
    assert sorted(parcel.shipment_id for parcel in told) == ["P-0", "P-1", "P-2"]
    assert stage.faults.happened["cut_download"] == 3
    await stage.stop()


async def test_files_may_be_archived(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    await stage.start()
    stage.connector = stage.open(arrival={"complete": "renamed", "after": "archive"})
    stage.put("answer", papers.answers(papers.answer()), "a.xml")
    await stage.poll()
    assert (list(stage.files("in/answer")), list(stage.files("archive"))) == ([], ["a.xml"])
    await stage.stop()


async def test_kinds_may_share_a_folder_by_their_names(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    await stage.start()
    shared = {kind: {"folder": "in/answer", "pattern": f"{kind}-*"} for kind in ("answer", "dispatch")}
    stage.connector = stage.open(folders=shared)
    stage.put("answer", papers.answers(papers.answer()), "answer-1.xml")
    stage.put("answer", papers.dispatches(papers.dispatch()), "dispatch-1.xml")
    kinds = {type(document) for document in await stage.hear()}
    assert kinds == {ReleaseAnswerDocument, DispatchDocument}
    await stage.stop()


async def test_one_warehouse_moves_from_a_folder_to_sftp_by_its_transport_alone(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    by_sftp = (await stage.start(), stage.told["transport"])[1]
    by_folder = {"type": "folder", "path": str(stage.warehouse.root)}
    told: list[tuple[Document, ...]] = []
    sent: list[bytes] = []
    for transport in (by_folder, by_sftp):
        stage.connector = stage.open(transport=transport)
        release = EXAMPLE.release(f"{RELEASE}-{transport['type']}")
        port = stage.connector.effects[0]
        outgoing = port.render(release, a_context_with_items())
        await port.send(an_effect(release, outgoing))
        sent.append(outgoing.body.replace(transport["type"].encode(), b"X"))
        told.append(await hear_for(stage, 600))
    assert sent[0] == sent[1]
    assert units(only(told[0], DispatchDocument)) == units(only(told[1], DispatchDocument)) == WANTED
    assert stage.failures == []
    await stage.stop()


async def test_a_release_in_doubt_is_found_by_either_transport(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    await stage.start()
    release = EXAMPLE.release()
    port = stage.connector.effects[0]
    effect = an_effect(release, port.render(release, a_context_with_items()))
    await port.send(effect)
    moved = stage.open(transport={"type": "folder", "path": str(stage.warehouse.root)})
    assert await moved.effects[0].look_up(effect) is not None
    stage.warehouse.step()
    assert await moved.effects[0].look_up(effect) is not None
    await stage.stop()


async def test_a_key_opens_as_well_as_a_password(tmp_path: Path) -> None:
    stage = Stage(tmp_path, auth="key")
    await stage.start()
    assert "password" not in stage.told["transport"]
    await send(stage)
    assert units(only(await hear_for(stage, 600), DispatchDocument)) == WANTED
    await stage.stop()


async def test_a_login_that_is_refused_once_is_no_matter_of_retrying(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.faults.plan["auth"] = {"hub"}
    await stage.start()
    with pytest.raises(UnauthorisedError):
        await stage.poll()
    assert await stage.poll() == 0
    await stage.stop()


async def test_a_plan_for_a_sku_counts_where_the_order_has_none(stage: Stage) -> None:
    stage.warehouse.plan_sku("POT", Plan(parcels=2))
    await send(stage)
    assert len(only(await hear_for(stage, 600), DispatchDocument)) == 2
