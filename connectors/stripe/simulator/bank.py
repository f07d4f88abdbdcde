"""What the parts of the simulated Stripe share, and what happens to charges and their money."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from connectors.stripe.simulator import shapes
from connectors.stripe.simulator.books import Books, Obj
from connectors.stripe.simulator.cards import Card
from connectors.stripe.simulator.journal import Call, EventJournal
from connectors.stripe.simulator.problems import StripeRefusalError
from core.simulator import Faults, Ledger

SEVEN_DAYS_S = 7 * 86_400

Later = Callable[[float, Callable[[], Awaitable[None]]], None]


@dataclass(slots=True)
class Bank:
    """The simulated Stripe's insides. `later` does something after so many seconds of the clock."""

    books: Books
    journal: EventJournal
    ledger: Ledger
    faults: Faults
    later: Later
    multicapture: bool
    """Whether the account may capture one authorisation several times."""
    authorised_for_s: float = SEVEN_DAYS_S
    order_label: str = "order_id"
    """The name in the metadata under which callers note their order."""

    def record(
        self, call: Call, kind: str, about: Obj, amount: int, metadata: dict[str, str], **more: Any
    ) -> None:
        """Write into the ledger what really happened with money, by the PaymentIntent's id.

        `order_id` is what the caller's metadata says, `effect_key` the idempotency key of the call.
        """
        self.ledger.write(
            kind,
            about["id"] if about["object"] == "payment_intent" else about["payment_intent"],
            amount=amount,
            currency=about["currency"],
            metadata=dict(metadata),
            order_id=metadata.get(self.order_label),
            effect_key=call.idempotency_key,
            **more,
        )

    def charge(self, call: Call, intent: Obj, method: str, card: Card) -> Obj:
        """Charge a card that pays: hold the money, or take it at once, as the PaymentIntent says."""
        books = self.books
        made = shapes.charge(books.new_id("ch"), books.now(), intent, method, card)
        books.charges[made["id"]] = made
        manual = intent["capture_method"] == "manual"
        intent.update(
            latest_charge=made["id"],
            payment_method=method,
            last_payment_error=None,
            next_action=None,
            status="requires_capture" if manual else "succeeded",
            amount_capturable=intent["amount"] if manual else 0,
            amount_received=0 if manual else intent["amount"],
        )
        details = made["payment_method_details"]["card"]
        if manual:
            details["capture_before"] = books.now() + int(self.authorised_for_s)
            asked = intent["payment_method_options"]["card"].get("request_multicapture") == "if_available"
            details["multicapture"]["status"] = "available" if asked and self.multicapture else "unavailable"
            self.record(call, "authorised", intent, intent["amount"], intent["metadata"], charge=made["id"])
            self.journal.add(call, "charge.succeeded", made)
            self.journal.add(call, "payment_intent.amount_capturable_updated", intent)
            return made
        made.update(captured=True, amount_captured=made["amount"], balance_transaction=books.new_id("txn"))
        self.record(call, "captured", intent, intent["amount"], intent["metadata"], charge=made["id"])
        self.journal.add(call, "charge.succeeded", made)
        self.journal.add(call, "payment_intent.succeeded", intent)
        return made

    def decline(
        self, call: Call, intent: Obj, method: str, card: Card, why: tuple[str, str, str]
    ) -> StripeRefusalError:
        """Record a charge that the bank refused, and return the refusal."""
        code, decline_code, message = why
        books = self.books
        made = shapes.charge(books.new_id("ch"), books.now(), intent, method, card)
        made.update(status="failed", paid=False, failure_code=code, failure_message=message)
        made["outcome"].update(
            network_status="declined_by_network",
            reason=decline_code,
            seller_message=message,
            type="issuer_declined",
        )
        books.charges[made["id"]] = made
        error: Obj = {
            "type": "card_error",
            "code": code,
            "decline_code": decline_code,
            "message": message,
            "charge": made["id"],
        }
        intent.update(
            latest_charge=made["id"],
            payment_method=None,
            status="requires_payment_method",
            last_payment_error={**error, "payment_method": books.methods[method]},
        )
        self.record(call, "declined", intent, intent["amount"], intent["metadata"], reason=decline_code)
        self.journal.add(call, "charge.failed", made)
        self.journal.add(call, "payment_intent.payment_failed", intent)
        return StripeRefusalError(
            402,
            "card_error",
            message,
            code=code,
            executed=True,
            decline_code=decline_code,
            charge=made["id"],
            payment_intent=books.expanded(intent, []),
            payment_method=books.methods[method],
        )

    def take(self, call: Call, intent: Obj, amount: int, *, final: bool) -> None:
        """Capture `amount`; a final capture lets the rest go."""
        made = self.books.charges[intent["latest_charge"]]
        before = {
            "amount_captured": made["amount_captured"],
            "balance_transaction": made["balance_transaction"],
        }
        made["amount_captured"] += amount
        made["balance_transaction"] = self.books.new_id("txn")
        intent["amount_received"] += amount
        intent["amount_capturable"] -= amount
        final = final or intent["amount_capturable"] == 0
        self.record(call, "captured", intent, amount, intent["metadata"], charge=made["id"], final=final)
        if not final:
            self.journal.add(call, "charge.updated", made, before)
            return
        rest, intent["amount_capturable"] = intent["amount_capturable"], 0
        made["captured"] = True
        intent["status"] = "succeeded"
        self.let_go(call, made, rest, None)
        self.journal.add(call, "charge.captured", made)
        self.journal.add(call, "payment_intent.succeeded", intent)

    def let_go(self, call: Call, charge: Obj, amount: int, reason: str | None) -> None:
        """Release money that was held, not captured. Stripe books that as a refund without a transaction."""
        if not amount:
            return
        books = self.books
        released = shapes.refund(books.new_id("re"), books.now(), charge, amount, reason)
        books.refunds[released["id"]] = released
        books.uncaptured[charge["id"]] = amount
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self.journal.add(call, "refund.created", released)
        self.journal.add(call, "charge.refunded", charge)

    def cancel(self, call: Call, intent: Obj, reason: str | None) -> None:
        """Cancel a PaymentIntent, and let go what it holds."""
        held, intent["amount_capturable"] = intent["amount_capturable"], 0
        intent.update(
            status="canceled", canceled_at=self.books.now(), cancellation_reason=reason, next_action=None
        )
        expired = reason == "expired"
        if held:
            charge = self.books.charges[intent["latest_charge"]]
            self.record(call, "expired" if expired else "voided", intent, held, intent["metadata"])
            self.let_go(call, charge, held, "expired_uncaptured_charge" if expired else None)
            if expired:
                self.journal.add(call, "charge.expired", charge)
        self.journal.add(call, "payment_intent.canceled", intent)
