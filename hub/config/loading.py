"""Reads `hub.yaml`, with everything that is wrong with it told at once."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from canonical.stock import Node as StockNode
from core.connector import Connector, Limits
from hub.catalogue import catalogue as whole_catalogue
from hub.config.explaining import Explainer
from hub.config.files import file_model
from hub.config.placeholders import VALUES_VARIABLE, Resolver, Values, read_text, read_values
from hub.config.problems import ConfigError, ConfigProblem
from hub.config.sections import (
    BUS_VARIABLE,
    KEY_VARIABLE,
    SQLITE,
    STORE_VARIABLE,
    BusSection,
    HubSection,
    StoreSection,
)
from hub.config.shapes import Shape
from hub.config.tree import Node, Step, parse_yaml, path_text
from mappings.errors import Mark, Severity
from mappings.suggest import did_you_mean

CONFIG_FILE = Path("hub.yaml")
_FROM_ENVIRONMENT = {"store": STORE_VARIABLE, "bus": BUS_VARIABLE, "master_key": KEY_VARIABLE}
HUB_ITSELF = "hub"
"""The connector of internal messages; its queue is `in.hub`."""
CONNECTOR_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_PATHS = {"path", "file-path", "directory-path"}


@dataclass(frozen=True, slots=True)
class ConnectorConfig:
    """One connector of `hub.yaml`: its type, its checked settings, and how it is driven."""

    name: str
    connector: Connector
    settings: BaseModel
    limits: Limits
    mappings: Mapping[str, str]
    """Mapping documents that it uses in the place of others."""


@dataclass(frozen=True, slots=True)
class HubConfig:
    """A whole configuration, checked. All paths are absolute, or relative to where the hub was started."""

    path: Path
    folder: Path
    sections: HubSection
    connectors: Mapping[str, ConnectorConfig]
    catalogue: Mapping[str, Connector]
    root: Node
    """The file as it was read, for problems that are found later."""
    literal_secrets: tuple[tuple[Step, ...], ...] = ()
    """Where the file itself holds a secret."""

    @property
    def store(self) -> StoreSection:
        """Where everything is kept."""
        return self.sections.store

    @property
    def bus(self) -> BusSection:
        """What carries messages."""
        return self.sections.bus

    @property
    def store_url(self) -> str:
        """The store's URL, with its password: for those who connect only. A file's path starts at `folder`."""
        file = self.store_file
        return self.sections.store.url.get_secret_value() if file is None else f"{SQLITE}{file}"

    @property
    def store_file(self) -> Path | None:
        """The SQLite file, where the store is one."""
        url = self.sections.store.url.get_secret_value()
        return self.within(Path(url.removeprefix(SQLITE))) if self.sections.store.is_sqlite else None

    @property
    def bus_url(self) -> str:
        """The bus's URL, with its password."""
        return self.sections.bus.url.get_secret_value()

    @property
    def data_dir(self) -> Path:
        """Where the hub keeps files of its own."""
        return self.within(self.sections.data_dir)

    @property
    def master_key(self) -> SecretStr | None:
        """The master key as text; None lets an embedded hub make one in `data_dir`."""
        return self.sections.master_key

    @property
    def nodes(self) -> tuple[StockNode, ...]:
        """The nodes that the file names."""
        return tuple(
            StockNode(id=name, **node.model_dump()) for name, node in sorted(self.sections.nodes.items())
        )

    @property
    def mapping_folders(self) -> tuple[Path, ...]:
        """The folders of further mapping documents."""
        return tuple(self.within(folder) for folder in self.sections.mappings)

    @property
    def workflow(self) -> Path | None:
        """The workflow's file; None for the one that the hub comes with."""
        return None if self.sections.workflow is None else self.within(self.sections.workflow)

    def within(self, path: Path) -> Path:
        """Return a path that starts at the folder of the configuration."""
        return self.folder / path.expanduser()

    def problem(
        self, path: tuple[Step, ...], reason: str, severity: Severity = Severity.ERROR
    ) -> ConfigProblem:
        """Return a problem of the value under `path`, or of the nearest key above it that the file has."""
        node, mark, named = self.root, self.root.mark, list[Step]()
        for step in path:
            child = node.child(step)
            if child is None:
                break
            mark = node.keys.get(str(step), child.mark)
            node = child
            named.append(step)
        if not isinstance(node.value, dict | list):
            mark = node.mark
        return ConfigProblem(mark, reason, path_text(path), severity=severity)


def load_config(
    path: Path = CONFIG_FILE,
    *,
    values: Path | None = None,
    environ: Mapping[str, str] | None = None,
    catalogue: Mapping[str, Connector] | None = None,
) -> HubConfig:
    """Return the configuration in a file; raise `ConfigError` with everything that is wrong with it.

    `values` is a file of values for placeholders; without it, the one that `ORDERHUB_VALUES` names.
    """
    environ = os.environ if environ is None else environ
    known = whole_catalogue() if catalogue is None else catalogue
    named = environ.get(VALUES_VARIABLE)
    replacements = read_values(values or (Path(named) if named else None), environ)
    root = parse_yaml(read_text(path, "the configuration (`orderhub init` writes one)"), str(path))
    return _read(root, path, replacements, known)


def folders_of_mappings(path: Path, values: Path | None = None) -> tuple[Path, ...]:
    """Return the folders under `mappings` alone: to try a mapping takes no secrets, and no partner's settings."""
    folders = [text for _, text in _alone(path, values, ("mappings",))]
    return tuple(path.absolute().parent / Path(folder).expanduser() for folder in folders)


def mappings_of_connector(path: Path, name: str, values: Path | None = None) -> dict[str, str]:
    """Return which mappings stand in for which others for one connector, without its secrets."""
    found = _alone(path, values, ("connectors", name, "mappings"))
    return {str(place[-1]): text for place, text in found}


def _alone(
    path: Path, values: Path | None, place: tuple[str, ...]
) -> list[tuple[tuple[str | int, ...], str]]:
    """Return the texts at one place of a configuration; nothing else of it needs to be there."""
    node: Node | None = parse_yaml(read_text(path, "the configuration"), str(path))
    for key in place:
        node = node.child(key) if node is not None else None
    if node is None:
        return []
    named = os.environ.get(VALUES_VARIABLE)
    replacements = read_values(values or (Path(named) if named else None), os.environ)
    resolver = Resolver(replacements, path.absolute().parent)
    filled = resolver.resolve(node, place)
    if resolver.problems:
        raise ConfigError(resolver.problems.values())
    return [(where, leaf.value) for where, leaf in filled.leaves() if isinstance(leaf.value, str)]


def default_config(environ: Mapping[str, str] | None = None) -> HubConfig:
    """Return what holds without a file: no connectors, and the store, bus and key that the environment names."""
    root = Node({}, Mark("(no hub.yaml)"))
    return _read(root, CONFIG_FILE, Values(os.environ if environ is None else environ), whole_catalogue())


def _read(root: Node, path: Path, values: Values, catalogue: Mapping[str, Connector]) -> HubConfig:
    folder = path.absolute().parent
    resolver = Resolver(values, folder)
    filled = resolver.resolve(_with_environment(root, values))
    used, unusable = _types(filled, catalogue)
    wrong = [*unusable.values()]
    model = file_model({name: catalogue[name] for name in sorted(used)})
    shape = Shape(model.model_json_schema())
    plain = filled.plain()
    for name in unusable:
        del plain["connectors"][name]
    _place_files(filled, shape, plain, folder)
    problems = dict(resolver.problems)
    explainer = Explainer(filled, shape, plain)
    file: HubSection | None = None
    try:
        file = model.model_validate(plain)
    except ValidationError as error:
        unfilled = {problem.key for problem in problems.values()}
        wrong += [problem for problem in explainer.problems(error) if problem.key not in unfilled]
    if problems or wrong or file is None:
        raise ConfigError([*problems.values(), *wrong])
    secrets = tuple(path for path, leaf in filled.leaves() if _is_bare(leaf) and explainer.is_secret(path))
    return HubConfig(path, folder, file, _connectors(file, catalogue), catalogue, filled, secrets)


def _is_bare(leaf: Node) -> bool:
    """Say whether a value could be a secret that the file itself holds; a URL without a password is none."""
    text = leaf.value
    return leaf.written is None and isinstance(text, str) and ("://" not in text or "@" in text)


def _types(root: Node, catalogue: Mapping[str, Connector]) -> tuple[set[str], dict[str, ConfigProblem]]:
    """Return the types of connector that a file uses, and what is wrong with a connector's name or type."""
    connectors = root.child("connectors")
    used: set[str] = set()
    problems: dict[str, ConfigProblem] = {}
    for name, entry in (connectors.fields if connectors else {}).items():
        if not isinstance(entry.value, dict) or connectors is None:
            continue
        node, path = entry.child("type"), f"connectors.{name}.type"
        if not CONNECTOR_NAME.fullmatch(name) or name == HUB_ITSELF:
            said = "a connector's name is a word in lower case, such as `shop` or `berlin-2`, and not `hub`"
            problems[name] = ConfigProblem(connectors.keys.get(name, entry.mark), said, f"connectors.{name}")
        elif node is None:
            said = f"the key 'type' is missing: it says what {name!r} is{did_you_mean(name, catalogue)}"
            problems[name] = ConfigProblem(connectors.keys.get(name, entry.mark), said, path)
        elif not isinstance(node.value, str) or node.value not in catalogue:
            said = f"there is no type of connector {node.value!r}{did_you_mean(str(node.value), catalogue)}"
            problems[name] = ConfigProblem(node.mark, said, path)
        else:
            used.add(node.value)
    return used, problems


def _with_environment(root: Node, values: Values) -> Node:
    """Add the keys that the environment names and the file does not: where a container keeps its things."""
    given = {
        key: Node(value, Mark(f"${variable}"), written=f"${{{variable}}}")
        for key, variable in _FROM_ENVIRONMENT.items()
        if key not in root.fields and (value := values.get(variable))
    }
    if not given or not isinstance(root.value, dict):
        return root
    return Node({**root.fields, **given}, root.mark, root.keys)


def _place_files(root: Node, shape: Shape, plain: Any, folder: Path) -> None:
    """Let the paths in connectors' settings start at the configuration's folder, wherever the hub is started."""
    for path, leaf in root.leaves():
        if path[:1] != ("connectors",) or not isinstance(leaf.value, str) or not leaf.value:
            continue
        if shape.formats(path, plain) & _PATHS:
            parent = plain
            for step in path[:-1]:
                parent = parent[step]
            parent[path[-1]] = str(folder / Path(leaf.value).expanduser())


def _connectors(file: HubSection, catalogue: Mapping[str, Connector]) -> dict[str, ConnectorConfig]:
    sections: Mapping[str, Any] = getattr(file, "connectors", {})
    found: dict[str, ConnectorConfig] = {}
    for name, section in sections.items():
        connector = catalogue[section.type]
        limits = section.limits.over(connector.limits)
        found[name] = ConnectorConfig(name, connector, section, limits, dict(section.mappings))
    return found
