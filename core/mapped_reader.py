"""Reads one kind of document by its mapping document."""

from collections.abc import Mapping

from canonical.documents import Document
from core.connector import Mappings
from core.errors import DocumentError, Problem
from core.ports import RawDocument


class MappedReader:
    """Fills `core.connector.Reader`. A document in which the mapping finds nothing is an error."""

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
