"""A marketplace and the connector that sells on it, for tests: orders of nobody, sold to nobody."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid5

from canonical.documents import DOCUMENT_BY_NAME, Document
from canonical.order import Line, Order
from connectors.amazon import CONNECTOR
from connectors.amazon.opening import open_amazon
from connectors.amazon.settings import AmazonSettings
from connectors.amazon.simulator import Marketplace
from connectors.amazon.simulator.selling import Sold
from core.clock import ManualClock
from core.connector import OpenConnector, Resources
from core.ports import Feed, RawDocument, Receipt
from core.simulator import Faults, Ledger, Workshop
from mappings.engine.environment import Environment
from mappings.engine.registry import MappingRegistry, MappingSet
from tests.connectors.webstore.resources import NoMappings
from tests.contracts.building import _SPACE, NOON, an_order

CUPS = Sold("1", "CUP", 2, Decimal("9.95"))
POT = Sold("2", "POT", 1, Decimal("20.00"), shipping=Decimal("4.90"))
REF = "W-1001"
"""The reference of the contract suites' order: two cups, of which parcel 1 consists, and a pot."""


def load() -> MappingSet:
    (folder,) = CONNECTOR.mappings
    texts = {f"amazon/{path.name}": path.read_text() for path in Path(folder).glob("*.yaml")}
    return MappingRegistry(Environment(dict(DOCUMENT_BY_NAME), CONNECTOR.python_transforms)).load(texts)


LIBRARY = load()


class Library(NoMappings):
    """The connector's mapping documents, as the hub hands them in."""

    def read(self, mapping: str, raw: bytes, context: Mapping[str, str]) -> tuple[Document, ...]:
        return tuple(d for d in LIBRARY[mapping].read_all(raw, context) if isinstance(d, Document))


class Shelf:
    """Cursors that live as long as the test."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def get(self, name: str) -> str | None:
        return self.kept.get(name)

    async def put(self, name: str, value: str) -> None:
        self.kept[name] = value


class LeapingClock(ManualClock):
    """Nobody waits: whoever sleeps moves the time on by as much."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.advance(seconds)


@dataclass
class Basket:
    """An intake that keeps what it is handed, each external id once."""

    taken: list[RawDocument] = field(default_factory=list)
    refuse: Exception | None = None

    async def receive(self, raw: RawDocument) -> Receipt:
        if self.refuse is not None:
            raise self.refuse
        known = raw.external_id in {one.external_id for one in self.taken}
        if not known:
            self.taken.append(raw)
        return Receipt(uuid5(_SPACE, str(raw.external_id)), duplicate=known)

    def of(self, kind: str) -> list[RawDocument]:
        return [raw for raw in self.taken if raw.kind == kind]


@dataclass
class Stage:
    market: Marketplace
    clock: ManualClock
    ledger: Ledger
    faults: Faults
    told: dict[str, Any]
    shelf: Shelf
    opened: list[OpenConnector]

    @property
    def connector(self) -> OpenConnector:
        return self.opened[0]

    def open(self, **changes: Any) -> OpenConnector:
        settings = AmazonSettings.model_validate({**self.told, **changes})
        self.opened.append(open_amazon("amazon", settings, Resources(self.clock, Library(), self.shelf)))
        return self.opened[-1]

    def feed(self, name: str) -> Feed:
        return next(feed for feed in self.connector.feeds if feed.name == name)

    def read(self, raw: RawDocument) -> tuple[Document, ...]:
        return self.connector.readers[raw.kind](raw)


QUICK = {"gather_s": 1, "report_every_s": 10}


@asynccontextmanager
async def a_stage(tmp_path: Path, *, queue: bool = True, **options: Any) -> AsyncIterator[Stage]:
    clock = LeapingClock(NOON)
    ledger, faults = Ledger(clock), Faults()
    market = Marketplace(
        Workshop("amazon", clock, ledger, faults, tmp_path, options={"feed_s": 0, "queue": queue, **options})
    )
    told = {**await market.start(), **QUICK}
    if queue:
        told["queue"] = {**told["queue"], "wait_s": 0}
    stage = Stage(market, clock, ledger, faults, told, Shelf(), [])
    stage.open()
    yield stage
    for connector in stage.opened:
        await connector.close()
    await market.stop()


def our_order(**changes: object) -> Order:
    """The contract suites' order, as the hub has it from Amazon."""
    order = an_order(channel="amazon")
    lines = tuple(_from_amazon(line) for line in order.lines)
    return order.replace(**{"lines": lines, **changes})


def _from_amazon(line: Line) -> Line:
    return line.replace(attributes={"marketplace_id": "A1PA6795UKMFR9"})
