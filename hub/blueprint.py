"""What a hub is made of, all of it checked: the loader of `hub.yaml` makes one, and so do the demo and the tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from canonical.policy import Policy
from core.clock import Clock, SystemClock
from core.connector import Connector, Limits, Mappings
from core.effects.claims import LEASE_MARGIN_S
from core.engine.announcing import NOBODY, Subscriptions
from core.engine.cascade import Rulebook
from core.engine.engine import EngineLimits
from core.scheduler.retention import Retention
from core.scheduler.scheduler import Beat
from core.security.keys import MasterKey
from hub.desk.replay_policy import ReplayPolicy

SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True)
class Placement:
    """A connector as `hub.yaml` uses it."""

    connector: Connector
    settings: BaseModel
    limits: Limits


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A hub that could be started. `store_url` is `sqlite:///FILE` or `postgresql://`, `bus_url` `embedded://` or `amqp://`."""

    store_url: str
    bus_url: str
    master_key: MasterKey
    connectors: Mapping[str, Placement]
    rulebook: Rulebook
    mappings: Mappings
    policy: Policy = field(default_factory=Policy)
    clock: Clock = field(default_factory=SystemClock)
    queue_prefix: str = ""
    engine_limits: EngineLimits = field(default_factory=EngineLimits)
    beat: Beat = field(default_factory=Beat)
    wait_for_order_s: float = 24 * 3600.0
    lease_margin_s: float = LEASE_MARGIN_S
    """How long an effect's lease outlives its port's deadline."""
    subscriptions: Subscriptions = NOBODY
    """Which outside systems are told of which events."""
    retention: Retention = field(default_factory=Retention)
    prefetch: int = 50
    replay: ReplayPolicy = field(default_factory=ReplayPolicy)

    @property
    def store_file(self) -> Path | None:
        """The SQLite file, where it is one."""
        return Path(self.store_url.removeprefix(SQLITE)) if self.store_url.startswith(SQLITE) else None

    @property
    def embedded(self) -> bool:
        """Whether the bus is in this process."""
        return self.bus_url.startswith("embedded:")
