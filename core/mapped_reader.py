"""Reads one kind of document by its mapping document, or by several that each say something of it."""

from collections.abc import Mapping

from canonical.documents import Document
from core.connector import Mappings
from core.errors import DocumentError, Problem
from core.ports import RawDocument


class MappedReader:
    """Fills `core.connector.Reader`. Documents come in the order of `names`; one of them must find something."""

    def __init__(self, names: str | tuple[str, ...], mappings: Mappings, context: Mapping[str, str]) -> None:
        self._names = (names,) if isinstance(names, str) else names
        self._mappings, self._context = mappings, context

    def __call__(self, raw: RawDocument) -> tuple[Document, ...]:
        found = tuple(
            document
            for name in self._names
            for document in self._mappings.read(name, raw.body, self._context)
        )
        if not found:
            # A dispatch that was put among the answers must not pass for a file without answers.
            readers = ", ".join(self._names)
            reason = f"there is nothing in it that {readers} reads: it is empty, or another kind of document"
            raise DocumentError((Problem(reason, source=raw.headers.get("file")),))
        return found
