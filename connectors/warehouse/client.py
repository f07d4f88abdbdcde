"""All I/O with the warehouse: its transport, and the outbox on it."""

from connectors.warehouse.settings import WarehouseSettings
from core.clock import Clock
from core.transport.opening import open_transport
from core.transport.outbox import Outbox
from core.transport.port import Transport
from core.transport.settings import SftpSettings

CALLS = 8
"""The most operations of a sending: look in outbox and archive, read what is found, upload, rename, look again."""


class WarehouseClient:
    """The place where files are exchanged."""

    def __init__(self, settings: WarehouseSettings, clock: Clock, transport: Transport | None = None) -> None:
        self.transport = transport or open_transport(settings.transport, clock)
        self.outbox = Outbox(self.transport, settings.folders.outbox, settings.folders.processed)
        self._settings = settings

    @property
    def deadline_s(self) -> float:
        """How long a sending may take: every operation of it is bounded by itself."""
        transport = self._settings.transport
        connecting = 2 * transport.connect_timeout_s if isinstance(transport, SftpSettings) else 0
        return connecting + CALLS * transport.timeout_s

    async def test(self) -> str:
        """Look into every folder; return a sentence."""
        folders, arrival = self._settings.folders, self._settings.arrival
        archive = (arrival.archive,) if arrival.after == "archive" else ()
        incoming = (feed.folder for feed in folders.feeds().values())
        wanted = (folders.outbox, *folders.processed, *incoming, arrival.errors, *archive)
        return await self.transport.test(tuple(dict.fromkeys(wanted)))

    async def close(self) -> None:
        """Let go of the connection."""
        await self.transport.close()
