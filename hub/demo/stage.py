"""The demo's stage: every partner played by its simulator, and a whole hub between them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

from canonical.policy import ChannelPolicy, Policy
from canonical.stock import Item, Node
from connectors import (
    amazon,
    dropship_edi,
    easypost,
    mailer,
    shopify,
    signifyd,
    stripe,
    warehouse,
    warehouse_edi,
    webstore,
)
from connectors.amazon.simulator import Marketplace
from connectors.dropship_edi.simulator import Supplier
from connectors.easypost.simulator import EasyPostSimulator
from connectors.mailer.simulator import MailServer
from connectors.shopify.simulator import ShopifyShop
from connectors.signifyd.simulator import SignifydSimulator
from connectors.stripe.simulator import StripeSimulator
from connectors.warehouse.simulator import Warehouse
from connectors.warehouse_edi.simulator import ThirdParty
from connectors.webstore.simulator import Shop
from core.clock import Clock, SystemClock
from core.connector import Connector
from core.scheduler.scheduler import Beat
from core.security.keys import MasterKey
from core.simulator import Faults, Ledger, Simulator, Workshop
from core.store import migrate
from core.store.sql import Session, bulk_insert
from hub.application import Hub
from hub.blueprint import SQLITE, Blueprint, Placement
from hub.demo import courier, dropship, fraud, third_party
from hub.demo.accounts import AMAZON_OPTIONS, AMAZON_POLICY
from hub.demo.options import DemoOptions
from hub.demo.plan import AMAZON, REVIEW_ABOVE, SHOPIFY, PlannedOrder, skus_of
from hub.demo.trouble import FAULTS, warehouse_options, wishes
from hub.mappings import MappingLibrary, sources
from hub.serving import ApiServer
from routes.catalogue import RULES
from routes.workflow import WORKFLOW_FILE, parse_workflow

PARTNERS = (
    "webstore",
    "till",
    "stripe",
    "berlin",
    "leipzig",
    "mailer",
    "shopify",
    "amazon",
    "signifyd",
    "easypost",
    "acme",
    "hamburg",
)
TYPES: Mapping[str, Connector] = {
    "webstore": webstore.CONNECTOR,
    "till": webstore.CONNECTOR,
    "stripe": stripe.CONNECTOR,
    "berlin": warehouse.CONNECTOR,
    "leipzig": warehouse.CONNECTOR,
    "mailer": mailer.CONNECTOR,
    "shopify": shopify.CONNECTOR,
    "amazon": amazon.CONNECTOR,
    "signifyd": signifyd.CONNECTOR,
    "easypost": easypost.CONNECTOR,
    "acme": dropship_edi.CONNECTOR,
    "hamburg": warehouse_edi.CONNECTOR,
}
TRANSPORTS = {"berlin": "sftp", "leipzig": "folder"}
SHOPIFY_OPTIONS: dict[str, Any] = {"poll_s": 20, "deadline_s": 60, "settle_s": 5, "job_looks": 2}
SHOPIFY_POLICY = ChannelPolicy(hold_for_review_above=REVIEW_ABOVE, mail=False, offer="items", stock_buffer=5)
OPTIONS: Mapping[str, dict[str, Any]] = {
    SHOPIFY: SHOPIFY_OPTIONS, AMAZON: AMAZON_OPTIONS, courier.BROKER: courier.OPTIONS,
    dropship.SUPPLIER: dropship.OPTIONS,
    third_party.HAMBURG: third_party.OPTIONS,
}  # fmt: skip
P = TypeVar("P")
_ITEMS = bulk_insert("items", "sku text, doc text, updated_at timestamptz", tail="ON CONFLICT DO NOTHING")
_NODES = bulk_insert("nodes", "id text, doc text, updated_at timestamptz", tail="ON CONFLICT DO NOTHING")


@dataclass(slots=True)
class Stage:
    """Simulators and hub, running. `data` keeps the store, the ledgers and the partners' own files."""

    options: DemoOptions
    data: Path
    clock: Clock
    hub: Hub
    api: ApiServer
    shop: Shop
    till: Shop
    gateway: StripeSimulator
    berlin: Warehouse
    leipzig: Warehouse
    post: MailServer
    shopify: ShopifyShop
    amazon: Marketplace
    fraud: SignifydSimulator
    courier: EasyPostSimulator
    acme: Supplier
    hamburg: ThirdParty
    ledgers: Mapping[str, Ledger]
    faults: Mapping[str, Faults] = field(default_factory=dict[str, Faults])

    @classmethod
    async def build(cls, options: DemoOptions, data: Path, plan: tuple[PlannedOrder, ...]) -> Self:
        """Start everything. The partners first: their addresses are the hub's settings."""
        clock = SystemClock(options.speed)
        (data / "ledgers").mkdir(parents=True, exist_ok=True)
        ledgers = {name: Ledger(clock, data / "ledgers" / f"{name}.jsonl") for name in PARTNERS}
        faults = {name: Faults(options.seed, FAULTS[name]) for name in PARTNERS}
        partners = {
            name: TYPES[name].simulator(_workshop(name, options, clock, ledgers[name], faults[name], data))
            for name in PARTNERS
        }
        settings = {name: await partner.start() for name, partner in partners.items()}
        hub = await _open_hub(data, clock, settings, plan)
        await hub.start()
        api = await ApiServer.start(hub, port=options.port, open_console=True)
        stage = cls(
            options, data, clock, hub, api, _the(Shop, partners["webstore"]), _the(Shop, partners["till"]),
            _the(StripeSimulator, partners["stripe"]), _the(Warehouse, partners["berlin"]),
            _the(Warehouse, partners["leipzig"]), _the(MailServer, partners["mailer"]),
            _the(ShopifyShop, partners["shopify"]), _the(Marketplace, partners["amazon"]),
            _the(SignifydSimulator, partners["signifyd"]), _the(EasyPostSimulator, partners["easypost"]),
            _the(Supplier, partners["acme"]), _the(ThirdParty, partners["hamburg"]),
            ledgers, faults,
        )  # fmt: skip
        for name, house in (("berlin", stage.berlin), ("leipzig", stage.leipzig), ("hamburg", stage.hamburg)):
            for reference, wish in wishes(name, plan):
                house.plan(reference, wish)
        for reference, plan_of_supplier in dropship.wishes(plan):
            stage.acme.plan(reference, plan_of_supplier)
        stage.shop.connect(f"{api.url}/connectors/webstore")
        stage.till.connect(f"{api.url}/connectors/till")
        stage.gateway.webhook_url = f"{api.url}/connectors/stripe/webhook"
        stage.shopify.connect(f"{api.url}/connectors/shopify")
        for sku in sorted(skus_of(plan)):
            stage.shopify.stock(sku, 0)
            stage.amazon.listings[sku] = 0
        stage.fraud.delivery.url = f"{api.url}/connectors/signifyd/webhook"
        fraud.plan_decisions(stage.fraud, plan)
        stage.courier.send_webhooks_to(f"{api.url}/connectors/easypost/webhook")
        courier.plan_journeys(stage.courier, plan)
        return stage

    async def strike(self) -> None:
        """Take it all down: the hub first, so that it can still tell its partners."""
        await self.api.stop()
        await self.hub.stop(grace_s=5)
        partners: tuple[Simulator, ...] = (
            self.shop, self.till, self.gateway, self.berlin, self.leipzig, self.post, self.shopify,
            self.amazon, self.fraud, self.courier, self.acme, self.hamburg,
        )  # fmt: skip
        await asyncio.gather(*(partner.stop() for partner in partners))
        for ledger in self.ledgers.values():
            ledger.close()


def _the(kind: type[P], partner: Simulator) -> P:
    if not isinstance(partner, kind):
        message = f"{partner!r} is no {kind.__name__}"
        raise TypeError(message)
    return partner


def _workshop(
    name: str,
    options: DemoOptions,
    clock: Clock,
    ledger: Ledger,
    faults: Faults,
    data: Path,
) -> Workshop:
    folder = data / "partners" / name
    folder.mkdir(parents=True, exist_ok=True)
    more: dict[str, Any] = OPTIONS.get(name, {})
    if name in TRANSPORTS:
        more = warehouse_options(name, TRANSPORTS[name])
    return Workshop(name, clock, ledger, faults, folder, seed=options.seed, options=more)


async def _open_hub(
    data: Path,
    clock: Clock,
    settings: Mapping[str, dict[str, Any]],
    plan: tuple[PlannedOrder, ...],
) -> Hub:
    store = f"{SQLITE}{data / 'orderhub.sqlite3'}"
    await migrate.upgrade(store)
    placements = {
        name: Placement(kind, kind.settings.model_validate(settings[name]), kind.limits)
        for name, kind in TYPES.items()
    }
    reviewed = ChannelPolicy(hold_for_review_above=REVIEW_ABOVE)
    blueprint = Blueprint(
        store_url=store,
        bus_url="embedded://",
        master_key=MasterKey.from_file(data / "master.key", create=True),
        connectors=placements,
        rulebook=parse_workflow(WORKFLOW_FILE.read_text(encoding="utf-8"), RULES, WORKFLOW_FILE.name),
        mappings=MappingLibrary.load(sources(TYPES.values())),
        policy=Policy(
            channels={"webstore": reviewed, "till": reviewed, SHOPIFY: SHOPIFY_POLICY, AMAZON: AMAZON_POLICY},
            fraud=fraud.POLICY,
            courier=courier.POLICY,
        ),
        clock=clock,
        beat=Beat(sweep_s=5, timers_s=5, waiting_s=10),
    )
    hub = await Hub.open(blueprint)
    async with hub.database.transaction() as session:
        await _master_data(session, plan)
    await hub.reload_master_data()
    return hub


async def _master_data(session: Session, plan: tuple[PlannedOrder, ...]) -> None:
    skus = sorted(skus_of(plan))
    items = [Item(sku=sku, title=sku.replace("-", " ").title(), weight_g=400) for sku in skus]
    nodes = (
        Node(id="berlin", name="Berlin (SFTP)", connector="berlin", country="DE", priority=10),
        Node(id="leipzig", name="Leipzig (watched folder)", connector="leipzig", country="DE", priority=20),
        dropship.NODE,
        third_party.NODE,
    )
    await session.write(_ITEMS, [(item.sku, item.model_dump_json(), session.now) for item in items])
    await session.write(_NODES, [(node.id, node.model_dump_json(), session.now) for node in nodes])
