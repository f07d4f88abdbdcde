"""A hub described in a file, so that a process of its own can be one. Times are short: a journey has minutes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from canonical.policy import Policy
from canonical.stock import Item, Node
from core.connector import Limits
from core.scheduler.scheduler import Beat
from core.security.keys import MasterKey
from core.store import migrate
from core.store.sql import bulk_insert
from hub.application import Role, open_database
from hub.blueprint import Blueprint, Placement
from hub.demo import dropship
from hub.demo.cast import TYPES
from hub.demo.plan import PRICES, PlannedOrder
from hub.mappings import MappingLibrary, sources
from routes.catalogue import RULES
from routes.workflow import WORKFLOW_FILE, parse_workflow

LIMITS = Limits(
    concurrency=8, ladder_s=(0.5,) * 6 + (1.0,) * 10 + (2.0,) * 14, breaker_failures=5, breaker_pause_s=1.0
)
"""A ladder that is long rather than high: a killed sending counts as a try."""
_HASTE: dict[str, dict[str, Any]] = {
    "webstore": {"deadline_s": 4, "settle_s": 0.5},
    "till": {"deadline_s": 4, "settle_s": 0.5},
    "stripe": {"deadline_s": 4, "settle_s": 0.5},
    "mailer": {"deadline_s": 4, "settle_s": 0.5},
    "signifyd": {"deadline_s": 4, "settle_s": 0.5},
    "easypost": {"deadline_s": 4, "settle_s": 0.5},
    "berlin": {"settle_s": 0.5},
    "leipzig": {"settle_s": 0.5},
    "acme": {"settle_s": 0.5},
    "hamburg": {"settle_s": 0.5},
    "shopify": {"deadline_s": 4, "settle_s": 0.5, "poll_s": 5},
    "amazon": {
        "poll_interval_s": 2,
        "gather_s": 0.2,
        "report_every_s": 1,
        "call_s": 4,
        "deadline_s": 20,
        "settle_s": 0.5,
    },
}
_ITEMS = bulk_insert("items", "sku text, doc text, updated_at timestamptz", tail="ON CONFLICT DO NOTHING")
_NODES = bulk_insert("nodes", "id text, doc text, updated_at timestamptz", tail="ON CONFLICT DO NOTHING")


class HubFile(BaseModel):
    """What a process needs to know to be (a part of) the hub."""

    model_config = ConfigDict(frozen=True)

    store_url: str
    bus_url: str
    key_file: Path
    settings: dict[str, dict[str, Any]]
    """By connector, as the simulators gave them."""
    queue_prefix: str = ""
    role: Role = Role.ALL
    port: int = 0
    """Of the API; 0: this process has none."""
    policy: Policy = Policy()

    def blueprint(self) -> Blueprint:
        """Return what it describes."""
        return Blueprint(
            store_url=self.store_url,
            bus_url=self.bus_url,
            master_key=MasterKey.from_file(self.key_file, create=True),
            connectors={name: self._placement(name) for name in self.settings},
            rulebook=parse_workflow(WORKFLOW_FILE.read_text(encoding="utf-8"), RULES, WORKFLOW_FILE.name),
            mappings=MappingLibrary.load(sources(TYPES.values())),
            policy=self.policy,
            queue_prefix=self.queue_prefix,
            beat=Beat(sweep_s=1, timers_s=1, waiting_s=1, stock_s=1, lease_s=1),
            lease_margin_s=1.0,
        )

    def _placement(self, name: str) -> Placement:
        connector = TYPES[name]
        settings = {**self.settings[name], **_HASTE[name]}
        if "transport" in settings:
            sftp = settings["transport"]["type"] == "sftp"
            short = {"timeout_s": 2, **({"connect_timeout_s": 2} if sftp else {})}
            settings["transport"] = {**settings["transport"], **short}
        return Placement(connector, connector.settings.model_validate(settings), LIMITS)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The master data of a journey."""

    plan: tuple[PlannedOrder, ...]
    nodes: tuple[Node, ...] = field(
        default=(
            Node(id="berlin", name="Berlin (SFTP)", connector="berlin", country="DE", priority=10),
            Node(id="leipzig", name="Leipzig (folder)", connector="leipzig", country="DE", priority=20),
            dropship.NODE,
        )
    )

    async def prepare(self, file: HubFile) -> None:
        """Make the store's tables, and put the master data into them."""
        await migrate.upgrade(file.store_url)
        skus = sorted({*PRICES, *(sku for order in self.plan for sku, _ in order.lines)})
        items = [Item(sku=sku, title=sku, weight_g=400) for sku in skus]
        database = await open_database(file.blueprint())
        try:
            async with database.transaction() as session:
                await session.write(_ITEMS, [(one.sku, one.model_dump_json(), session.now) for one in items])
                await session.write(
                    _NODES, [(one.id, one.model_dump_json(), session.now) for one in self.nodes]
                )
        finally:
            await database.close()


def quick_house(node: str, stock: dict[str, int]) -> dict[str, object]:
    """Return the options of a warehouse that does everything in a moment, over a folder."""
    return {
        "stock": stock, "transport": "folder", "node": node, "answer_s": 0.2, "pick_s": 0.5, "gap_s": 0.3,
        "handover_s": 0.2, "resend_s": 3.0, "interval_s": 0.3, "poll_interval_s": 0.5,
    }  # fmt: skip
