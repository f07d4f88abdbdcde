"""A simulated supplier, the connector that is open on it, and a hub's ledger that its files are taken by."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from canonical.documents import Document
from connectors.dropship_edi import CONNECTOR
from connectors.dropship_edi.opening import trade_of
from connectors.dropship_edi.settings import DropshipSettings
from connectors.dropship_edi.simulator import Supplier
from core.clock import ManualClock
from core.connector import OpenConnector, Resources
from core.errors import DocumentError
from core.exchange.numbers import Numbers
from core.exchange.shapes import RefusedSet, Standing
from core.ports import RawDocument, Receipt
from core.simulator import Faults, Ledger, Workshop
from core.trading.opening import INTERCHANGE, open_trade
from core.transport.disk import Disk
from core.transport.folder import FolderTransport
from core.transport.settings import FolderSettings
from hub.interchanges import Partners
from hub.mappings import MappingLibrary, sources
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary
from tests.connectors.disks import FaultyDisk, ForbiddenDisk
from tests.connectors.numbered import NumberedPort
from tests.connectors.webstore.resources import NoCursors
from tests.contracts.building import NOON
from tests.contracts.supplier import NODE

LIBRARY = MappingLibrary.load(sources([CONNECTOR]))
PASSWORD = "correct horse battery"
TIMEOUT_S = 0.5


class Inbox:
    """Keeps what the feeds hand in: each telling once."""

    def __init__(self) -> None:
        self.received: list[RawDocument] = []
        self._ids: set[str] = set()

    async def receive(self, raw: RawDocument) -> Receipt:
        """Keep it, unless it was there before."""
        assert raw.external_id
        duplicate = raw.external_id in self._ids
        if not duplicate:
            self._ids.add(raw.external_id)
            self.received.append(raw)
        return Receipt(uuid4(), duplicate=duplicate)


class Stage:
    """One supplier called as the contract's node, on a clock that is moved by hand."""

    def __init__(self, folder: Path, transport: str = "sftp", **options: Any) -> None:
        self.clock = ManualClock(NOON)
        self.ledger, self.faults = Ledger(self.clock), Faults()
        more = {"transport": transport, "password": PASSWORD, "stock": {"CUP": 100, "POT": 100}, **options}
        self.supplier = Supplier(Workshop(NODE, self.clock, self.ledger, self.faults, folder, options=more))
        self.inbox, self.told = Inbox(), dict[str, Any]()
        self.standings: list[Standing] = []
        self.refused: list[RefusedSet] = []
        self.failures: list[DocumentError] = []
        self._seen: set[str] = set()
        self._opened: list[OpenConnector] = []
        self._acknowledged = 0

    async def start(self) -> OpenConnector:
        """Start the supplier, and open the connector on it."""
        self.told = await self.supplier.start()
        self.told["transport"]["timeout_s"] = TIMEOUT_S
        self.connector = self.open()
        self.port = self.another_port()
        return self.connector

    async def stop(self) -> None:
        """Close everything."""
        for connector in self._opened:
            await connector.close()
        await self.supplier.stop()

    def open(self, disk: Disk | None = None, **changes: Any) -> OpenConnector:
        """Open a connector on the supplier, with some settings changed; a folder is a disk that fails as planned."""
        settings = DropshipSettings.model_validate({**self.told, **changes})
        partners = Partners(self.clock, GrammarLibrary(GrammarFolders()))
        resources = Resources(self.clock, LIBRARY, NoCursors(), partners)
        transport = None
        if isinstance(settings.transport, FolderSettings):
            disk = disk or FaultyDisk(settings.transport.path, self.faults)
            transport = FolderTransport(settings.transport, self.clock, disk)
        opened = open_trade(NODE, settings, resources, trade_of(settings, LIBRARY), transport)
        self._opened.append(opened)
        return opened

    def another_port(self) -> NumberedPort:
        """Return the effect port, as the engine calls it; its numbers begin at one."""
        return NumberedPort(self.connector.effects[0])

    def locked_out(self) -> NumberedPort:
        """Return the port with credentials that the supplier does not accept."""
        if self.told["transport"]["type"] == "folder":
            opened = self.open(ForbiddenDisk(Path(self.told["transport"]["path"])))
        else:
            opened = self.open(transport={**self.told["transport"], "password": "a wrong one"})
        return NumberedPort(opened.effects[0])

    def files(self, folder: str) -> Mapping[str, bytes]:
        """Return what lies in one of the supplier's folders."""
        place = self.supplier.root / folder
        return {path.name: path.read_bytes() for path in sorted(place.iterdir()) if path.is_file()}

    async def hear(self) -> tuple[Document, ...]:
        """Let the supplier work, poll, and return what the new documents say; acknowledge them."""
        self.supplier.step()
        before = len(self.inbox.received)
        for feed in self.connector.feeds:
            await feed.poll(self.inbox)
        return tuple(document for raw in self.inbox.received[before:] for document in self._heard(raw))

    def _heard(self, raw: RawDocument) -> list[Document]:
        documents: list[Document] = []
        try:
            received = self.connector.takers[INTERCHANGE](raw)
        except DocumentError as error:
            self.failures.append(error)
            return []
        for one in received:
            if one.digest in self._seen:
                continue
            self._seen.add(one.digest)
            ruling = one.rule(False)  # noqa: FBT003 - the shape says so
            self.standings.append(ruling.standing)
            self.refused += ruling.refused
            for taken in ruling.sets:
                documents += self.connector.readers[taken.kind](
                    RawDocument(taken.kind, taken.body, one.media_type)
                )
            if ruling.acknowledgement is not None:
                self._acknowledged += 1
                n = 900_000 + self._acknowledged
                draft = ruling.acknowledgement
                numbers = Numbers(n, (n,) * draft.groups, (n,) * len(draft.sets))
                (self.supplier.root / "out" / draft.name(numbers)).write_bytes(draft.write(numbers))
        return documents
