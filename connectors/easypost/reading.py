"""From EasyPost's events and answers to canonical documents: which mapping document reads which. Pure."""

from typing import Any, cast

from canonical.commands import Command
from canonical.documents import Document
from core.connector import Mappings
from core.errors import DocumentError, OutcomeUnknownError, Problem
from core.ports import RawDocument
from core.raw_json import parse_json

Obj = dict[str, Any]

EVENT_TYPES = ("tracker.created", "tracker.updated")
"""The events that say something; EasyPost sends every webhook all of them."""


class EasyPostReader:
    """Reads for the connector of that name."""

    def __init__(self, broker: str, mappings: Mappings) -> None:
        self._broker, self._mappings = broker, mappings

    def __call__(self, raw: RawDocument) -> tuple[Document, ...]:
        """Return the scan that a stored event tells, none for an event about something else.

        Raises `DocumentError` with everything that is not as agreed.
        """
        event = _event(raw.body)
        if event.get("description") not in EVENT_TYPES:
            return ()
        return self._mappings.read("easypost/tracked", raw.body, {"broker": self._broker})

    def answer(self, mapping: str, body: bytes, command: Command) -> tuple[Document, ...]:
        """Return what an answer means for a command's parcel. What can't be read has happened all the same."""
        parcel_id = getattr(command, "parcel_id", "")
        context = {"broker": self._broker, "order_id": str(command.order_id), "parcel_id": str(parcel_id)}
        try:
            return self._mappings.read(mapping, body, context)
        except DocumentError as error:
            raise OutcomeUnknownError(f"EasyPost's answer can't be read: {error}") from error


def _event(body: bytes) -> Obj:
    event = parse_json(body)
    found = cast("Obj", event) if isinstance(event, dict) else {}
    if found.get("object") != "Event":
        raise DocumentError((Problem("this is not an EasyPost event", field="object"),))
    return found
