"""An EasyPost simulator, the connector that is open on it, and a hub's door that its webhooks arrive at."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from canonical.documents import DOCUMENT_BY_NAME, Document
from canonical.order import Order
from connectors.easypost import CONNECTOR
from connectors.easypost.broker import EasyPostBroker
from connectors.easypost.settings import EasyPostSettings
from connectors.easypost.simulator import EasyPostSimulator
from core.clock import Clock, SystemClock
from core.connector import OpenConnector, Resources
from core.errors import DocumentError, DoorError, Problem
from core.loopback import LoopbackServer
from core.ports import DoorRequest, RawDocument, Receipt
from core.simulator import Faults, Ledger, Workshop
from mappings import Environment, MappingError, MappingRegistry
from tests.contracts.courier_broker import BROKER, NODE

API_KEY, WEBHOOK_SECRET = "EZTKofasimulator", "a-webhook-secret-of-a-simulator"
SENDER = {
    "name": "The Shop", "street1": "2 Example Street", "city": "Berlin", "zip": "10115", "country": "DE",
    "phone": "+49 30 000000",
}  # fmt: skip


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
        raise AssertionError("EasyPost's doors ask for no order")

    async def message_status(self, message_id: UUID) -> tuple[str, str | None] | None:
        raise AssertionError("EasyPost's doors ask for no message")

    async def available(self, references: tuple[str, ...]) -> Mapping[str, int | None]:
        raise AssertionError("EasyPost's doors ask for no stock")


class NoCursors:
    """EasyPost's connector keeps nothing."""

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
        self.every = MappingRegistry(environment).load(texts)
        assert self.every.warnings == ()

    def read(self, mapping: str, raw: bytes, context: Mapping[str, str]) -> tuple[Document, ...]:
        try:
            return tuple(self.every[mapping].read_all(raw, context, expect=Document))
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
        self._hub = LoopbackServer(Starlette(routes=[Route("/webhook", self._door, methods=["POST"])]))
        self.hub_url = await self._hub.start()
        self.simulator.send_webhooks_to(f"{self.hub_url}/webhook")
        return self

    def connect(self, settings: EasyPostSettings) -> OpenConnector:
        """Open another connector on the same simulator."""
        opened = CONNECTOR.open(BROKER, settings, Resources(self.clock, MAPPINGS, NoCursors()))
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
        async with asyncio.timeout(20):
            await self.simulator.all_delivered()

    def documents(self) -> tuple[Document, ...]:
        """Return what the events that arrived say, oldest first."""
        read = self.connector.readers["event"]
        return tuple(document for raw in self.desk.kept.values() for document in read(raw))

    def kinds(self) -> list[str]:
        """Return what the ledger says happened, oldest first."""
        return [entry["kind"] for entry in self.ledger.entries]
