"""A Signifyd simulator, the connector that is open on it, and a hub's door that its webhooks arrive at."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from canonical.documents import FraudDecisionDocument
from connectors.signifyd import CONNECTOR
from connectors.signifyd.gateway import SignifydFraudGateway
from connectors.signifyd.settings import SignifydSettings
from connectors.signifyd.simulator import SignifydSimulator
from core.clock import Clock, SystemClock
from core.connector import OpenConnector, Resources
from core.loopback import LoopbackServer
from core.ports import DoorRequest, DoorResponse
from core.simulator import Faults, Ledger, Workshop
from hub.mappings import MappingLibrary, sources
from tests.connectors.surroundings import KeptDesk, webhook_app
from tests.connectors.webstore.resources import NoCursors
from tests.contracts.fraud_gateway import GATEWAY

API_KEY = "teamApiKeyOfTheSimulator"
MAPPINGS = MappingLibrary.load(sources((CONNECTOR,)))


@dataclass
class Stage:
    """Everything that stands on it. `open()` before use, `close()` afterwards."""

    clock: Clock = field(default_factory=SystemClock)
    faults: Faults = field(default_factory=Faults)
    desk: KeptDesk = field(default_factory=KeptDesk)
    changes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Settings beside those that the simulator gives."""

    async def open(self) -> "Stage":
        self.ledger = Ledger(self.clock)
        options = {"api_key": API_KEY}
        workshop = Workshop("signifyd", self.clock, self.ledger, self.faults, Path(), options=options)
        simulator = CONNECTOR.simulator(workshop)
        assert isinstance(simulator, SignifydSimulator)
        self.simulator = simulator
        self.settings = SignifydSettings.model_validate({**await simulator.start(), **self.changes})
        self._opened: list[OpenConnector] = []
        self.connector = self.connect(self.settings)
        (gateway,) = self.connector.effects
        assert isinstance(gateway, SignifydFraudGateway)
        self.gateway = gateway
        self._hub = LoopbackServer(webhook_app(self.knock))
        simulator.delivery.url = f"{await self._hub.start()}/webhook"
        return self

    def connect(self, settings: SignifydSettings) -> OpenConnector:
        """Open another connector on the same simulator."""
        opened = CONNECTOR.open(GATEWAY, settings, Resources(self.clock, MAPPINGS, NoCursors()))
        self._opened.append(opened)
        return opened

    async def close(self) -> None:
        for opened in self._opened:
            await opened.close()
        await self.simulator.stop()
        await self._hub.stop()

    async def knock(self, request: DoorRequest) -> DoorResponse:
        return await self.connector.doors[0].handler(request, self.desk)

    async def documents(self) -> tuple[FraudDecisionDocument, ...]:
        """Return what the webhooks say, oldest first, once all have arrived."""
        async with asyncio.timeout(20):
            await self.simulator.all_delivered()
        read = self.connector.readers["decision"]
        found = [document for raw in self.desk.kept.values() for document in read(raw)]
        return tuple(document for document in found if isinstance(document, FraudDecisionDocument))
