"""A Stripe simulator, the connector that is open on it, and a hub's door that its webhooks arrive at."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from canonical.documents import PaymentDocument
from connectors.stripe import CONNECTOR
from connectors.stripe.gateway import StripeGateway
from connectors.stripe.settings import StripeSettings
from connectors.stripe.simulator import StripeSimulator
from core.clock import Clock, ManualClock, SystemClock
from core.connector import OpenConnector, Resources
from core.loopback import LoopbackServer
from core.ports import DoorRequest, DoorResponse
from core.simulator import Faults, Ledger, Workshop
from tests.connectors.surroundings import KeptDesk, ReadMappings, UntouchedCursors, webhook_app
from tests.contracts.payment_gateway import GATEWAY

SECRET_KEY, WEBHOOK_SECRET = "sk_test_of_a_simulator", "whsec_of_a_simulator"


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds that happens in a moment."""
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never happened")


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
        keys = {"secret_key": SECRET_KEY, "webhook_secret": WEBHOOK_SECRET}
        workshop = Workshop(
            "stripe", self.clock, self.ledger, self.faults, Path(), options={**keys, **self.options}
        )
        simulator = CONNECTOR.simulator(workshop)
        assert isinstance(simulator, StripeSimulator)
        self.simulator = simulator
        self.settings = StripeSettings(**{**await simulator.start(), "deadline_s": self.deadline_s})
        self._opened: list[OpenConnector] = []
        self.connector = self.connect(self.settings)
        (gateway,) = self.connector.effects
        assert isinstance(gateway, StripeGateway)
        self.gateway = gateway
        self._hub = LoopbackServer(webhook_app(self.knock))
        self.simulator.webhook_url = f"{await self._hub.start()}/webhook"
        return self

    def connect(self, settings: StripeSettings) -> OpenConnector:
        """Open another connector on the same simulator."""
        opened = CONNECTOR.open(GATEWAY, settings, Resources(self.clock, MAPPINGS, UntouchedCursors()))
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
        async with asyncio.timeout(10):
            await self.simulator.all_delivered()

    def documents(self) -> tuple[PaymentDocument, ...]:
        """Return what the events that arrived say, oldest first."""
        read = self.connector.readers["event"]
        found = [document for raw in self.desk.kept.values() for document in read(raw)]
        assert all(isinstance(document, PaymentDocument) for document in found)
        return tuple(document for document in found if isinstance(document, PaymentDocument))

    async def let_time_pass(self, seconds: float) -> None:
        """Move a clock that stands still, a little at a time, until everything that waited is delivered."""
        assert isinstance(self.clock, ManualClock)
        for _ in range(40):
            if not self.simulator.delivery.waiting:
                return
            self.clock.advance(seconds)
            await asyncio.sleep(0.05)

    def kinds(self) -> list[str]:
        """Return what the ledger says happened, oldest first."""
        return [entry["kind"] for entry in self.ledger.entries]
