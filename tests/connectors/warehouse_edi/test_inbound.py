"""The 3PL keeps the contract of inbound points, by SFTP and by a folder."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from canonical.commands import Command
from canonical.documents import Document, InboundReceiptDocument, ReturnDocument
from connectors.warehouse_edi.simulator import Arrival
from core.exchange.shapes import Standing
from core.ports import PORT_COMMANDS, Effect
from tests.connectors.warehouse_edi.stage import ByFiles, Stage
from tests.contracts.effect_port import Bench
from tests.contracts.fulfilment_point import RELEASE, FulfilmentPointContract, only
from tests.contracts.inbound_point import NUMBER, InboundPointContract

EXAMPLE = InboundPointContract()


class TestBySftp(ByFiles, InboundPointContract):
    also: ClassVar[frozenset[type[Command]]] = PORT_COMMANDS["FulfilmentPoint"]
    breaking_before: ClassVar[tuple[str, ...]] = ("cut_before", "timeout_before")
    breaking_after: ClassVar[tuple[str, ...]] = ("cut_after", "timeout_after")

    def happened(self, bench: Bench, effect: Effect) -> int:
        self.at.partner.step()
        return sum(entry["key"] == NUMBER for entry in bench.ledger.of("announced"))

    async def hear_for(self, bench: Bench, seconds: float) -> tuple[Document, ...]:
        return await self.at.hear_for(seconds)

    def arrive(self, bench: Bench, number: str, lines: Mapping[str, int], damaged: Mapping[str, int]) -> None:
        self.at.partner.receive(number, lines, damaged)


class TestByAFolder(TestBySftp):
    breaking_before: ClassVar[tuple[str, ...]] = ("cut_before",)
    breaking_after: ClassVar[tuple[str, ...]] = ("cut_after",)
    options: ClassVar[Mapping[str, Any]] = {"transport": "folder", "version": "005010", "acknowledges": "999"}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path, transport="folder")
    await stage.start()
    yield stage
    await stage.stop()


async def test_it_comes_as_it_was_planned_and_the_shelves_have_what_is_sound(stage: Stage) -> None:
    stage.partner.plan_arrivals(NUMBER, Arrival({"CUP": 12}, {"CUP": 2}), Arrival({"CUP": 8, "POT": 5}))
    await stage.send(EXAMPLE.announcement())
    told = only(await stage.hear_for(200), InboundReceiptDocument)
    assert [(line.sku, line.quantity, line.damaged) for one in told for line in one.lines] == [
        ("CUP", 12, 2),
        ("CUP", 8, 0),
        ("POT", 5, 0),
    ]
    assert stage.partner.shelves.on_hand == {"CUP": 118, "POT": 105}
    assert stage.standings == [Standing.ACCEPTED] * 3  # two receipts, and the 997 for our 943
    assert stage.ledger.of("not_understood") == stage.ledger.of("set_refused") == []


async def test_goods_for_another_site_never_come(stage: Stage) -> None:
    elsewhere = stage.open(site="DE-99").effects[0]
    outgoing = elsewhere.render(EXAMPLE.announcement(), EXAMPLE.context())
    assert outgoing.draft is not None
    body = outgoing.draft.write(stage.some_numbers(outgoing.draft, 7))
    (stage.partner.root / "out" / "000000007.x12").write_bytes(body)
    assert only(await stage.hear_for(600), InboundReceiptDocument) == []
    assert [entry["site"] for entry in stage.ledger.of("announced")] == ["DE-99"]


@pytest.mark.parametrize("fault", ["duplicate", "said_again", "late", "damaged", "truncated"])
async def test_a_receipt_keeps_its_number_whatever_goes_wrong(stage: Stage, fault: str) -> None:
    stage.faults.plan[fault] = {NUMBER}
    await stage.send(EXAMPLE.announcement())
    told = only(await stage.hear_for(400), InboundReceiptDocument)
    assert {(one.number, one.inbound, one.happened_at) for one in told} == {
        ("RE00001", NUMBER, told[0].happened_at)
    }
    assert stage.faults.happened[fault] >= 1


async def test_goods_of_a_release_that_come_back_stay_a_return(stage: Stage) -> None:
    await stage.send(FulfilmentPointContract().release())
    await stage.hear_for(100)
    stage.partner.send_return(RELEASE, {"CUP": 1})
    told = await stage.hear()
    assert [one.release_id for one in only(told, ReturnDocument)] == [RELEASE]
    assert only(told, InboundReceiptDocument) == []
