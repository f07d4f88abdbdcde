"""What the warehouse sends: a feed for each kind of document, and the mapping that reads it."""

from collections.abc import Mapping

from connectors.warehouse.client import WarehouseClient
from connectors.warehouse.settings import WarehouseSettings
from core.connector import Mappings, Reader
from core.mapped_reader import MappedReader
from core.ports import Feed
from core.transport.feed import UNREADABLE, Source, read_unreadable


def feeds(settings: WarehouseSettings, client: WarehouseClient) -> tuple[Feed, ...]:
    """Return a feed for each kind of document."""
    return tuple(
        client.feed(Source(kind, place.folder, place.pattern, place.media_type))
        for kind, place in settings.folders.feeds().items()
    )


def readers(settings: WarehouseSettings, mappings: Mappings) -> Mapping[str, Reader]:
    """Return a reader for each kind of document, and for notes about files that could not be handed in."""
    context = settings.told()
    known: dict[str, Reader] = {
        kind: MappedReader(f"warehouse/{kind}", mappings, context) for kind in settings.folders.feeds()
    }
    return {**known, UNREADABLE: read_unreadable}
