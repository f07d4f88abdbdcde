"""From a checked configuration to the blueprint of a hub: rules read, mappings compiled, the key opened."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.clock import Clock, SystemClock
from core.connector import Connector, OpenConnector, Resources
from core.exchange.profile import PartnerProfile
from core.exchange.xml_profile import XmlProfile
from core.scheduler.retention import Retention
from core.security.keys import MasterKey
from hub.blueprint import Blueprint, Placement
from hub.config.loading import HubConfig
from hub.config.problems import ConfigError, ConfigProblem
from hub.config.subscribing import check_subscribers, placements, subscriptions
from hub.mappings import MappingLibrary, Sources, sources
from mappings import Finding, InvalidMappingError, Mark
from routes.catalogue import RULES
from routes.reading import WorkflowError
from routes.workflow import WORKFLOW_FILE, Workflow, parse_workflow

KEY_FILE = "master.key"


def build(config: HubConfig, clock: Clock | None = None) -> Blueprint:
    """Return the blueprint of a hub; raise `ConfigError` with what the files that it names have wrong."""
    check_subscribers(config)
    library = load_mappings(config)
    return Blueprint(
        store_url=config.store_url,
        bus_url=config.bus_url,
        master_key=open_key(config, create=True),
        connectors={
            **{
                name: Placement(overlaid(one.connector, one.mappings, library), one.settings, one.limits)
                for name, one in config.connectors.items()
            },
            **placements(config),
        },
        rulebook=load_workflow(config),
        mappings=library,
        policy=config.sections.policies,
        clock=clock or SystemClock(),
        queue_prefix=config.bus.prefix,
        subscriptions=subscriptions(config),
        retention=Retention(
            **config.sections.retention.model_dump(), duplicates_days=_longest_window(config)
        ),
        replay=config.sections.replay.policy(),
    )


def _longest_window(config: HubConfig) -> int:
    """Return for how many days some partner's control numbers, or documents' own ids, count as duplicates."""
    partners = (getattr(one.settings, "partner", None) for one in config.connectors.values())
    windows = (one.duplicates.window_days for one in partners if isinstance(one, PartnerProfile | XmlProfile))
    return max(windows, default=0)


def open_key(config: HubConfig, *, create: bool = False) -> MasterKey:
    """Return the master key. A hub on SQLite that names none has one in its data folder, made when it first starts."""
    secret = config.master_key
    try:
        if secret is not None:
            return MasterKey.from_text(secret.get_secret_value())
        if config.store.is_sqlite:
            return MasterKey.from_file(config.data_dir / KEY_FILE, create=create)
    except (ValueError, OSError) as error:
        raise ConfigError([config.problem(("master_key",), str(error))]) from None
    reason = (
        "a hub on PostgreSQL needs a key that all of its processes share: make one with `orderhub keys new`, "
        "keep it safe, and name it here as ${ORDERHUB_MASTER_KEY} or file:…"
    )
    raise ConfigError([config.problem(("master_key",), reason)])


def load_workflow(config: HubConfig) -> Workflow:
    """Return the rules as the workflow's file binds them; raise `ConfigError`."""
    file = config.workflow or WORKFLOW_FILE
    shown = "routes/workflow.yaml" if config.workflow is None else str(config.sections.workflow)
    try:
        return parse_workflow(file.read_text(encoding="utf-8-sig"), RULES, shown)
    except UnicodeDecodeError:
        raise ConfigError([config.problem(("workflow",), f"{shown} is not UTF-8 text")]) from None
    except OSError as error:
        reason = f"{shown} can't be read: {error.strerror}; it is looked for beside this file"
        raise ConfigError([config.problem(("workflow",), reason)]) from None
    except WorkflowError as error:
        raise ConfigError(
            ConfigProblem(
                Mark(problem.file, problem.line, problem.column),
                problem.reason + (f"; did you mean {problem.suggestion!r}?" if problem.suggestion else ""),
            )
            for problem in error.problems
        ) from None


def mapping_sources(config: HubConfig) -> Sources:
    """Return where the mapping documents of this hub come from: its types of connector, and its own folders."""
    missing = [i for i, folder in enumerate(config.mapping_folders) if not folder.is_dir()]
    if missing:
        reason = "there is no such folder of mapping documents; it is looked for beside this file"
        raise ConfigError(config.problem(("mappings", i), reason) for i in missing)
    used = {one.connector.name: one.connector for one in config.connectors.values()}
    return sources(used.values(), config.mapping_folders)


def load_mappings(config: HubConfig) -> MappingLibrary:
    """Return the compiled mappings; raise `ConfigError` with everything that is wrong with any of them."""
    try:
        return MappingLibrary.load(mapping_sources(config))
    except InvalidMappingError as error:
        raise ConfigError(found_problem(finding) for finding in error.findings) from None


def found_problem(finding: Finding) -> ConfigProblem:
    """Return what is wrong with a mapping as a problem among the others."""
    return ConfigProblem(finding.mark, finding.message, severity=finding.severity)


def overlaid(connector: Connector, replacing: Mapping[str, str], library: MappingLibrary) -> Connector:
    """Return the type with other mappings in the place of those that it asks for."""
    if not replacing:
        return connector

    def open_it(name: str, settings: Any, resources: Resources) -> OpenConnector:
        return connector.open(name, settings, replace(resources, mappings=library.with_overlays(replacing)))

    return replace(connector, open=open_it)
