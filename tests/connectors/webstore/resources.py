"""What a connector is handed where a test needs none of it."""

from collections.abc import Mapping

from canonical.documents import Document


class NoMappings:
    """No mapping document is at hand."""

    def read(self, mapping: str, raw: bytes, context: Mapping[str, str]) -> tuple[Document, ...]:
        """Say so."""
        raise LookupError(mapping)

    def write(self, mapping: str, values: object, context: Mapping[str, str] | None = None) -> bytes:
        """Say so."""
        raise LookupError(mapping)

    def tree(self, mapping: str, values: object, context: Mapping[str, str] | None = None) -> object:
        """Say so."""
        raise LookupError(mapping)


class NoCursors:
    """Nothing is kept."""

    async def get(self, name: str) -> str | None:
        """Return nothing."""
        return None

    async def put(self, name: str, value: str) -> None:
        """Keep nothing."""
