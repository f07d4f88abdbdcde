"""A partner's place for files: the outbox that it empties, and the folders that we empty."""

from collections.abc import Iterable

from core.clock import Clock
from core.transport.feed import FileFeed, Source
from core.transport.mailbox_settings import MailboxSettings, OutboxFolders
from core.transport.opening import open_transport
from core.transport.outbox import Outbox
from core.transport.port import Transport
from core.transport.settings import SftpSettings

CALLS = 8
"""The most operations of a sending: look in outbox and archive, read what is found, upload, rename, look again."""


class Mailbox:
    """All I/O of a connector whose partner exchanges files."""

    def __init__(
        self,
        settings: MailboxSettings,
        folders: OutboxFolders,
        clock: Clock,
        transport: Transport | None = None,
    ) -> None:
        self._transport = transport or open_transport(settings.transport, clock)
        self.outbox = Outbox(self._transport, folders.outbox, folders.processed)
        self._settings, self._clock = settings, clock

    @property
    def deadline_s(self) -> float:
        """How long a sending may take: every operation of it is bounded by itself."""
        transport = self._settings.transport
        connecting = 2 * transport.connect_timeout_s if isinstance(transport, SftpSettings) else 0
        return connecting + CALLS * transport.timeout_s

    def feed(self, source: Source) -> FileFeed:
        """Return a feed of what arrives in a folder."""
        settings = self._settings
        return FileFeed(source, self._transport, settings.arrival, settings.poll_interval_s, self._clock)

    async def look(self, incoming: Iterable[str]) -> str:
        """Look into every folder, and those where documents arrive; return a sentence."""
        arrival = self._settings.arrival
        archive = (arrival.archive,) if arrival.after == "archive" else ()
        wanted = (self.outbox.folder, *self.outbox.processed, *incoming, arrival.errors, *archive)
        return await self._transport.test(tuple(dict.fromkeys(wanted)))

    async def close(self) -> None:
        """Let go of the connection."""
        await self._transport.close()
