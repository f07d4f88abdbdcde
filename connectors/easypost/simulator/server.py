"""EasyPost, played by us: the parts put together, and what carriers do with parcels."""

from collections.abc import Callable
from typing import Any

from connectors.easypost.simulator.api import EasyPostApi, Endpoint
from connectors.easypost.simulator.books import Books, Obj
from connectors.easypost.simulator.delivery import WebhookDelivery
from connectors.easypost.simulator.journeys import Journey, Scan
from connectors.easypost.simulator.parcels import Parcels
from connectors.easypost.simulator.pickups import Pickups
from connectors.easypost.simulator.problems import unprocessable
from connectors.easypost.simulator.shipments import Shipments
from connectors.easypost.simulator.wire import section
from core.loopback import LoopbackServer
from core.simulator import Later, Workshop

_SENDER = {
    "name": "The Shop", "street1": "1 Example Street", "city": "Leipzig", "zip": "04103", "country": "DE",
    "phone": "+49 341 000000",
}  # fmt: skip


class EasyPostSimulator:
    """A stateful part of EasyPost's API v2 on loopback, with webhooks (docs.easypost.com).

    Options of the workshop: `api_key`, `webhook_secret`, `webhook_url`, `currency` of rates (EUR), `scan_s` between two
    scans of a parcel, `senders` by node and `default_weight_g`, for the connector's settings.
    """

    def __init__(self, workshop: Workshop) -> None:
        options = workshop.options
        self._clock, self._options = workshop.clock, options
        self.books = Books(workshop.clock, workshop.seed)
        self.webhook_secret = str(options.get("webhook_secret", "simulated-webhook-secret"))
        self._later = Later(workshop.clock)
        self.delivery = WebhookDelivery(workshop.clock, workshop.faults, self.books.webhooks, self._later)
        self.parcels = Parcels(
            self.books, workshop.ledger, workshop.faults, self._later, self._tell,
            float(options.get("scan_s", 3600)),
        )  # fmt: skip
        currency = str(options.get("currency", "EUR"))
        self._shipments = Shipments(self.books, self.parcels, workshop.ledger, workshop.faults, currency)
        self._pickups = Pickups(self.books, workshop.ledger, currency)
        key = str(options.get("api_key", "EZTKsimulated"))
        self.api = EasyPostApi(self.books, workshop.faults, key, self._routes())
        self.api.server = self._server = LoopbackServer(self.api, workshop.port)
        if options.get("webhook_url"):
            self.send_webhooks_to(str(options["webhook_url"]))

    @property
    def url(self) -> str:
        """The base address of the API."""
        return f"{self._server.url}/v2"

    async def start(self) -> dict[str, Any]:
        """Serve, and return the connector settings with which the hub reaches it."""
        self._shipments.url = await self._server.start()
        await self.delivery.start()
        return {
            "api_key": self.api.api_key,
            "webhook_secrets": [self.webhook_secret],
            "api_base": self.url,
            "senders": self._options.get("senders") or {"main": dict(_SENDER)},
            "default_weight_g": self._options.get("default_weight_g", 500),
        }

    async def stop(self) -> None:
        """Stop serving and delivering. State is kept."""
        await self._server.stop()
        await self._later.stop()
        await self.delivery.stop()

    # --- what people in a demo or a test may wish ------------------------------------------------------------------

    def send_webhooks_to(self, url: str) -> None:
        """Register a webhook, as at EasyPost's own desk."""
        self._register({"webhook": {"url": url, "webhook_secret": self.webhook_secret}})

    def plan(self, order: str, journey: Journey) -> None:
        """Decide beforehand what becomes of the parcels of a customer's reference."""
        self.parcels.plan(order, journey)

    def hand_over(self, number: str) -> bool:
        """Let the carrier have a parcel; False for a number that is not known here."""
        return self.parcels.hand_over(number)

    def scan(self, number: str, scan: Scan) -> None:
        """Scan a parcel by hand."""
        self.parcels.scan(number, scan)

    async def all_delivered(self) -> None:
        """Wait until every event that is on its way was accepted, or given up."""
        while self.delivery.waiting:
            await self._later.next()

    # --- inside ----------------------------------------------------------------------------------------------------

    def _tell(self, description: str, tracker: Obj, before: Obj) -> None:
        now = self.books.now()
        self.delivery.add(
            {
                "id": self.books.new_id("evt"), "object": "Event", "description": description, "mode": "test",
                "previous_attributes": before, "created_at": now, "updated_at": now, "pending_urls": [],
                "completed_urls": [], "status": "pending", "user_id": "user_simulated", "result": dict(tracker),
            }
        )  # fmt: skip

    def _register(self, body: Obj) -> Obj:
        wanted = section(body, "webhook")
        url = wanted.get("url")
        if not isinstance(url, str) or any(hook["url"] == url for hook in self.books.webhooks.values()):
            raise unprocessable("WEBHOOK.INVALID_PARAMS", "The url is missing, or registered already.")
        hook: Obj = {
            "id": self.books.new_id("hook"), "object": "Webhook", "mode": "test", "url": url,
            "created_at": self.books.now(), "disabled_at": None, "custom_headers": [],
            "secret": wanted.get("webhook_secret"),
        }  # fmt: skip
        self.books.webhooks[hook["id"]] = hook
        return _shown(hook)

    def _routes(self) -> dict[tuple[str, str], tuple[str, Endpoint]]:
        one, books = r"/([\w:.-]+)", self.books
        return {
            ("POST", "/shipments"): ("create", self._shipments.create),
            ("POST", f"/shipments{one}/rerate"): ("rerate", self._shipments.rerate),
            ("POST", f"/shipments{one}/buy"): ("buy", self._shipments.buy),
            ("POST", f"/shipments{one}/refund"): ("refund", self._shipments.refund),
            ("POST", "/scan_forms"): ("manifest", self._shipments.scan_form),
            ("POST", "/pickups"): ("offer", self._pickups.create),
            ("POST", f"/pickups{one}/buy"): ("collect", self._pickups.buy),
            ("POST", f"/pickups{one}/cancel"): ("call_off", self._pickups.cancel),
            ("POST", "/trackers"): ("create", self.parcels.create),
            ("POST", "/webhooks"): ("create", self._register),
            ("GET", "/webhooks"): ("list", self._hooks),
            **_shelf("shipments", books, books.shipments, one, _is_bought),
            **_shelf("pickups", books, books.pickups, one),
            **_shelf("scan_forms", books, books.scan_forms, one),
            **_shelf("trackers", books, books.trackers, one),
        }

    def _hooks(self, _: Obj) -> Obj:
        return {"webhooks": [_shown(hook) for hook in self.books.webhooks.values()]}


def _shelf(
    name: str,
    books: Books,
    objects: dict[str, Obj],
    one: str,
    wanted: Callable[[Obj, Obj], bool] = lambda _, __: True,
) -> dict[tuple[str, str], tuple[str, Endpoint]]:
    """Return what lists and shows the objects of a kind; `wanted` says which of them a query is about."""

    def listed(query: Obj) -> Obj:
        return books.listed(objects, name, query, lambda made: wanted(made, query))

    def show(key: str, _: Obj) -> Obj:
        return books.find(objects, key)

    return {("GET", f"/{name}"): ("list", listed), ("GET", f"/{name}{one}"): ("show", show)}


def _is_bought(shipment: Obj, query: Obj) -> bool:
    """Say whether a list of shipments shows one: those that are bought, unless all are asked for."""
    return str(query.get("purchased", "true")).lower() == "false" or shipment["postage_label"] is not None


def _shown(hook: Obj) -> Obj:
    """Return a webhook as EasyPost shows it: without its secret."""
    return {name: value for name, value in hook.items() if name != "secret"}
