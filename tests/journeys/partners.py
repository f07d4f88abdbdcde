"""The partners of a journey: simulators in the test's own process, each with a ledger, and faults at a low share."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

from connectors.dropship_edi.simulator import Supplier
from connectors.mailer.simulator import MailServer
from connectors.stripe.simulator import StripeSimulator
from connectors.warehouse.simulator import Plan, Warehouse
from connectors.webstore.simulator import Shop
from core.clock import SystemClock
from core.simulator import Faults, Ledger, Simulator, Workshop
from hub.demo import dropship
from hub.demo.cast import PARTNERS
from hub.demo.plan import DIRECT, ONLY_BERLIN, ONLY_HAMBURG, ONLY_LEIPZIG, PRICES
from hub.demo.trouble import PLENTY

FAULTS: Mapping[str, Mapping[str, float]] = {
    "webstore": {
        "timeout_before": 0.01, "timeout_after": 0.02, "http_500": 0.01, "http_503": 0.01,
        "duplicate_request": 0.1, "lost_answer": 0.05, "bad_signature": 0.02,
    },
    "till": {},
    "stripe": {
        "timeout_before": 0.01, "timeout_after": 0.02, "http_429": 0.01, "http_500": 0.01,
        "duplicate_webhook": 0.1, "webhook_out_of_order": 0.05, "webhook_first": 0.1,
    },
    "berlin": {"duplicate": 0.05, "dispatch_first": 0.05},
    "leipzig": {"duplicate": 0.05, "dispatch_first": 0.05},
    "acme": {"duplicate": 0.05, "said_again": 0.05, "late": 0.05},
    "mailer": {"defer": 0.01, "timeout_before": 0.01, "timeout_after": 0.01},
}  # fmt: skip
"""Only what a hub mends by itself: no document here is unreadable, so no failure record is planned."""
NO_FAULTS: Mapping[str, Mapping[str, float]] = {}
_WAREHOUSE = {
    "answer_s": 0.3, "pick_s": 1.0, "gap_s": 0.5, "handover_s": 0.3, "resend_s": 3.0, "interval_s": 0.3,
    "poll_interval_s": 0.5,
}  # fmt: skip
_SUPPLIER = {
    "answer_s": 0.3, "ship_s": 1.0, "charge_s": 0.5, "resend_s": 3.0, "interval_s": 0.3, "poll_interval_s": 0.5,
}  # fmt: skip


@dataclass(slots=True)
class Partners:
    """All of them, open."""

    shop: Shop
    gateway: StripeSimulator
    berlin: Warehouse
    leipzig: Warehouse
    acme: Supplier
    post: MailServer
    till: Shop
    ledgers: Mapping[str, Ledger]
    faults: Mapping[str, Faults]
    settings: dict[str, dict[str, Any]]

    @classmethod
    async def open(
        cls,
        data: Path,
        seed: int,
        wishes: Mapping[str, Plan] | None = None,
        faults: Mapping[str, Mapping[str, float]] = FAULTS,
    ) -> Self:
        """Start them; `settings` are what the hub reaches them with. `wishes`: how Berlin treats which orders."""
        clock = SystemClock()
        (data / "ledgers").mkdir(parents=True)
        ledgers = {name: Ledger(clock, data / "ledgers" / f"{name}.jsonl") for name in PARTNERS}
        dice = {name: Faults(seed, faults.get(name, {})) for name in PARTNERS}
        workshops = {
            name: Workshop(
                name, clock, ledgers[name], dice[name], _folder(data, name), seed=seed, options=_options(name)
            )
            for name in PARTNERS
        }  # fmt: skip
        shop, till = Shop(workshops["webstore"]), Shop(workshops["till"])
        berlin, leipzig = Warehouse(workshops["berlin"]), Warehouse(workshops["leipzig"])
        acme = Supplier(workshops["acme"])
        gateway, post = StripeSimulator(workshops["stripe"]), MailServer(workshops["mailer"])
        everybody: dict[str, Simulator] = {
            "webstore": shop, "till": till, "stripe": gateway, "berlin": berlin, "leipzig": leipzig, "acme": acme,
            "mailer": post,
        }  # fmt: skip
        settings = {name: await partner.start() for name, partner in everybody.items()}
        for reference, wish in (wishes or {}).items():
            berlin.plan(reference, wish)
        return cls(shop, gateway, berlin, leipzig, acme, post, till, ledgers, dice, settings)

    def connect(self, url: str) -> None:
        """Say where the hub's doors are. While nobody listens there, the shop tries again at once for a while."""
        self.shop.connect(f"{url}/connectors/webstore", httpx.AsyncHTTPTransport(retries=4))
        self.gateway.webhook_url = f"{url}/connectors/stripe/webhook"

    async def close(self) -> None:
        """Close for good."""
        everybody: tuple[Simulator, ...] = (
            self.shop, self.till, self.gateway, self.berlin, self.leipzig, self.acme, self.post,
        )  # fmt: skip
        await asyncio.gather(*(partner.stop() for partner in everybody))
        for ledger in self.ledgers.values():
            ledger.close()


def _folder(data: Path, name: str) -> Path:
    folder = data / "partners" / name
    folder.mkdir(parents=True)
    return folder


def _options(name: str) -> dict[str, Any]:
    if name == "acme":
        return {**dropship.OPTIONS, **_SUPPLIER}
    if name not in {"berlin", "leipzig"}:
        return {}
    elsewhere = {ONLY_LEIPZIG if name == "berlin" else ONLY_BERLIN, DIRECT, ONLY_HAMBURG}
    stock = {sku: PLENTY for sku in PRICES if sku not in elsewhere}
    transport = "sftp" if name == "berlin" else "folder"
    return {"transport": transport, "node": name, "stock": stock, **_WAREHOUSE}
