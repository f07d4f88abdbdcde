"""A simulated trading partner, the connector that is open on it, and a hub's ledger that its files are taken by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar
from uuid import uuid4

from canonical.commands import Command
from canonical.documents import Document
from core.clock import ManualClock
from core.connector import Connector, Mappings, OpenConnector, Resources
from core.errors import DocumentError
from core.exchange.numbers import Numbers
from core.exchange.shapes import Draft, RefusedSet, Standing
from core.ports import EffectContext, RawDocument, Receipt
from core.simulator import Faults, Ledger, Simulator, Workshop
from core.trading.opening import INTERCHANGE, Trade, open_trade
from core.trading.settings import TravelSettings
from core.transport.disk import Disk
from core.transport.folder import FolderTransport
from core.transport.settings import FolderSettings
from hub.catalogue import catalogue
from hub.interchanges import Partners
from hub.mappings import MappingLibrary, sources
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary
from tests.connectors.disks import FaultyDisk, ForbiddenDisk
from tests.connectors.numbered import NumberedPort
from tests.connectors.webstore.resources import NoCursors
from tests.contracts.building import NOON, an_effect

PASSWORD = "correct horse battery"
TIMEOUT_S = 0.5
GRAMMARS = GrammarLibrary(GrammarFolders())
"""Each is read once."""


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


class Partner(Simulator, Protocol):
    """A simulated trading partner."""

    root: Path

    def step(self) -> None:
        """Do all that is due now."""
        ...


S = TypeVar("S", bound=TravelSettings)
P = TypeVar("P", bound=Partner)


@dataclass(frozen=True)
class Kind(Generic[P, S]):
    """A connector for trading partners, and who plays the partner."""

    connector: Connector
    settings: type[S]
    trade_of: Callable[[S, Mappings], Trade]
    partner: Callable[[Workshop], P]
    context: EffectContext
    """What the port's contract suite has its commands rendered with."""


@cache
def _library(connector: str) -> MappingLibrary:
    """Return a type's mapping documents, which are read once: no test changes them."""
    return MappingLibrary.load(sources([catalogue()[connector]]))


class TradingStage(Generic[P, S]):
    """One partner, on a clock that is moved by hand."""

    def __init__(
        self, kind: Kind[P, S], name: str, folder: Path, transport: str = "sftp", **options: Any
    ) -> None:
        self.clock = ManualClock(NOON)
        self.ledger, self.faults = Ledger(self.clock), Faults()
        more = {"transport": transport, "password": PASSWORD, "stock": {"CUP": 100, "POT": 100}, **options}
        self._kind, self._name = kind, name
        self._library = _library(kind.connector.name)
        self.partner = kind.partner(
            Workshop(name, self.clock, self.ledger, self.faults, folder, options=more)
        )
        self.inbox, self.told = Inbox(), dict[str, Any]()
        self.standings: list[Standing] = []
        self.refused: list[RefusedSet] = []
        self.failures: list[DocumentError] = []
        self._seen: set[str] = set()
        self._opened: list[OpenConnector] = []
        self._acknowledged = 0

    async def start(self) -> OpenConnector:
        """Start the partner, and open the connector on it."""
        self.told = await self.partner.start()
        self.told["transport"]["timeout_s"] = TIMEOUT_S
        self.connector = self.open()
        self.port = self.another_port()
        return self.connector

    async def stop(self) -> None:
        """Close everything."""
        for connector in self._opened:
            await connector.close()
        await self.partner.stop()

    def open(self, disk: Disk | None = None, **changes: Any) -> OpenConnector:
        """Open a connector on the partner, with some settings changed; a folder is a disk that fails as planned."""
        settings = self._kind.settings.model_validate({**self.told, **changes})
        partners = Partners(self.clock, GRAMMARS)
        resources = Resources(self.clock, self._library, NoCursors(), partners)
        transport = None
        if isinstance(settings.transport, FolderSettings):
            disk = disk or FaultyDisk(settings.transport.path, self.faults)
            transport = FolderTransport(settings.transport, self.clock, disk)
        opened = open_trade(
            self._name, settings, resources, self._kind.trade_of(settings, self._library), transport
        )
        self._opened.append(opened)
        return opened

    def another_port(self) -> NumberedPort:
        """Return the effect port, as the engine calls it; its numbers begin at one."""
        return NumberedPort(self.connector.effects[0], self.clock)

    def locked_out(self) -> NumberedPort:
        """Return the port with credentials that the partner does not accept."""
        if self.told["transport"]["type"] == "folder":
            opened = self.open(ForbiddenDisk(Path(self.told["transport"]["path"])))
        else:
            opened = self.open(transport={**self.told["transport"], "password": "a wrong one"})
        return NumberedPort(opened.effects[0], self.clock)

    @staticmethod
    def some_numbers(draft: Draft, n: int) -> Numbers:
        """Return control numbers for an interchange, all of them `n`."""
        return Numbers(n, (n,) * draft.groups, (n,) * len(draft.sets))

    def files(self, folder: str) -> Mapping[str, bytes]:
        """Return what lies in one of the partner's folders."""
        place = self.partner.root / folder
        return {path.name: path.read_bytes() for path in sorted(place.iterdir()) if path.is_file()}

    async def send(self, command: Command) -> None:
        """Carry a command out, as the engine does."""
        await self.port.send(an_effect(command, self.port.render(command, self._kind.context)))

    async def hear_for(self, seconds: float) -> tuple[Document, ...]:
        """Let time pass in ten steps, and return everything that was told meanwhile."""
        told = await self.hear()
        for _ in range(10):
            self.clock.advance(seconds / 10)
            told += await self.hear()
        return told

    async def hear(self) -> tuple[Document, ...]:
        """Let the partner work, poll, and return what the new documents say; acknowledge them."""
        self.partner.step()
        before = len(self.inbox.received)
        await self.fetch()
        return tuple(document for raw in self.inbox.received[before:] for document in self._heard(raw))

    async def fetch(self) -> None:
        """Let what the partner says arrive."""
        for feed in self.connector.feeds:
            await feed.poll(self.inbox)

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
                numbers = self.some_numbers(draft, n)
                (self.partner.root / "out" / draft.name(numbers)).write_bytes(draft.write(numbers))
        return documents
