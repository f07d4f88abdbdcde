"""Stripe, played by us: the parts put together, and what people do at Stripe's own desk."""

from contextlib import suppress
from typing import Any, Literal

from connectors.stripe.simulator.api import Endpoint, StripeApi
from connectors.stripe.simulator.bank import SEVEN_DAYS_S, Bank
from connectors.stripe.simulator.books import Books, Obj
from connectors.stripe.simulator.cards import CARDS
from connectors.stripe.simulator.delivery import WebhookDelivery
from connectors.stripe.simulator.endpoints import WebhookEndpoints
from connectors.stripe.simulator.forms import Parameters
from connectors.stripe.simulator.idempotency import IdempotencyKeys
from connectors.stripe.simulator.intents import Intents
from connectors.stripe.simulator.journal import Call, EventJournal
from connectors.stripe.simulator.problems import StripeRefusalError
from connectors.stripe.simulator.refunds import Refunds
from core.loopback import LoopbackServer
from core.simulator import Later, Workshop

API_VERSION = "2026-10-28.endive"
IntentOutcome = Literal[
    "requires_capture", "requires_payment_method", "requires_action", "succeeded", "canceled"
]
_OUTCOME_CARDS = {
    "requires_payment_method": "pm_card_visa_chargeDeclined",
    "requires_action": "pm_card_authenticationRequired",
}


class StripeSimulator:
    """A stateful part of Stripe's API on loopback, with webhooks.

    Options of the workshop: `secret_key`, `webhook_secret`, `webhook_url`, `api_version` (of the events),
    `multicapture` (the account has it), `authorised_for_s` (7 days), `refund_settles_s` (when a test card's
    refund fails or succeeds late), `latency_s`, `order_label` (how metadata names an order, for the ledger),
    `webhook_permission` (what the key may do with webhook endpoints: `write`, `read` or `none`).
    """

    def __init__(self, workshop: Workshop) -> None:
        options = workshop.options
        self._clock = workshop.clock
        self.books = Books(workshop.clock, workshop.seed)
        self.webhook_secrets = [str(options.get("webhook_secret", "whsec_simulated"))]
        self._later = Later(workshop.clock)
        self.delivery = WebhookDelivery(workshop.clock, workshop.faults, self.webhook_secrets, self._later)
        self.webhook_url = options.get("webhook_url")
        self.endpoints = WebhookEndpoints(
            self.books,
            self.delivery,
            lambda secret: WebhookDelivery(workshop.clock, workshop.faults, [secret], self._later),
            str(options.get("webhook_permission", "write")),
        )
        journal = EventJournal(self.books, str(options.get("api_version", API_VERSION)), self.endpoints.add)
        self._bank = Bank(
            self.books,
            journal,
            workshop.ledger,
            workshop.faults,
            self._later,
            multicapture=bool(options.get("multicapture", False)),
            authorised_for_s=float(options.get("authorised_for_s", SEVEN_DAYS_S)),
            order_label=str(options.get("order_label", "orderhub_order_id")),
        )
        self._intents = Intents(self._bank)
        self._refunds = Refunds(self._bank, float(options.get("refund_settles_s", 10)))
        self.api = StripeApi(
            clock=workshop.clock,
            faults=workshop.faults,
            books=self.books,
            endpoints=self.endpoints,
            keys=IdempotencyKeys(workshop.clock),
            routes=self._routes(),
            secret_key=str(options.get("secret_key", "sk_test_simulated")),
            latency_s=float(options.get("latency_s", 0)),
        )
        self.api.server = self._server = LoopbackServer(self.api, workshop.port)

    @property
    def webhook_url(self) -> str | None:
        """Where events are delivered; None keeps them to `GET /v1/events`."""
        return self.delivery.url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self.delivery.url = url

    @property
    def url(self) -> str:
        """The base address of the API."""
        return self._server.url

    async def start(self) -> dict[str, Any]:
        """Serve, and return the connector settings with which the hub reaches it."""
        base = await self._server.start()
        self.endpoints.start()
        self._intents.watch_all()
        return {
            "secret_key": self.api.secret_key,
            "webhook_secrets": list(self.webhook_secrets),
            "api_base": base,
        }

    async def stop(self) -> None:
        """Stop serving and delivering. State is kept."""
        await self._server.stop()
        await self._later.stop()
        await self.endpoints.stop()

    # --- what a shop's checkout does, in the browser and by the API ---

    async def create_intent_for_shop(
        self,
        amount_minor: int,
        currency: str,
        *,
        outcome: IntentOutcome = "requires_capture",
        metadata: dict[str, str] | None = None,
        card: str = "pm_card_visa",
    ) -> str:
        """Take a customer through a checkout, and return the PaymentIntent's id.

        `amount_minor` is in Stripe's smallest unit. `metadata` is what the shop itself notes.
        """
        form = Parameters.decode(f"amount={amount_minor}&currency={currency}&confirm=true")
        form["capture_method"] = "automatic" if outcome == "succeeded" else "manual"
        form["payment_method"] = _OUTCOME_CARDS.get(outcome, card)
        form["metadata"] = dict(metadata or {})
        form["payment_method_options"] = {"card": {"request_multicapture": "if_available"}}
        known = set(self.books.intents)
        with suppress(StripeRefusalError):  # a declined card leaves its PaymentIntent behind
            self._intents.create(Call(), form)
        intent_id = next(reversed(self.books.intents))
        if intent_id in known:
            message = f"no PaymentIntent over {amount_minor} {currency} can be made"
            raise ValueError(message)
        if outcome == "canceled":
            self._intents.cancel(Call(), Parameters(), intent_id)
        return intent_id

    def store_card(self, card: str = "pm_card_visa") -> tuple[str, str]:
        """Let a customer keep a card with Stripe; return the customer's and the payment method's id."""
        customer: Obj = {
            "id": self.books.new_id("cus"),
            "object": "customer",
            "created": self.books.now(),
            "email": None,
            "livemode": False,
            "metadata": {},
        }
        self.books.customers[customer["id"]] = customer
        return customer["id"], self.books.new_method(CARDS[card], customer["id"])["id"]

    # --- what people do at Stripe's own desk, and banks do by themselves ---

    def capture_at_desk(self, intent_id: str, amount_minor: int | None = None) -> None:
        """Capture by hand, past the hub."""
        form = Parameters({} if amount_minor is None else {"amount_to_capture": str(amount_minor)})
        self._intents.capture(Call(), form, intent_id)

    def cancel_at_desk(self, intent_id: str) -> None:
        """Cancel by hand, past the hub."""
        self._intents.cancel(Call(), Parameters(), intent_id)

    def refund_at_desk(self, intent_id: str, amount_minor: int) -> str:
        """Refund by hand, past the hub; return the refund's id."""
        form = Parameters({"payment_intent": intent_id, "amount": str(amount_minor)})
        return str(self._refunds.create(Call(), form)["id"])

    def open_dispute(self, intent_id: str, reason: str = "fraudulent") -> str:
        """Let the customer dispute what was captured; return the dispute's id."""
        charge = self.books.charges[self.books.intents[intent_id]["latest_charge"]]
        return str(self._intents.dispute(Call(), charge, reason)["id"])

    def close_dispute(self, dispute_id: str, *, won: bool) -> None:
        """Let the bank decide."""
        self._refunds.close_dispute(Call(), self.books.disputes[dispute_id], won=won)

    def roll_webhook_secret(self, secret: str) -> None:
        """Sign with a new secret beside the old ones, as in the hours after one was rolled."""
        self.webhook_secrets.append(secret)

    async def all_delivered(self) -> None:
        """Wait until every event that is on its way was accepted, or given up."""
        while self.endpoints.waiting:
            await self._later.next()

    # --- inside ---

    def _routes(self) -> dict[tuple[str, str], Endpoint]:
        one, books = r"/([\w]+)", self.books
        return {
            ("POST", "/v1/payment_intents"): self._intents.create,
            ("POST", f"/v1/payment_intents{one}/confirm"): self._intents.confirm,
            ("POST", f"/v1/payment_intents{one}/capture"): self._intents.capture,
            ("POST", f"/v1/payment_intents{one}/cancel"): self._intents.cancel,
            ("POST", f"/v1/payment_intents{one}"): self._intents.update,
            ("POST", "/v1/refunds"): self._refunds.create,
            ("POST", f"/v1/refunds{one}"): self._refunds.update,
            ("POST", f"/v1/disputes{one}/close"): self._close,
            **self._shelf("payment_intents", books.intents, "customer"),
            **self._shelf("charges", books.charges, "customer", "payment_intent"),
            **self._shelf("refunds", books.refunds, "charge", "payment_intent"),
            **self._shelf("disputes", books.disputes, "charge", "payment_intent"),
            **self._shelf("events", books.events, "type"),
            **self._shelf("payment_methods", books.methods, "customer"),
            **self._shelf("customers", books.customers),
            ("POST", "/v1/webhook_endpoints"): self.endpoints.create,
            ("POST", f"/v1/webhook_endpoints{one}"): self.endpoints.update,
            ("DELETE", f"/v1/webhook_endpoints{one}"): self.endpoints.delete,
            **self._shelf("webhook_endpoints", books.endpoints),
        }

    def _shelf(self, name: str, shelf: dict[str, Obj], *filters: str) -> dict[tuple[str, str], Endpoint]:
        url = f"/v1/{name}"

        def show(_: Call, parameters: Parameters, object_id: str) -> Obj:
            parameters.only()
            return self.books.find(shelf, object_id)

        def listed(_: Call, parameters: Parameters) -> Obj:
            parameters.only(*filters, "limit", "starting_after", "ending_before", "created")
            wanted = {key: parameters.text(key) for key in filters if parameters.text(key)}
            return self.books.listed(
                shelf, url, parameters, lambda made: all(made[key] == value for key, value in wanted.items())
            )

        return {("GET", url): listed, ("GET", rf"{url}/([\w]+)"): show}

    def _close(self, call: Call, parameters: Parameters, dispute_id: str) -> Obj:
        dispute = self.books.find(self.books.disputes, dispute_id, "dispute")
        parameters.only()
        return self._refunds.close_dispute(call, dispute, won=False)
