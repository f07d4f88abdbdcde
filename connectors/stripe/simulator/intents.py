"""The PaymentIntents of the simulated Stripe: create, update, confirm, capture, cancel, expire."""

from functools import partial

from connectors.stripe.simulator import shapes
from connectors.stripe.simulator.amounts import check_amount, check_charge, currency_of
from connectors.stripe.simulator.bank import Bank
from connectors.stripe.simulator.books import Obj
from connectors.stripe.simulator.forms import Parameters
from connectors.stripe.simulator.journal import Call
from connectors.stripe.simulator.problems import StripeRefusalError, invalid, refused

_MOST_CAPTURES = 50
_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_CANCELABLE = (*_CONFIRMABLE, "requires_capture")
_CONFIRMING = (
    "payment_method",
    "payment_method_options",
    "off_session",
    "return_url",
    "error_on_requires_action",
)


class Intents:
    """Each method answers one endpoint."""

    def __init__(self, bank: Bank) -> None:
        self._bank, self._books = bank, bank.books
        self._captures: dict[str, int] = {}

    def create(self, call: Call, parameters: Parameters) -> Obj:
        """POST /v1/payment_intents."""
        parameters.only(
            *_CONFIRMING, "amount", "currency", "customer", "capture_method", "confirm", "metadata",
            "description", "payment_method_types", "automatic_payment_methods", "setup_future_usage",
        )  # fmt: skip
        currency = currency_of(parameters)
        amount = check_charge(parameters.whole("amount") or int(parameters.required("amount")), currency)
        capture = parameters.word("capture_method", {"automatic", "automatic_async", "manual"})
        customer = parameters.text("customer")
        if customer:
            self._books.find(self._books.customers, customer, "customer")
        intent = shapes.payment_intent(self._books.new_id("pi"), self._books.now(), amount, currency)
        intent.update(
            capture_method=capture or "automatic_async",
            customer=customer,
            description=parameters.text("description"),
            metadata=parameters.metadata({}),
        )
        confirm = parameters.flag("confirm", default=False)
        name = parameters.text("payment_method")
        if confirm and name is None:
            raise invalid("You must provide a payment method to confirm.", param="payment_method")
        method = self._books.method(name, customer)[0] if name else None
        self._books.intents[intent["id"]] = intent
        if method:
            intent.update(payment_method=method, status="requires_confirmation")
        self._bank.journal.add(call, "payment_intent.created", intent)
        return self._confirm(call, intent, parameters) if confirm else intent

    def update(self, call: Call, parameters: Parameters, intent_id: str) -> Obj:
        """POST /v1/payment_intents/{id}."""
        intent = self._books.find(self._books.intents, intent_id, "intent")
        parameters.only("metadata", "description", "amount")
        metadata = parameters.metadata(intent["metadata"])
        amount = parameters.whole("amount")
        if amount is not None:
            if intent["status"] not in _CONFIRMABLE:
                raise self._wrong_state(intent, "updated", _CONFIRMABLE)
            intent["amount"] = check_charge(amount, intent["currency"])
        if "description" in parameters:
            intent["description"] = parameters.text("description")
        intent["metadata"] = metadata
        return intent

    def confirm(self, call: Call, parameters: Parameters, intent_id: str) -> Obj:
        """POST /v1/payment_intents/{id}/confirm."""
        intent = self._books.find(self._books.intents, intent_id, "intent")
        parameters.only(*_CONFIRMING)
        if intent["status"] not in _CONFIRMABLE:
            raise self._wrong_state(intent, "confirmed", _CONFIRMABLE)
        name = parameters.text("payment_method")
        if name:
            intent["payment_method"] = self._books.method(name, intent["customer"])[0]
        if intent["payment_method"] is None:
            raise invalid("You must provide a payment method to confirm.", param="payment_method")
        return self._confirm(call, intent, parameters)

    def capture(self, call: Call, parameters: Parameters, intent_id: str) -> Obj:
        """POST /v1/payment_intents/{id}/capture."""
        intent = self._books.find(self._books.intents, intent_id, "intent")
        parameters.only("amount_to_capture", "final_capture", "metadata", "statement_descriptor_suffix")
        amount = parameters.whole("amount_to_capture")
        final = parameters.flag("final_capture", default=True)
        metadata = parameters.metadata(intent["metadata"])
        if amount is not None:
            check_amount(amount, intent["currency"], "amount_to_capture")
        if intent["status"] != "requires_capture":
            raise self._wrong_state(intent, "captured", ("requires_capture",))
        amount = intent["amount_capturable"] if amount is None else amount
        if amount > intent["amount_capturable"]:
            message = (
                "The requested capture amount is greater than the amount you can capture for this charge: "
                f"{amount} > {intent['amount_capturable']}."
            )
            raise refused(message, code="amount_too_large", param="amount_to_capture")
        if not final:
            self._check_another(intent)
        if self._bank.faults.strikes("capture_declined", call.idempotency_key or intent_id):
            raise self._capture_declined(intent)
        intent["metadata"] = metadata
        self._captures[intent_id] = self._captures.get(intent_id, 0) + 1
        self._bank.take(call, intent, amount, final=final)
        self._dispute_by_itself(call, intent)
        return intent

    def cancel(self, call: Call, parameters: Parameters, intent_id: str) -> Obj:
        """POST /v1/payment_intents/{id}/cancel."""
        intent = self._books.find(self._books.intents, intent_id, "intent")
        parameters.only("cancellation_reason")
        reason = parameters.word(
            "cancellation_reason", {"duplicate", "fraudulent", "requested_by_customer", "abandoned"}
        )
        if intent["status"] not in _CANCELABLE:
            raise self._wrong_state(intent, "canceled", _CANCELABLE)
        self._bank.cancel(call, intent, reason)
        return intent

    async def expire(self, intent_id: str) -> None:
        """Let a held amount go when its time is over."""
        intent = self._books.intents[intent_id]
        if intent["status"] == "requires_capture":
            self._bank.cancel(Call(), intent, "expired")

    def watch_all(self) -> None:
        """See to it that what is held expires, after a start with books that are not empty."""
        for intent in self._books.intents.values():
            if intent["status"] == "requires_capture":
                self._watch(intent)

    def _watch(self, intent: Obj) -> None:
        card = self._books.charges[intent["latest_charge"]]["payment_method_details"]["card"]
        wait_s = max(0, card["capture_before"] - self._books.now())
        self._bank.later(wait_s, partial(self.expire, intent["id"]))

    def _confirm(self, call: Call, intent: Obj, parameters: Parameters) -> Obj:
        options = parameters.nested("payment_method_options").nested("card")
        wish = options.word("request_multicapture", {"if_available", "never"})
        if wish:
            intent["payment_method_options"]["card"]["request_multicapture"] = wish
        off_session = parameters.flag("off_session", default=False)
        method: str = intent["payment_method"]
        card = self._books.cards[method]
        if self._bank.faults.strikes("decline", call.idempotency_key or intent["id"]):
            why = ("card_declined", "generic_decline", "Your card was declined.")
            raise self._bank.decline(call, intent, method, card, why)
        if card.decline:
            raise self._bank.decline(call, intent, method, card, card.decline)
        if card.wants_authentication and off_session:
            why = (
                "authentication_required", "authentication_required",
                "Your card was declined. This transaction requires authentication.",
            )  # fmt: skip
            raise self._bank.decline(call, intent, method, card, why)
        if card.wants_authentication:
            intent.update(
                status="requires_action", next_action={"type": "use_stripe_sdk", "use_stripe_sdk": {}}
            )
            self._bank.journal.add(call, "payment_intent.requires_action", intent)
            return intent
        self._bank.charge(call, intent, method, card)
        if intent["status"] == "requires_capture":
            self._watch(intent)
        else:
            self._dispute_by_itself(call, intent)
        return intent

    def _check_another(self, intent: Obj) -> None:
        charge = self._books.charges[intent["latest_charge"]]
        if charge["payment_method_details"]["card"]["multicapture"]["status"] != "available":
            message = "You can't set `final_capture` to false: multicapture is not available here."
            raise refused(message, param="final_capture")
        if self._captures.get(intent["id"], 0) >= _MOST_CAPTURES - 1:
            raise refused(
                f"A PaymentIntent can be captured up to {_MOST_CAPTURES} times.", param="final_capture"
            )

    def _dispute_by_itself(self, call: Call, intent: Obj) -> None:
        charge = self._books.charges[intent["latest_charge"]]
        if self._books.cards[charge["payment_method"]].is_disputed and charge["captured"]:
            self.dispute(call, charge, "fraudulent")

    def dispute(self, call: Call, charge: Obj, reason: str) -> Obj:
        """Let the customer dispute a captured charge; Stripe takes the money back at once."""
        dispute = shapes.dispute(self._books.new_id("dp"), self._books.now(), charge, reason)
        self._books.disputes[dispute["id"]] = dispute
        charge["disputed"] = True
        self._bank.record(
            call, "disputed", dispute, dispute["amount"], charge["metadata"], dispute=dispute["id"]
        )
        self._bank.journal.add(call, "charge.dispute.created", dispute)
        self._bank.journal.add(call, "charge.dispute.funds_withdrawn", dispute)
        return dispute

    def _capture_declined(self, intent: Obj) -> StripeRefusalError:
        shown = self._books.expanded(intent, [])
        return StripeRefusalError(
            402,
            "card_error",
            "The bank declined this capture.",
            code="card_declined",
            executed=True,
            decline_code="generic_decline",
            payment_intent=shown,
        )

    def _wrong_state(self, intent: Obj, verb: str, states: tuple[str, ...]) -> StripeRefusalError:
        message = (
            f"This PaymentIntent could not be {verb} because it has a status of {intent['status']}. Only a"
            f" PaymentIntent with one of the following statuses may be {verb}: {', '.join(states)}."
        )
        return refused(
            message, code="payment_intent_unexpected_state", payment_intent=self._books.expanded(intent, [])
        )
