"""The warehouse's `FulfilmentPoint`, held to the port's contract over SFTP and over a folder."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from canonical.documents import Document
from canonical.order import Order
from canonical.parties import Parties
from connectors.warehouse.simulator import Plan
from core.errors import RejectedError
from core.ports import Effect, EffectContext, EffectPort
from tests.connectors.warehouse.stage import PASSWORD, Stage
from tests.contracts.building import NOON, an_order, somebody
from tests.contracts.effect_port import Bench
from tests.contracts.fulfilment_point import ITEMS, RELEASE, FulfilmentPointContract

REFERENCE = an_order().channel_ref


class WarehouseContract(FulfilmentPointContract):
    """What is the same however the files travel."""

    transport: ClassVar[str]
    stage: Stage

    @pytest.fixture
    async def bench(self, tmp_path: Path) -> AsyncIterator[Bench]:
        self.stage = Stage(tmp_path, self.transport)
        connector = await self.stage.start()

        def locked_out() -> EffectPort:
            return self.stage.locked_out().effects[0]

        yield Bench(
            connector.effects[0],
            self.stage.warehouse,
            self.stage.ledger,
            self.stage.faults,
            (PASSWORD,),
            locked_out,
        )
        await self.stage.stop()

    def fault_keys(self, effect: Effect) -> set[str]:
        return {effect.outgoing.target}

    def happened(self, bench: Bench, effect: Effect) -> int:
        self.stage.warehouse.step()
        kinds = ("released",) if "release-" in effect.outgoing.target else ("cancelled", "cancel_refused")
        return sum(entry["key"] == RELEASE for kind in kinds for entry in bench.ledger.of(kind))

    async def hear(self, bench: Bench) -> tuple[Document, ...]:
        return await self.stage.hear()

    async def wait(self, bench: Bench, seconds: float) -> None:
        self.stage.clock.advance(seconds)

    def refuse(self, bench: Bench, order: Order) -> None:
        self.stage.warehouse.plan(order.channel_ref, Plan(refuse="SHORT"))

    def divide(self, bench: Bench, order: Order, parcels: int) -> None:
        self.stage.warehouse.plan(order.channel_ref, Plan(parcels=parcels))

    def lose(self, bench: Bench, order: Order, missing: Mapping[str, int]) -> None:
        self.stage.warehouse.plan(order.channel_ref, Plan(short=missing))

    def stage_of(self, bench: Bench) -> tuple[float, float]:
        options = self.stage.warehouse.options
        return options.answer_s + 1, options.answer_s + options.pick_s + 1

    async def receive_back(
        self, bench: Bench, release_id: str, lines: Mapping[str, int], *, damaged: bool
    ) -> None:
        self.stage.warehouse.send_return(release_id, lines, "D" if damaged else "A")

    async def report_stock(self, bench: Bench) -> None:
        self.stage.warehouse.send_stock_report()

    # --- what only files have ---

    async def test_a_release_is_one_file_named_after_it(self, bench: Bench) -> None:
        effect = self._effect(bench, self.release())
        answer = await bench.port.send(effect)
        assert answer.reference == f"release-{RELEASE}.xml"
        assert self.stage.files("out") == {f"release-{RELEASE}.xml": effect.outgoing.body}

    async def test_two_wishes_to_stop_one_release_are_two_files(self, bench: Bench) -> None:
        wishes = (self.cancellation(), self.cancellation().replace(key=f"cancel_release:{RELEASE}:c-2"))
        names = {bench.port.render(wish, self.context()).target for wish in wishes}
        assert len(names) == 2
        assert all(name.startswith(f"cancel-{RELEASE}-") for name in names)

    async def test_an_id_that_is_no_file_name_is_written_as_one(self, bench: Bench) -> None:
        await self._send(bench, self.release("../../a b/ü\\:*"))
        assert list(self.stage.files("out")) == ["release-..%2F..%2Fa%20b%2F%C3%BC%5C%3A%2A.xml"]
        self.stage.warehouse.step()
        assert [entry["key"] for entry in bench.ledger.of("released")] == ["../../a b/ü\\:*"]

    async def test_an_id_that_is_too_long_for_a_file_name_is_refused(self, bench: Bench) -> None:
        with pytest.raises(RejectedError, match="too long"):
            bench.port.render(self.release("x" * 195), self.context())

    async def test_a_release_that_was_read_already_is_not_put_there_again(self, bench: Bench) -> None:
        effect = self._effect(bench, self.release())
        await bench.port.send(effect)
        self.stage.warehouse.step()
        assert list(self.stage.files("out")) == []
        assert await bench.port.look_up(effect) is not None
        await bench.port.send(effect)
        assert list(self.stage.files("out")) == []
        assert bench.ledger.of("repeated") == []

    async def test_what_was_never_sent_is_not_found(self, bench: Bench) -> None:
        assert await bench.port.look_up(self._first(bench)) is None

    async def test_an_address_that_is_too_long_is_refused_without_repeating_it(self, bench: Bench) -> None:
        long = "Very Long Street " * 20
        context = self._to(address_lines=(long,))
        with pytest.raises(RejectedError, match="AddressLine") as refused:
            bench.port.render(self.release(), context)
        assert refused.value.code == "document"
        assert "Very Long" not in str(refused.value)

    async def test_five_lines_of_an_address_fit_into_four(self, bench: Bench) -> None:
        body = bench.port.render(
            self.release(), self._to(address_lines=("a", "b", "c", "d", "e"))
        ).body.decode()
        assert "<AddressLine>c</AddressLine><AddressLine>d, e</AddressLine>" in body.replace("\n", "")

    async def test_a_name_of_which_nothing_is_left_is_refused_without_repeating_it(
        self, bench: Bench
    ) -> None:
        with pytest.raises(RejectedError, match="name") as refused:
            bench.port.render(self.release(), self._to(name="\x01\x02"))
        assert "\x01" not in str(refused.value)

    async def test_the_warehouse_is_told_what_it_needs(self, bench: Bench) -> None:
        body = bench.port.render(self.release(), self.context()).body.decode()
        for said in (
            f"<ReleaseId>{RELEASE}</ReleaseId>", "<CustomerReference>W-1001</CustomerReference>", "<Site>berlin</Site>",
            "<CreatedAt>2026-11-20T12:00:00Z</CreatedAt>", "<Description>A cup</Description>",
            "<UnitWeightGrams>310</UnitWeightGrams>", "<PostalCode>10115</PostalCode>",
            "<DeliveryService>standard</DeliveryService>",
        ):  # fmt: skip
            assert said in body

    async def test_a_cancellation_names_nobody(self, bench: Bench) -> None:
        body = bench.port.render(self.cancellation(), self.context()).body.decode()
        assert "A. Customer" not in body
        assert "Example Street" not in body

    async def test_the_connectors_test_looks_into_each_folder(self, bench: Bench) -> None:
        assert "folders" in await self.stage.connector.test()

    @staticmethod
    def _to(**changes: object) -> EffectContext:
        parties = Parties(buyer=somebody(), ship_to=somebody(**changes))
        return EffectContext(an_order(), parties, {}, ITEMS, NOON)


class TestWarehouseOverSftp(WarehouseContract):
    transport = "sftp"
    refusing_for_now = ("disk_full",)
    breaking_before = ("cut_before", "timeout_before")
    breaking_after = ("cut_after", "timeout_after")
    refusing_for_good = ("name_taken",)

    async def test_a_connection_that_is_cut_while_uploading_is_opened_again_unnoticed(
        self, bench: Bench
    ) -> None:
        effect = self._planned(bench, "cut_upload")
        await bench.port.send(effect)
        assert bench.faults.happened["cut_upload"] == 1
        assert self.happened(bench, effect) == 1


class TestWarehouseOverAFolder(WarehouseContract):
    transport = "folder"
    refusing_for_now = ("disk_full",)
    breaking_before = ("cut_upload", "cut_before")
    breaking_after = ("cut_after",)
    refusing_for_good = ("name_taken",)
