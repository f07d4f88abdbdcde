"""Every type of connector there is: those of this repository by name, those from outside by entry point.

A type is imported when it is asked for: a hub does not load what its configuration does not use.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from pydantic import BaseModel

from core.connector import Connector
from core.errors import HubError

CONNECTORS: tuple[str, ...] = (
    "connectors.webstore",
    "connectors.stripe",
    "connectors.easypost",
    "connectors.warehouse",
    "connectors.warehouse_edi",
    "connectors.dropship_edi",
    "connectors.mailer",
    "connectors.amazon",
    "connectors.signifyd",
    "connectors.shopify",
)
"""Those of this repository, by the folder that declares each as `CONNECTOR`. A new one is listed here."""

GROUP = "orderhub.connectors"
"""The entry-point group by which an installed package adds a connector; the point has the connector's name."""

RESERVED = frozenset({"type", "limits", "mappings"})
"""Keys that every connector's section of `hub.yaml` has; settings must not be called so."""


class CatalogueError(HubError):
    """A connector can't be listed: which, from where, and what to do."""


class Catalogue(Mapping[str, Connector]):
    """Types of connector by name. Looking one up imports it, and raises `CatalogueError` for one that is no good."""

    def __init__(self, own: Iterable[str] = CONNECTORS, outside: Iterable[EntryPoint] | None = None) -> None:
        self._loaders: dict[str, Callable[[], Connector]] = {}
        self._loaded: dict[str, Connector] = {}
        for module in own:
            self._list(module.rpartition(".")[2], f"{module} in hub/catalogue.py", partial(_declared, module))
        points = entry_points(group=GROUP) if outside is None else outside
        for point in sorted(points, key=lambda point: point.name):
            self._list(point.name, _shown(point), partial(_entered, point))

    def _list(self, name: str, where: str, load: Callable[[], Connector]) -> None:
        if name in self._loaders:
            raise CatalogueError(
                f"{where}: there is a connector {name!r} already; give this one another name"
            )
        self._loaders[name] = load

    def __getitem__(self, name: str) -> Connector:
        if name not in self._loaded:
            connector = self._loaders[name]()
            _check(connector, name)
            self._loaded[name] = connector
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaders)

    def __len__(self) -> int:
        return len(self._loaders)

    def __contains__(self, name: object) -> bool:
        return name in self._loaders


def catalogue() -> Catalogue:
    """Return all types of connector that are installed."""
    return Catalogue()


def _declared(module: str) -> Connector:
    connector: object = import_module(module).CONNECTOR
    return _connector(connector, f"{module}.CONNECTOR")


def _entered(point: EntryPoint) -> Connector:
    try:
        connector: object = point.load()
    except Exception as error:
        raise CatalogueError(
            f"{_shown(point)} of the group {GROUP} can't be loaded: {type(error).__name__}: {error}; mend or "
            "uninstall the package that declares it"
        ) from error
    return _connector(connector, _shown(point))


def _connector(found: object, where: str) -> Connector:
    if not isinstance(found, Connector):
        raise CatalogueError(
            f"{where} is a {type(found).__name__}: it must lead to a core.connector.Connector, usually "
            "`package:CONNECTOR`"
        )
    return found


def _shown(point: EntryPoint) -> str:
    return f"the entry point {point.name} = {point.value}"


def _check(connector: Connector, name: str) -> None:
    settings = connector.settings
    if connector.name != name:
        raise CatalogueError(
            f"the connector {connector.name!r} is listed as {name!r}: the two must be the same"
        )
    if taken := sorted(RESERVED & set(settings.model_fields)):
        raise CatalogueError(
            f"{settings.__name__} of {name} has a field {taken[0]!r}, which every connector's section has already; "
            "call it something else"
        )
    if not _is_closed(settings):
        raise CatalogueError(
            f"{settings.__name__} of {name} must forbid what it does not know: "
            'model_config = ConfigDict(frozen=True, extra="forbid")'
        )


def _is_closed(settings: type[BaseModel]) -> bool:
    return settings.model_config.get("extra") == "forbid"
