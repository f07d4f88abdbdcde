"""`orderhub check`, without touching anything outside: the file, and everything that it names."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from canonical.stock import NodeKind
from core.connector import Connector
from hub.config.building import found_problem, load_workflow, mapping_sources, open_key
from hub.config.loading import CONFIG_FILE, ConnectorConfig, HubConfig, load_config
from hub.config.problems import ConfigError, ConfigProblem
from hub.config.subscribing import check_subscribers
from hub.mappings import MappingLibrary
from mappings import InvalidMappingError, MappingSet
from mappings.errors import Severity
from mappings.suggest import did_you_mean

FULFILMENT, NOTIFIER, CHANNEL = "FulfilmentPoint", "Notifier", "ChannelUpdates"
BROKER, FRAUD, SUPPLIER = "CourierBroker", "FraudGateway", "Supplier"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. `config` is None where the file itself can't be used."""

    problems: tuple[ConfigProblem, ...]
    config: HubConfig | None = None
    library: MappingLibrary | None = None

    @property
    def errors(self) -> tuple[ConfigProblem, ...]:
        """The problems that keep a hub from running as meant."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)


def check(
    path: Path = CONFIG_FILE,
    *,
    values: Path | None = None,
    environ: Mapping[str, str] | None = None,
    catalogue: Mapping[str, Connector] | None = None,
) -> Checked:
    """Check a configuration whole. Nothing is raised, nothing is written, and nobody is called."""
    try:
        config = load_config(path, values=values, environ=environ, catalogue=catalogue)
    except ConfigError as error:
        return Checked(error.problems)
    problems = [
        *_names(config), *_couriers(config), *_fraud(config), *_nodes(config), *_secrets(config),
        *_unready(config),
    ]  # fmt: skip
    for step in (load_workflow, check_subscribers, _key):
        try:
            step(config)
        except ConfigError as error:
            problems += error.problems
    library, found = _mappings(config)
    return Checked(ConfigError([*problems, *found]).problems, config, library)


def _key(config: HubConfig) -> None:
    """Try the key where there is one; a hub on SQLite makes its own when it first starts."""
    if config.master_key is not None or not config.store.is_sqlite:
        open_key(config)


def _mappings(config: HubConfig) -> tuple[MappingLibrary | None, list[ConfigProblem]]:
    """Lint every mapping document, and see that what stands in for others exists and does the same."""
    try:
        where = mapping_sources(config)
        texts = where.texts()
        problems = [found_problem(finding) for finding in where.registry().lint(texts)]
        if any(problem.severity is Severity.ERROR for problem in problems):
            return None, problems
        library = MappingLibrary.load(where)
    except ConfigError as error:
        return None, [*error.problems]
    except InvalidMappingError as error:
        return None, [found_problem(finding) for finding in error.findings]
    for one in config.connectors.values():
        problems += _stand_ins(config, one, library.current)
    return library, problems


def _stand_ins(config: HubConfig, one: ConnectorConfig, known: MappingSet) -> Iterator[ConfigProblem]:
    for asked, used in one.mappings.items():
        path = ("connectors", one.name, "mappings", asked)
        for name in (asked, used):
            if name not in known.mappings:
                yield config.problem(path, f"there is no mapping {name!r}{did_you_mean(name, known)}")
        if asked in known.mappings and used in known.mappings:
            before, after = known[asked], known[used]
            if (before.reads, before.model) != (after.reads, after.model):
                says = "reads" if after.reads else "writes"
                reason = f"{used} {says} {after.model.__name__}, so it can't stand in for {asked}"
                yield config.problem(path, reason)


def _names(config: HubConfig) -> Iterator[ConfigProblem]:
    """Yield the policies that speak of a connector that is not there."""
    policy = config.sections.policies
    yield from _known(config, ("policies", "channels"), policy.channels)
    for name, one in config.connectors.items():
        if policy.channel(name).refunds == "here" and one.connector.pays_back_cancellations:
            reason = (
                f"{one.connector.name} pays buyers back by itself, so the hub must not: leave it at `channel`"
            )
            yield config.problem(("policies", "channels", name, "refunds"), reason)
    mailed = [
        one.name
        for one in config.connectors.values()
        if CHANNEL in one.connector.ports and policy.channel(one.name).mail
    ]
    notifier = config.connectors.get(policy.notifier)
    if not mailed and notifier is None:
        return
    if notifier is None:
        reason = (
            f"buyers of {', '.join(mailed)} are mailed by the connector {policy.notifier!r}, and there is none of "
            f"that name: add it, or set policies.channels.{mailed[0]}.mail to false"
        )
        yield config.problem(("policies", "notifier"), reason)
    else:
        yield from _filled(config, ("policies", "notifier"), policy.notifier, NOTIFIER, "mails nobody")


def _couriers(config: HubConfig) -> Iterator[ConfigProblem]:
    """Yield the labels that nobody books, and the channels that are none."""
    policy = config.sections.policies.courier
    for node, labels in policy.nodes.items():
        path = ("policies", "courier", "nodes", node, "broker")
        yield from _filled(config, path, labels.broker, BROKER, "books no labels")
    yield from _known(config, ("policies", "courier", "channels"), policy.channels)


def _fraud(config: HubConfig) -> Iterator[ConfigProblem]:
    """Yield what keeps orders from being screened as the policy wants it."""
    policy = config.sections.policies.fraud
    yield from _known(config, ("policies", "fraud", "channels"), policy.channels)
    if policy.gateway is not None:
        path = ("policies", "fraud", "gateway")
        yield from _filled(config, path, policy.gateway, FRAUD, "screens no orders")


def _nodes(config: HubConfig) -> Iterator[ConfigProblem]:
    """Yield the nodes that nobody can ask to send, and suppliers whose labels the hub would book."""
    for name, node in config.sections.nodes.items():
        path = ("nodes", name, "connector")
        if node.kind is not NodeKind.SUPPLIER:
            yield from _filled(config, path, node.connector, FULFILMENT, "takes no releases")
            continue
        yield from _filled(config, path, node.connector, SUPPLIER, "takes no purchase orders")
        if name in config.sections.policies.courier.nodes:
            reason = f"{name!r} is a supplier, which makes its own labels: take it away here"
            yield config.problem(("policies", "courier", "nodes", name), reason)


def _known(config: HubConfig, path: tuple[str, ...], names: Iterable[str]) -> Iterator[ConfigProblem]:
    """Yield the keys below `path` that name no connector."""
    for name in names:
        if name not in config.connectors:
            yield config.problem((*path, name), _nobody(config, name))


def _filled(
    config: HubConfig, path: tuple[str, ...], name: str, port: str, lack: str
) -> Iterator[ConfigProblem]:
    """Yield what is wrong with a connector that is named for a port: it is not there, or it does not fill it."""
    one = config.connectors.get(name)
    if one is None:
        yield config.problem(path, _nobody(config, name))
    elif port not in one.connector.ports:
        yield config.problem(path, f"{name!r} is of type {one.connector.name}, which {lack}")


def _nobody(config: HubConfig, name: str) -> str:
    return f"no connector has the name {name!r}{did_you_mean(name, config.connectors)}"


def _unready(config: HubConfig) -> Iterator[ConfigProblem]:
    """Warn of what a connector can't do yet with its settings."""
    for name, one in config.connectors.items():
        for field, reason in one.connector.unready(one.settings).items():
            yield config.problem(("connectors", name, field), reason, Severity.WARNING)


def _secrets(config: HubConfig) -> Iterator[ConfigProblem]:
    """Warn of secrets that stand in the file itself: it is passed around, and kept in version control."""
    for path in config.literal_secrets:
        reason = "a secret stands here as it is: write ${NAME} or file:…, so that this file can be shown to anybody"
        yield config.problem(path, reason, Severity.WARNING)
