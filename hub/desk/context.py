"""What the desk works with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.bus.port import BusStatistics
from core.clock import Clock
from core.connector import OpenConnector
from core.effects.runner import EffectRunner
from core.engine.engine import Engine
from core.security.keys import KeyRing
from core.store.sql import Database
from hub.desk.replay_policy import ReplayPolicy
from hub.versions import Versions


@dataclass(frozen=True, slots=True)
class DeskContext:
    """The parts of the hub that the desk reads and moves. Verbs need a started engine; reads only the store."""

    database: Database
    engine: Engine
    ring: KeyRing
    clock: Clock
    connectors: Mapping[str, OpenConnector] = field(default_factory=dict[str, OpenConnector])
    """Open connectors by their names in `hub.yaml`."""
    types: Mapping[str, str] = field(default_factory=dict[str, str])
    """The type of each connector, by its name."""
    bus: Callable[[], BusStatistics] = BusStatistics
    runner: EffectRunner | None = None
    """Where effects are carried out in this process."""
    versions: Versions = field(default_factory=Versions)
    """Of code and mappings, as they are now."""
    replay_policy: ReplayPolicy = field(default_factory=ReplayPolicy)
