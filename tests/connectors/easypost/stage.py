"""An EasyPost simulator, the connector that is open on it, and a hub's door that its webhooks arrive at."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from canonical.documents import Document
from connectors.easypost import CONNECTOR
from connectors.easypost.broker import EasyPostBroker
from connectors.easypost.settings import EasyPostSettings
from connectors.easypost.simulator import EasyPostSimulator
from core.clock import Clock, SystemClock
from core.connector import OpenConnector, Resources
from core.loopback import LoopbackServer
from core.ports import DoorRequest, DoorResponse
from core.simulator import Faults, Ledger, Workshop
from tests.connectors.surroundings import KeptDesk, ReadMappings, UntouchedCursors, webhook_app
from tests.contracts.courier_broker import BROKER, NODE

API_KEY, WEBHOOK_SECRET = "EZTKofasimulator", "a-webhook-secret-of-a-simulator"
SENDER = {
    "name": "The Shop", "street1": "2 Example Street", "city": "Berlin", "zip": "10115", "country": "DE",
    "phone": "+49 30 000000",
}  # fmt: skip


MAPPINGS = ReadMappings(CONNECTOR)


@dataclass
class Stage:
    """Everything that stands on it. `open()` before use, `close()` afterwards."""

    clock: Clock = field(default_factory=SystemClock)
    faults: Faults = field(default_factory=Faults)
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    desk: KeptDesk = field(default_factory=KeptDesk)
    deadline_s: float = 20

    async def open(self) -> "Stage":
        self.ledger = Ledger(self.clock)
        keys = {"api_key": API_KEY, "webhook_secret": WEBHOOK_SECRET, "senders": {NODE: SENDER}}
        workshop = Workshop(
            "easypost", self.clock, self.ledger, self.faults, Path(), options={**keys, **self.options}
        )
        simulator = CONNECTOR.simulator(workshop)
        assert isinstance(simulator, EasyPostSimulator)
        self.simulator = simulator
        self.settings = EasyPostSettings(**{**await simulator.start(), "deadline_s": self.deadline_s})
        self._opened: list[OpenConnector] = []
        self.connector = self.connect(self.settings)
        (broker,) = self.connector.effects
        assert isinstance(broker, EasyPostBroker)
        self.broker = broker
        self._hub = LoopbackServer(webhook_app(self.knock))
        self.hub_url = await self._hub.start()
        self.simulator.send_webhooks_to(f"{self.hub_url}/webhook")
        return self

    def connect(self, settings: EasyPostSettings) -> OpenConnector:
        """Open another connector on the same simulator."""
        opened = CONNECTOR.open(BROKER, settings, Resources(self.clock, MAPPINGS, UntouchedCursors()))
        self._opened.append(opened)
        return opened

    async def close(self) -> None:
        for opened in self._opened:
            await opened.close()
        await self.simulator.stop()
        await self._hub.stop()

    async def knock(self, request: DoorRequest) -> DoorResponse:
        return await self.connector.doors[0].handler(request, self.desk)

    async def all_told(self) -> None:
        """Wait until everything that is on its way has been delivered."""
        async with asyncio.timeout(20):
            await self.simulator.all_delivered()

    def documents(self) -> tuple[Document, ...]:
        """Return what the events that arrived say, oldest first."""
        read = self.connector.readers["event"]
        return tuple(document for raw in self.desk.kept.values() for document in read(raw))

    def kinds(self) -> list[str]:
        """Return what the ledger says happened, oldest first."""
        return [entry["kind"] for entry in self.ledger.entries]
