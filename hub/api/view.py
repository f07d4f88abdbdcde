"""What the API needs of a hub."""

from collections.abc import Mapping
from typing import Any, Protocol

from hub.desk.context import DeskContext


class HubView(Protocol):
    """A hub, as its API sees it."""

    @property
    def desk(self) -> DeskContext:
        """The parts that the desk reads and moves; its connectors have the doors."""
        ...

    async def trouble(self) -> str | None:
        """Return why the hub is not ready, or None when it is."""
        ...

    def asyncapi(self) -> Mapping[str, Any]:
        """Return the AsyncAPI document of the bus."""
        ...
