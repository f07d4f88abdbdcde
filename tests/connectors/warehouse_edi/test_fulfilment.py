"""The 3PL keeps the contract of fulfilment points, by SFTP and by a folder, in X12 and in EDIFACT."""

from collections.abc import Mapping
from typing import Any, ClassVar

from canonical.commands import Command, SubmitRelease
from canonical.documents import Document
from canonical.order import Order
from connectors.warehouse_edi.simulator import Plan
from core.ports import PORT_COMMANDS, Effect
from tests.connectors.warehouse_edi.stage import ByFiles
from tests.contracts.effect_port import Bench
from tests.contracts.fulfilment_point import RELEASE, FulfilmentPointContract


class TestBySftp(ByFiles, FulfilmentPointContract):
    also: ClassVar[frozenset[type[Command]]] = PORT_COMMANDS["InboundPoint"]
    says_accepted = False
    says_cancel_refused = False
    breaking_before: ClassVar[tuple[str, ...]] = ("cut_before", "timeout_before")
    breaking_after: ClassVar[tuple[str, ...]] = ("cut_after", "timeout_after")

    def happened(self, bench: Bench, effect: Effect) -> int:
        self.at.partner.step()
        is_release = isinstance(effect.command, SubmitRelease)
        kinds = ("released",) if is_release else ("cancelled", "cancel_refused")
        return sum(entry["key"] == RELEASE for kind in kinds for entry in bench.ledger.of(kind))

    async def hear(self, bench: Bench) -> tuple[Document, ...]:
        return await self.at.hear()

    async def wait(self, bench: Bench, seconds: float) -> None:
        self.at.clock.advance(seconds)

    def refuse(self, bench: Bench, order: Order) -> None:
        self.at.partner.plan(order.channel_ref, Plan(refuse="SHORT"))

    def divide(self, bench: Bench, order: Order, parcels: int) -> None:
        self.at.partner.plan(order.channel_ref, Plan(parcels=parcels))

    def lose(self, bench: Bench, order: Order, missing: Mapping[str, int]) -> None:
        self.at.partner.plan(order.channel_ref, Plan(short=missing))

    def stage_of(self, bench: Bench) -> tuple[float, float]:
        options = self.at.partner.options
        return options.answer_s + 1, options.answer_s + options.pick_s + 1

    async def receive_back(
        self, bench: Bench, release_id: str, lines: Mapping[str, int], *, damaged: bool
    ) -> None:
        self.at.partner.send_return(release_id, lines, damaged=damaged)

    async def report_stock(self, bench: Bench) -> None:
        self.at.partner.send_stock_report()


class TestByAFolder(TestBySftp):
    breaking_before: ClassVar[tuple[str, ...]] = ("cut_before",)
    breaking_after: ClassVar[tuple[str, ...]] = ("cut_after",)
    options: ClassVar[Mapping[str, Any]] = {
        "transport": "folder", "marks_parcels": False, "version": "005010", "acknowledges": "999",
    }  # fmt: skip


class TestInEdifactBySftp(TestBySftp):
    options: ClassVar[Mapping[str, Any]] = {"version": "D01B", "envelope": "UNOW:4"}


class TestInEdifactByAFolder(TestByAFolder):
    options: ClassVar[Mapping[str, Any]] = {
        "transport": "folder", "version": "D01B", "envelope": "UNOW:4", "marks_parcels": False, "acknowledges": "none",
    }  # fmt: skip
