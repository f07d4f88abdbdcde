"""A folder with a feed over it, and intakes that remember, refuse, or break."""

import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from core.clock import ManualClock
from core.errors import DoorError
from core.ports import RawDocument, Receipt
from core.transport.feed import ArrivalSettings, FileFeed, Source
from core.transport.folder import FolderTransport
from core.transport.port import Transport
from core.transport.settings import FolderSettings

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Store:
    """Keeps what is handed in; each external id once."""

    def __init__(self) -> None:
        self.received: list[RawDocument] = []
        self.told: list[RawDocument] = []
        self.refusing: dict[bytes, DoorError] = {}
        self._ids: dict[str, UUID] = {}

    async def receive(self, raw: RawDocument) -> Receipt:
        """Keep it, unless it is to be refused or was there before."""
        self.told.append(raw)
        if raw.body in self.refusing:
            raise self.refusing[raw.body]
        assert raw.external_id is not None
        if raw.external_id in self._ids:
            return Receipt(self._ids[raw.external_id], duplicate=True)
        self._ids[raw.external_id] = uuid4()
        self.received.append(raw)
        return Receipt(self._ids[raw.external_id])

    def bodies(self) -> list[bytes]:
        """Return what was kept of files, in order."""
        return [raw.body for raw in self.received if raw.kind != "unreadable"]


class Place:
    """A folder `in` that somebody writes into, and its feed."""

    def __init__(self, root: Path, **arrival: object) -> None:
        for name in ("in", "errors", "archive"):
            (root / name).mkdir(parents=True, exist_ok=True)
        self.root, self.store, self.clock = root, Store(), ManualClock(NOON)
        self.arrival = ArrivalSettings.model_validate({"complete": "renamed", **arrival})
        self.transport: Transport = FolderTransport(FolderSettings(path=root), self.clock)

    def feed(self, pattern: str = "*") -> FileFeed:
        """Return a feed that knows nothing yet, as after a restart."""
        return FileFeed(Source("dispatch", "in", pattern), self.transport, self.arrival, 30, self.clock)

    def put(self, name: str, body: bytes = b"body", *, age_s: float = 0) -> Path:
        """Write a file."""
        path = self.root / "in" / name
        path.write_bytes(body)
        moment = NOON.timestamp() - age_s
        os.utime(path, (moment, moment))
        return path

    def names(self, folder: str = "in") -> list[str]:
        """Return what lies in a folder."""
        return sorted(path.name for path in (self.root / folder).iterdir())
