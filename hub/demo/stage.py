"""The demo's stage: every partner played by its simulator, and a whole hub between them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

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
from core.simulator import Faults, Ledger, Simulator, Workshop
from hub.demo import courier, dropship, fraud, third_party
from hub.demo.accounts import AMAZON_OPTIONS, SHOPIFY_OPTIONS
from hub.demo.agreed import House
from hub.demo.beside import HubBeside, HubProcess
from hub.demo.cast import PARTNERS, TYPES
from hub.demo.options import DemoOptions
from hub.demo.plan import AMAZON, SHOPIFY, PlannedOrder, skus_of
from hub.demo.trouble import FAULTS, warehouse_options, wishes

TRANSPORTS = {"berlin": "sftp", "leipzig": "folder"}
OPTIONS: Mapping[str, dict[str, Any]] = {
    SHOPIFY: SHOPIFY_OPTIONS, AMAZON: AMAZON_OPTIONS, courier.BROKER: courier.OPTIONS,
    dropship.SUPPLIER: dropship.OPTIONS,
    third_party.HAMBURG: third_party.OPTIONS,
}  # fmt: skip
P = TypeVar("P")


@dataclass(slots=True)
class Stage:
    """Simulators and hub, running. `data` keeps the store, the ledgers and the partners' own files."""

    options: DemoOptions
    data: Path
    clock: Clock
    hub: HubBeside
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
    async def build(
        cls, options: DemoOptions, data: Path, plan: tuple[PlannedOrder, ...], process: HubProcess
    ) -> Self:
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
        skus = tuple(sorted(skus_of(plan)))
        house = House(speed=options.speed, since=clock.since, port=options.port, settings=settings, skus=skus)
        hub = await process.open(house, clock)
        stage = cls(
            options, data, clock, hub, _the(Shop, partners["webstore"]), _the(Shop, partners["till"]),
            _the(StripeSimulator, partners["stripe"]), _the(Warehouse, partners["berlin"]),
            _the(Warehouse, partners["leipzig"]), _the(MailServer, partners["mailer"]),
            _the(ShopifyShop, partners["shopify"]), _the(Marketplace, partners["amazon"]),
            _the(SignifydSimulator, partners["signifyd"]), _the(EasyPostSimulator, partners["easypost"]),
            _the(Supplier, partners["acme"]), _the(ThirdParty, partners["hamburg"]),
            ledgers, faults,
        )  # fmt: skip
        stage._brief(plan)
        stage._connect()
        for sku in skus:
            stage.shopify.stock(sku, 0)
            stage.amazon.listings[sku] = 0
        return stage

    def _brief(self, plan: tuple[PlannedOrder, ...]) -> None:
        """Tell the partners what they shall do with whose orders."""
        for name, place in (("berlin", self.berlin), ("leipzig", self.leipzig), ("hamburg", self.hamburg)):
            for reference, wish in wishes(name, plan):
                place.plan(reference, wish)
        for reference, plan_of_supplier in dropship.wishes(plan):
            self.acme.plan(reference, plan_of_supplier)
        fraud.plan_decisions(self.fraud, plan)
        courier.plan_journeys(self.courier, plan)

    def _connect(self) -> None:
        """Tell the partners where the hub's doors are."""
        doors = f"{self.hub.url}/connectors"
        self.shop.connect(f"{doors}/webstore")
        self.till.connect(f"{doors}/till")
        self.gateway.webhook_url = f"{doors}/stripe/webhook"
        self.shopify.connect(f"{doors}/shopify")
        self.fraud.delivery.url = f"{doors}/signifyd/webhook"
        self.courier.send_webhooks_to(f"{doors}/easypost/webhook")

    async def strike(self) -> None:
        """Take it all down: the hub first, so that it can still tell its partners."""
        await self.hub.close()
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
