"""Every type of connector there is: those of this repository by name, those from outside by entry point."""

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

from pydantic import BaseModel

from connectors import mailer, stripe, warehouse, webstore
from core.connector import Connector
from core.errors import HubError

CONNECTORS: tuple[Connector, ...] = (
    webstore.CONNECTOR,
    stripe.CONNECTOR,
    warehouse.CONNECTOR,
    mailer.CONNECTOR,
)
"""Those of this repository. A new one is listed here."""

GROUP = "orderhub.connectors"
"""The entry-point group by which an installed package adds a connector."""

RESERVED = frozenset({"type", "limits", "mappings"})
"""Keys that every connector's section of `hub.yaml` has; settings must not be called so."""


class CatalogueError(HubError):
    """A connector can't be listed: which, from where, and what to do."""


def catalogue(
    own: Iterable[Connector] = CONNECTORS, outside: Iterable[EntryPoint] | None = None
) -> Mapping[str, Connector]:
    """Return all types of connector by name; raise `CatalogueError`. `outside` is what is installed."""
    found: dict[str, Connector] = {}
    for connector in own:
        _add(found, connector, "hub/catalogue.py")
    points = entry_points(group=GROUP) if outside is None else outside
    for point in sorted(points, key=lambda point: point.name):
        _add(found, _loaded(point), f"the entry point {point.name} = {point.value}")
    return MappingProxyType(found)


def _loaded(point: EntryPoint) -> Connector:
    try:
        connector: object = point.load()
    except Exception as error:
        raise CatalogueError(
            f"the entry point {point.name} = {point.value} of the group {GROUP} can't be loaded: "
            f"{type(error).__name__}: {error}; mend or uninstall the package that declares it"
        ) from error
    if not isinstance(connector, Connector):
        raise CatalogueError(
            f"the entry point {point.name} = {point.value} is a {type(connector).__name__}: "
            "it must lead to a core.connector.Connector, usually `package:CONNECTOR`"
        )
    return connector


def _add(found: dict[str, Connector], connector: Connector, where: str) -> None:
    name, settings = connector.name, connector.settings
    if name in found:
        raise CatalogueError(f"{where}: there is a connector {name!r} already; give this one another name")
    if taken := sorted(RESERVED & set(settings.model_fields)):
        raise CatalogueError(
            f"{where}: {settings.__name__} has a field {taken[0]!r}, which every connector's section has "
            "already; call it something else"
        )
    if not _is_closed(settings):
        raise CatalogueError(
            f"{where}: {settings.__name__} must forbid what it does not know: "
            'model_config = ConfigDict(frozen=True, extra="forbid")'
        )
    found[name] = connector


def _is_closed(settings: type[BaseModel]) -> bool:
    return settings.model_config.get("extra") == "forbid"
