"""From what Amazon says of an order to the hub's documents: one order may be several of them. Pure."""

import json
from typing import Any

from canonical.documents import Document
from connectors.amazon.feeds import NOTIFICATION
from connectors.amazon.orders import ORDER, PARTIAL
from core.connector import Mappings, Reader
from core.errors import DocumentError, Problem
from core.ports import RawDocument

_MAPPINGS = ("order", "cancelled", "cancel_wanted", "line_changes", "shipped")
"""In their order: an order is placed, or pending no more, before anything else is said of it."""


class OrderReader:
    """Reads orders of the channel of that name."""

    def __init__(self, channel: str, mappings: Mappings) -> None:
        self._context, self._mappings = {"channel": channel}, mappings

    def __call__(self, raw: RawDocument) -> tuple[Document, ...]:
        """Return the order, and what else Amazon says of it; raise `DocumentError` with everything that is wrong."""
        return tuple(
            document
            for name in _MAPPINGS
            for document in self._mappings.read(f"amazon/{name}", raw.body, self._context)
        )


def nothing_yet(raw: RawDocument) -> tuple[Document, ...]:  # noqa: ARG001 - it fills `Reader`
    """An order that is not whole says nothing: it has been asked for again."""
    return ()


def notified(raw: RawDocument) -> tuple[Document, ...]:
    """A notification says only which order to ask for; anything else in the queue is for a person."""
    try:
        said: Any = json.loads(raw.body)
        kind = said["NotificationType"] if "NotificationType" in said else said["notificationType"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        problem = Problem("this is no notification of the Selling Partner API", field="NotificationType")
        raise DocumentError((problem,)) from error
    if kind != "ORDER_CHANGE":
        problem = Problem(
            "only ORDER_CHANGE is read: end the subscription", field="NotificationType", value=str(kind)
        )
        raise DocumentError((problem,))
    return ()


def readers(channel: str, mappings: Mappings) -> dict[str, Reader]:
    """Return a reader for each kind of document."""
    return {ORDER: OrderReader(channel, mappings), PARTIAL: nothing_yet, NOTIFICATION: notified}
