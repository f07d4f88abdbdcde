"""From what Signifyd decides to a canonical document. Pure.

The answer to a sale, the webhook about it and the look-up have one shape (developer.signifyd.com/main/reference/sale),
and are read by one mapping document, so they are one fact.
"""

import json
from typing import Any, cast

from canonical.documents import Document
from core.connector import Mappings
from core.ports import RawDocument

MAPPING = "signifyd/decision"


class SignifydReader:
    """Reads decisions for the gateway of that name."""

    def __init__(self, gateway: str, mappings: Mappings) -> None:
        self._context, self._mappings = {"gateway": gateway}, mappings

    def __call__(self, raw: RawDocument) -> tuple[Document, ...]:
        """Return the decision that a stored webhook tells; a webhook without one is refused."""
        return self._mappings.read(MAPPING, raw.body, self._context)

    def answer(self, body: bytes) -> tuple[Document, ...]:
        """Return the decision that an answer holds; none while Signifyd has not decided."""
        found = cast("dict[str, Any]", json.loads(body))
        return self._mappings.read(MAPPING, body, self._context) if found.get("decision") else ()
