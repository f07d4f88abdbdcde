"""All I/O with the warehouse: its transport, and the outbox on it."""

from connectors.warehouse.settings import WarehouseSettings
from core.clock import Clock
from core.transport.mailbox import Mailbox
from core.transport.port import Transport


class WarehouseClient(Mailbox):
    """The place where files are exchanged."""

    def __init__(self, settings: WarehouseSettings, clock: Clock, transport: Transport | None = None) -> None:
        super().__init__(settings, settings.folders, clock, transport)
        self._incoming = tuple(feed.folder for feed in settings.folders.feeds().values())

    async def test(self) -> str:
        """Look into every folder; return a sentence."""
        return await self.look(self._incoming)
