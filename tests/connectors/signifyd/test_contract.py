"""Signifyd's connector, held to the port's contract against a Signifyd with faults, once with each of its commands."""

import json
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from canonical.commands import ReportToFraudGateway, ScreenOrder
from canonical.documents import Document
from canonical.fraud import FraudReport, FraudVerdict
from connectors.signifyd.simulator.desk import Action
from core.ports import Effect, EffectPort
from tests.connectors.signifyd.stage import API_KEY, Stage
from tests.contracts.effect_port import Bench
from tests.contracts.fraud_gateway import REF, FraudGatewayContract

ACTIONS: dict[FraudVerdict, Action] = {
    FraudVerdict.APPROVED: "ACCEPT",
    FraudVerdict.REVIEW: "HOLD",
    FraudVerdict.REJECTED: "REJECT",
}


class SignifydContract(FraudGatewayContract):
    refusing_for_now = ("http_429", "http_409", "http_503")
    breaking_before = ("timeout_before", "reset_before", "http_500")
    breaking_after = ("timeout_after", "reset_after", "truncated", "malformed", "http_500_after")
    refusing_for_good = ("http_400",)
    unsaid = frozenset({FraudReport.REFUNDED, FraudReport.VERDICT})
    stage: Stage

    @pytest.fixture
    async def partner(self, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
        hangs = "timeout" in request.node.name
        stage = self.stage = await Stage(changes={"deadline_s": 1 if hangs else 20}).open()

        def locked_out() -> EffectPort:
            other = SecretStr("anotherTeamsApiKey00")
            (gateway,) = stage.connect(stage.settings.model_copy(update={"api_key": other})).effects
            return gateway

        secrets = (API_KEY, "anotherTeamsApiKey00")
        yield Bench(stage.gateway, stage.simulator, stage.ledger, stage.faults, secrets, locked_out)
        await stage.close()

    def will_decide(self, bench: Bench, verdict: FraudVerdict, *, at_once: bool = True) -> None:
        self.stage.simulator.plan(REF, ACTIONS[verdict], 0 if at_once else None)

    async def decide_now(self, bench: Bench, verdict: FraudVerdict) -> None:
        self.stage.simulator.review(REF, ACTIONS[verdict])
        await self.stage.documents()

    async def told(self, bench: Bench) -> tuple[Document, ...]:
        return await self.stage.documents()

    def fault_keys(self, effect: Effect) -> set[str]:
        if isinstance(effect.command, ScreenOrder):
            return {f"sales {REF}"}
        return {f"fulfillments {REF} parcel-1"}

    def happened(self, bench: Bench, effect: Effect) -> int:
        if isinstance(effect.command, ScreenOrder):
            return sum(entry["turn"] == effect.command.turn for entry in bench.ledger.of("screened"))
        body = json.loads(effect.outgoing.body) if effect.outgoing.body else {}
        said = [
            *body.get("transactions", ()),
            *body.get("fulfillments", ()),
            *([body] if "returnId" in body else ()),
        ]
        if body.get("fulfillmentStatus"):
            said = [{**one, "fulfillmentStatus": body["fulfillmentStatus"]} for one in said]
        entries = [entry for entry in bench.ledger.entries if not entry.get("again", True)]
        return sum(entry["said"] in said for entry in entries)


class TestScreening(SignifydContract):
    first = ScreenOrder


class TestReporting(SignifydContract):
    first = ReportToFraudGateway
