"""The refunds and disputes of the simulated Stripe."""

from functools import partial

from connectors.stripe.simulator import shapes
from connectors.stripe.simulator.amounts import check_amount
from connectors.stripe.simulator.bank import Bank
from connectors.stripe.simulator.books import Obj
from connectors.stripe.simulator.forms import Parameters
from connectors.stripe.simulator.journal import Call
from connectors.stripe.simulator.problems import StripeRefusalError, invalid, refused

_REASONS = {"duplicate", "fraudulent", "requested_by_customer"}


class Refunds:
    """Each method answers one endpoint."""

    def __init__(self, bank: Bank, later_s: float) -> None:
        self._bank, self._books, self._later_s = bank, bank.books, later_s

    def create(self, call: Call, parameters: Parameters) -> Obj:
        """POST /v1/refunds."""
        parameters.only("payment_intent", "charge", "amount", "metadata", "reason")
        charge = self._charge(parameters)
        reason = parameters.word("reason", _REASONS)
        metadata = parameters.metadata({})
        left = self._refundable(charge)
        amount = parameters.whole("amount")
        amount = left if amount is None else check_amount(amount, charge["currency"], "amount")
        if left == 0:
            message = f"Charge {charge['id']} has already been refunded."
            raise refused(message, code="charge_already_refunded")
        if charge["disputed"]:
            message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
            raise refused(message, code="charge_disputed")
        if amount > left:
            message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
            raise refused(message, param="amount")
        refund = shapes.refund(self._books.new_id("re"), self._books.now(), charge, amount, reason)
        refund["metadata"] = metadata
        self._books.refunds[refund["id"]] = refund
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        self._pay(call, refund, charge)
        self._bank.journal.add(call, "charge.refunded", charge)
        return refund

    def update(self, call: Call, parameters: Parameters, refund_id: str) -> Obj:
        """POST /v1/refunds/{id}."""
        refund = self._books.find(self._books.refunds, refund_id, "refund")
        refund["metadata"] = parameters.only("metadata").metadata(refund["metadata"])
        self._bank.journal.add(call, "refund.updated", refund)
        return refund

    def close_dispute(self, call: Call, dispute: Obj, *, won: bool) -> Obj:
        """Let the bank decide a dispute."""
        if dispute["status"] in {"won", "lost"}:
            raise refused("This dispute is already closed.", code="dispute_already_closed")
        dispute["status"] = "won" if won else "lost"
        charge = self._books.charges[dispute["charge"]]
        self._bank.record(
            call,
            f"dispute_{dispute['status']}",
            dispute,
            dispute["amount"],
            charge["metadata"],
            dispute=dispute["id"],
        )
        self._bank.journal.add(call, "charge.dispute.closed", dispute)
        if won:
            charge["disputed"] = False
            self._bank.journal.add(call, "charge.dispute.funds_reinstated", dispute)
        return dispute

    def _pay(self, call: Call, refund: Obj, charge: Obj) -> None:
        card = self._books.cards[charge["payment_method"]]
        refund["balance_transaction"] = self._books.new_id("txn")
        if card.refund == "pends":
            refund.update(status="pending", balance_transaction=None, pending_reason="processing")
            self._bank.later(self._later_s, partial(self._succeed_late, refund))
        else:
            self._record(call, refund)
        self._bank.journal.add(call, "refund.created", refund)
        if card.refund == "fails_later":
            self._bank.later(self._later_s, partial(self._fail_late, refund, charge))

    async def _succeed_late(self, refund: Obj) -> None:
        before = {"status": refund["status"]}
        refund.pop("pending_reason", None)
        refund.update(status="succeeded", balance_transaction=self._books.new_id("txn"))
        self._record(Call(), refund)
        self._bank.journal.add(Call(), "refund.updated", refund, before)

    async def _fail_late(self, refund: Obj, charge: Obj) -> None:
        before = {"status": refund["status"]}
        refund.update(status="failed", failure_reason="expired_or_canceled_card")
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        self._bank.record(
            Call(), "refund_failed", refund, refund["amount"], refund["metadata"], refund=refund["id"]
        )
        self._bank.journal.add(Call(), "refund.updated", refund, before)
        self._bank.journal.add(Call(), "refund.failed", refund)

    def _record(self, call: Call, refund: Obj) -> None:
        self._bank.record(call, "refunded", refund, refund["amount"], refund["metadata"], refund=refund["id"])

    def _refundable(self, charge: Obj) -> int:
        paid_back = charge["amount_refunded"] - self._books.uncaptured.get(charge["id"], 0)
        return int(charge["amount_captured"]) - int(paid_back)

    def _charge(self, parameters: Parameters) -> Obj:
        intent_id, charge_id = parameters.text("payment_intent"), parameters.text("charge")
        if (intent_id is None) == (charge_id is None):
            message = (
                "One of the following params should be provided for this request: payment_intent or charge."
            )
            raise invalid(message, code="parameter_missing")
        if intent_id:
            intent = self._books.find(self._books.intents, intent_id, "payment_intent")
            if intent["status"] == "requires_capture" and not intent["amount_received"]:
                raise self._not_captured(intent["latest_charge"], intent_id)
            if intent["latest_charge"] is None or not intent["amount_received"]:
                raise refused(f"The PaymentIntent ({intent_id}) does not have a successful charge to refund.")
            charge_id = intent["latest_charge"]
        charge = self._books.find(self._books.charges, charge_id or "", "charge")
        if not charge["amount_captured"]:
            raise self._not_captured(charge["id"], charge["payment_intent"])
        return charge

    @staticmethod
    def _not_captured(charge_id: str, intent_id: str) -> StripeRefusalError:
        message = (
            f"This uncaptured Charge ({charge_id}) was created by a PaymentIntent ({intent_id}). You must"
            " cancel the PaymentIntent to reverse the authorization instead of refunding the Charge directly."
        )
        return refused(message, param="payment_intent")
