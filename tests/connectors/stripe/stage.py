"""A Stripe simulator, the connector that is open on it, and a hub's door that its webhooks arrive at."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from canonical.documents import DOCUMENT_BY_NAME, Document, PaymentDocument
from canonical.order import Order
from connectors.stripe import CONNECTOR
from connectors.stripe.gateway import StripeGateway
from connectors.stripe.settings import StripeSettings
from connectors.stripe.simulator import StripeSimulator
from core.clock import Clock, ManualClock, SystemClock
from core.connector import OpenConnector, Resources
from core.errors import DocumentError, DoorError, Problem
from core.loopback import LoopbackServer
from core.ports import DoorRequest, RawDocument, Receipt
from core.simulator import Faults, Ledger, Workshop
from mappings import Environment, MappingError, MappingRegistry
from tests.contracts.payment_gateway import GATEWAY

SECRET_KEY, WEBHOOK_SECRET = "sk_test_of_a_simulator", "whsec_of_a_simulator"


class KeptDesk:
    """What a door may ask of the hub: keeps documents in memory, each telling once."""

    def __init__(self) -> None:
        self.kept: dict[str, RawDocument] = {}
        self.receipts: list[Receipt] = []
        self.refusing: DoorError | None = None

    async def receive(self, raw: RawDocument) -> Receipt:
        if self.refusing is not None:
            raise self.refusing
        assert raw.external_id
        before = self.kept.setdefault(raw.external_id, raw)
        receipt = Receipt(uuid4(), duplicate=before is not raw, same_body=before.body == raw.body)
        self.receipts.append(receipt)
        return receipt

    async def find_order(self, channel_ref: str) -> Order | None:
        raise AssertionError("Stripe's doors ask for no order")

    async def message_status(self, message_id: UUID) -> tuple[str, str | None] | None:
        raise AssertionError("Stripe's doors ask for no message")

    async def available(self, references: tuple[str, ...]) -> Mapping[str, int | None]:
        raise AssertionError("Stripe's doors ask for no stock")


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds that happens in a moment."""
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never happened")


class NoCursors:
    """Stripe's connector keeps nothing."""

    async def get(self, name: str) -> str | None:
        raise AssertionError(name)

    async def put(self, name: str, value: str) -> None:
        raise AssertionError(name)


class CompiledMappings:
    """The connector's mapping documents."""

    def __init__(self) -> None:
        texts = {
            file.name: file.read_text() for folder in CONNECTOR.mappings for file in folder.glob("*.yaml")
        }
        environment = Environment(models=DOCUMENT_BY_NAME, python=CONNECTOR.python_transforms)
        self._all = MappingRegistry(environment).load(texts)
        assert self._all.warnings == ()

    def read(self, mapping: str, raw: bytes, context: Mapping[str, str]) -> tuple[Document, ...]:
        try:
            return tuple(self._all[mapping].read_all(raw, context, expect=Document))
        except MappingError as error:
            problems = (Problem(one.reason, field=one.source, value=one.value) for one in error.problems)
            raise DocumentError(tuple(problems)) from error

    def write(self, mapping: str, values: Any) -> bytes:
        raise AssertionError(mapping)


MAPPINGS = CompiledMappings()


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
        self._hub = LoopbackServer(Starlette(routes=[Route("/webhook", self._door, methods=["POST"])]))
        self.simulator.webhook_url = f"{await self._hub.start()}/webhook"
        return self

    def connect(self, settings: StripeSettings) -> OpenConnector:
        """Open another connector on the same simulator."""
        opened = CONNECTOR.open(GATEWAY, settings, Resources(self.clock, MAPPINGS, NoCursors()))
        self._opened.append(opened)
        return opened

    async def close(self) -> None:
        for opened in self._opened:
            await opened.close()
        await self.simulator.stop()
        await self._hub.stop()

    async def _door(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = DoorRequest("POST", "/webhook", headers, {}, {}, await request.body())
        try:
            answer = await self.connector.doors[0].handler(asked, self.desk)
        except DoorError as error:
            return Response(status_code=error.status)
        return Response(answer.body, answer.status)

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
