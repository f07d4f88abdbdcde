"""What the warehouse sends: a feed for each kind of document, and the mapping that reads it."""

from collections.abc import Mapping

from canonical.documents import Document
from connectors.warehouse.client import WarehouseClient
from connectors.warehouse.settings import WarehouseSettings
from core.clock import Clock
from core.connector import Mappings, Reader
from core.errors import DocumentError, Problem
from core.ports import Feed, RawDocument
from core.transport.feed import UNREADABLE, FileFeed, Source, read_unreadable


def feeds(settings: WarehouseSettings, client: WarehouseClient, clock: Clock) -> tuple[Feed, ...]:
    """Return a feed for each kind of document."""
    return tuple(
        FileFeed(
            Source(kind, place.folder, place.pattern, place.media_type),
            client.transport,
            settings.arrival,
            settings.poll_interval_s,
            clock,
        )
        for kind, place in settings.folders.feeds().items()
    )


def readers(settings: WarehouseSettings, mappings: Mappings) -> Mapping[str, Reader]:
    """Return a reader for each kind of document, and for notes about files that could not be handed in."""
    context = settings.told()
    known: dict[str, Reader] = {
        kind: _Reader(f"warehouse/{kind}", mappings, context) for kind in settings.folders.feeds()
    }
    return {**known, UNREADABLE: read_unreadable}


class _Reader:
    """Reads one kind by its mapping document."""

    def __init__(self, mapping: str, mappings: Mappings, context: Mapping[str, str]) -> None:
        self._mapping, self._mappings, self._context = mapping, mappings, context

    def __call__(self, raw: RawDocument) -> tuple[Document, ...]:
        found = self._mappings.read(self._mapping, raw.body, self._context)
        if not found:
            # A dispatch that was put among the answers must not pass for a file without answers.
            reason = (
                f"there is nothing in it that {self._mapping} reads: it is empty, or another kind of document"
            )
            raise DocumentError((Problem(reason, source=raw.headers.get("file")),))
        return found
