"""An order is the fold of its journal. Where the beginning is over its retention, a snapshot row stands for it."""

from collections.abc import Sequence
from typing import Any

from canonical.events import EVENT_BY_NAME
from canonical.evolve import fold
from canonical.order import Order
from canonical.upcast import upcast_event
from core.engine import snapshots

SNAPSHOT = "Snapshot"
"""The type of the journal row that stands for itself and all before it: its body is the order as it was then."""


def folded(rows: Sequence[Any]) -> Order:
    """Return the order that journal rows make: `type`, `schema` and `body`, sorted by `seq`, without holes.

    Raises `SchemaTooNewError` for a snapshot that a newer version wrote, and `ValueError` for no rows.
    """
    start: Order | None = None
    if rows and rows[0]["type"] == SNAPSHOT:
        start = snapshots.read(rows[0]["body"], rows[0]["schema"])
        rows = rows[1:]
    events = [
        EVENT_BY_NAME[row["type"]].model_validate_json(upcast_event(row["type"], row["body"], row["schema"]))
        for row in rows
    ]
    return fold(events, start)
