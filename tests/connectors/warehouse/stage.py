"""A simulated warehouse, the connector that is open on it, and a hub's store that its files arrive in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from canonical.documents import Document
from connectors.warehouse import CONNECTOR
from connectors.warehouse.client import WarehouseClient
from connectors.warehouse.feeds import feeds, readers
from connectors.warehouse.fulfilment import WarehouseFulfilment
from connectors.warehouse.settings import WarehouseSettings
from connectors.warehouse.simulator import Warehouse
from core.clock import ManualClock
from core.connector import Mappings, OpenConnector, Resources
from core.errors import DocumentError
from core.ports import RawDocument, Receipt
from core.simulator import Faults, Ledger, Workshop
from core.transport.disk import Disk
from core.transport.folder import FolderTransport
from core.transport.settings import FolderSettings
from hub.mappings import MappingLibrary, sources
from tests.connectors.disks import FaultyDisk, ForbiddenDisk
from tests.connectors.webstore.resources import NoCursors
from tests.contracts.building import NOON
from tests.contracts.fulfilment_point import NODE

LIBRARY = MappingLibrary.load(sources([CONNECTOR]))
PASSWORD = "correct horse battery"
TIMEOUT_S = 0.5


@dataclass(slots=True)
class Store:
    """Keeps what the feeds hand in: each telling once."""

    received: list[RawDocument] = field(default_factory=list[RawDocument])
    ids: set[str] = field(default_factory=set[str])

    async def receive(self, raw: RawDocument) -> Receipt:
        """Keep it, unless it was there before."""
        assert raw.external_id
        duplicate = raw.external_id in self.ids
        if not duplicate:
            self.ids.add(raw.external_id)
            self.received.append(raw)
        return Receipt(uuid4(), duplicate=duplicate)


class Stage:
    """One warehouse called as the contract's node, on a clock that is moved by hand."""

    def __init__(self, folder: Path, transport: str = "sftp", **options: Any) -> None:
        self.clock = ManualClock(NOON)
        self.ledger, self.faults = Ledger(self.clock), Faults()
        more = {"transport": transport, "password": PASSWORD, "stock": {"CUP": 100, "POT": 100}, **options}
        self.warehouse = Warehouse(Workshop(NODE, self.clock, self.ledger, self.faults, folder, options=more))
        self.store, self.told = Store(), dict[str, Any]()
        self.failures: list[DocumentError] = []
        self._read = 0
        self._opened: list[OpenConnector] = []

    async def start(self) -> OpenConnector:
        """Start the warehouse, and open the connector on it."""
        self.told = await self.warehouse.start()
        self.told["transport"]["timeout_s"] = TIMEOUT_S
        self.connector = self.open()
        return self.connector

    async def stop(self) -> None:
        """Close everything."""
        for connector in self._opened:
            await connector.close()
        await self.warehouse.stop()

    def open(self, mappings: Mappings = LIBRARY, **changes: Any) -> OpenConnector:
        """Open a connector on the warehouse, with some settings changed."""
        settings = WarehouseSettings.model_validate({**self.told, **changes})
        if isinstance(settings.transport, FolderSettings):
            opened = self.over(FaultyDisk(settings.transport.path, self.faults), settings)
        else:
            opened = CONNECTOR.open(NODE, settings, Resources(self.clock, mappings, NoCursors()))
        self._opened.append(opened)
        return opened

    def over(self, disk: Disk, settings: WarehouseSettings | None = None) -> OpenConnector:
        """Open a connector on a certain disk."""
        settings = settings or WarehouseSettings.model_validate(self.told)
        assert isinstance(settings.transport, FolderSettings)
        client = WarehouseClient(settings, self.clock, FolderTransport(settings.transport, self.clock, disk))
        return OpenConnector(
            NODE,
            effects=(WarehouseFulfilment(settings, LIBRARY, client),),
            feeds=feeds(settings, client),
            readers=readers(settings, LIBRARY),
            test=client.test,
            close=client.close,
        )

    def locked_out(self) -> OpenConnector:
        """Return the connector with credentials that the warehouse does not accept."""
        if self.told["transport"]["type"] == "folder":
            return self.over(ForbiddenDisk(Path(self.told["transport"]["path"])))
        return self.open(transport={**self.told["transport"], "password": "a wrong one"})

    def files(self, folder: str) -> Mapping[str, bytes]:
        """Return what lies in one of the warehouse's folders."""
        return {
            path.name: path.read_bytes()
            for path in (self.warehouse.root / folder).iterdir()
            if path.is_file()
        }

    def put(self, kind: str, body: bytes, name: str = "by-hand.xml") -> Path:
        """Put a file where the warehouse puts its own."""
        path = self.warehouse.root / "in" / kind / name
        path.write_bytes(body)
        return path

    async def poll(self) -> int:
        """Poll every feed once."""
        return sum([await feed.poll(self.store) for feed in self.connector.feeds])

    async def hear(self) -> tuple[Document, ...]:
        """Let the warehouse work, poll, and return what the new documents say; what can't be read is kept apart."""
        self.warehouse.step()
        await self.poll()
        documents: list[Document] = []
        for raw in self.store.received[self._read :]:
            try:
                documents += self.connector.readers[raw.kind](raw)
            except DocumentError as error:
                self.failures.append(error)
        self._read = len(self.store.received)
        return tuple(documents)
