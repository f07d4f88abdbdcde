"""EasyPost's connector, held to the port's contract against an EasyPost with faults, once with each of its commands."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from canonical.commands import (
    BookCollection,
    BookLabel,
    BookReturnLabel,
    CancelCollection,
    CloseManifest,
    Command,
    VoidLabel,
)
from canonical.documents import Document
from connectors.easypost.broker import EasyPostBroker
from core.ports import Effect, EffectPort
from tests.connectors.easypost.stage import API_KEY, WEBHOOK_SECRET, Stage
from tests.contracts.courier_broker import CourierBrokerContract
from tests.contracts.effect_port import Bench

KINDS = {
    BookLabel: "label_bought",
    BookReturnLabel: "label_bought",
    VoidLabel: "label_voided",
    BookCollection: "pickup_booked",
    CancelCollection: "pickup_cancelled",
    CloseManifest: "manifested",
}
VERBS = {
    BookLabel: "buy",
    BookReturnLabel: "buy",
    VoidLabel: "refund",
    BookCollection: "collect",
    CancelCollection: "call_off",
    CloseManifest: "manifest",
}


class EasyPostContract(CourierBrokerContract):
    refusing_for_now = ("http_429",)
    breaking_before = ("timeout_before", "reset_before", "http_500")
    breaking_after = ("timeout_after", "reset_after", "truncated", "malformed", "http_500_after")
    refusing_for_good = ("refused",)
    stage: Stage

    @pytest.fixture
    async def partner(self, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
        hangs = "timeout" in request.node.name
        stage = self.stage = await Stage(deadline_s=2 if hangs else 20).open()

        def locked_out() -> EffectPort:
            other = SecretStr("EZTKofnobody")
            (broker,) = stage.connect(stage.settings.model_copy(update={"api_key": other})).effects
            return broker

        secrets = (API_KEY, WEBHOOK_SECRET, "EZTKofnobody")
        yield Bench(stage.broker, stage.simulator, stage.ledger, stage.faults, secrets, locked_out)
        await stage.close()

    async def scanned(self, bench: Bench, tracking_number: str) -> None:
        self.stage.simulator.scan(tracking_number, ("in_transit", "arrived_at_facility"))

    async def told(self, bench: Bench) -> tuple[Document, ...]:
        await self.stage.all_told()
        return self.stage.documents()

    def fault_keys(self, effect: Effect) -> set[str]:
        return {f"{VERBS[type(effect.command)]} {self._reference(effect.command)}"}

    def happened(self, bench: Bench, effect: Effect) -> int:
        command = effect.command
        entries = bench.ledger.of(KINDS[type(command)])
        if isinstance(command, CloseManifest):
            return sum(self._reference(command) in entry["references"] for entry in entries)
        return sum(entry["reference"] == self._reference(command) for entry in entries)

    def _reference(self, command: Command) -> str:
        """The reference that the partner knows: the effect's own, or that of what it is about."""
        match command:
            case VoidLabel() | CloseManifest():
                return f"label:{command.parcel_id}:1"
            case CancelCollection():
                return f"collection:{command.parcel_id}"
            case _:
                return command.key


class TestBooking(EasyPostContract):
    first = BookLabel


class TestBookingReturns(EasyPostContract):
    first = BookReturnLabel


class TestVoiding(EasyPostContract):
    first = VoidLabel


class TestCollecting(EasyPostContract):
    first = BookCollection


class TestCallingOff(EasyPostContract):
    first = CancelCollection


class TestClosing(EasyPostContract):
    first = CloseManifest


def test_the_broker_is_what_the_connector_declares() -> None:
    assert EasyPostBroker.commands == set(KINDS)
