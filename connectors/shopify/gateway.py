"""The gateway of its own orders that Shopify is: adopts what the checkout did, captures, voids, refunds, looks up.

Only refunds take an idempotency key (`@idempotent`). A capture is known again by its authorisation, and by how many
captures of it there were when it was decided; a void by its authorisation, which is let go once; an adoption by a
metafield on the order.
"""

import json
from collections.abc import Iterable
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from canonical.commands import AuthorisePayment, CapturePayment, Command, RefundPayment, VoidPayment
from canonical.documents import PaymentDocument, PaymentFact
from canonical.order import Order
from canonical.payment import Outcome, PaymentKind, PaymentMethod
from connectors.shopify import transactions as ledger
from connectors.shopify.client import Obj, ShopifyClient, order_in, user_errors
from connectors.shopify.documents import CAPTURE, MARK, PAYMENTS, REFUND, VOID, gid, number
from connectors.shopify.settings import ShopifySettings
from core.clock import Clock, in_time
from core.errors import OutcomeUnknownError, RejectedError, RetryableError
from core.ports import Answer, Effect, EffectContext, Outgoing

Moves = AuthorisePayment | CapturePayment | VoidPayment | RefundPayment


class ShopifyGateway:
    """Fills `PaymentGateway`."""

    commands: frozenset[type[Command]] = frozenset(
        {AuthorisePayment, CapturePayment, VoidPayment, RefundPayment}
    )

    def __init__(self, name: str, settings: ShopifySettings, client: ShopifyClient, clock: Clock) -> None:
        self._name, self._client, self._clock = name, client, clock
        self.deadline_s, self.settle_s = settings.deadline_s, settings.settle_s

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        """Write what is to be done; which call of Shopify's does it is in `target`."""
        if not isinstance(command, AuthorisePayment | CapturePayment | VoidPayment | RefundPayment):
            message = f"shopify does not take {type(command).__name__}"
            raise RejectedError(message, code="unknown_command")
        _check(command, context.order)
        order_id = gid("Order", context.order.channel_ref)
        amount = {"amount": str(command.amount.amount), "currency": command.amount.currency}
        said: dict[str, Any] = {"order": order_id, "reference": command.reference, **amount}
        if isinstance(command, CapturePayment):
            said |= {"final": command.final, "captures_before": _captures_before(context.order, command)}
        return Outgoing(json.dumps(said, sort_keys=True).encode(), target=type(command).__name__)

    async def send(self, effect: Effect) -> Answer:
        """Look at the order's transactions, do what is not done yet, and read the answer."""
        late = OutcomeUnknownError(f"Shopify was not done within {self.deadline_s:g} s")
        async with in_time(self._clock, self.deadline_s, late):
            said = json.loads(effect.outgoing.body)
            order = await self._order(said["order"], effect)
            match effect.command:
                case AuthorisePayment():
                    return await self._adopt(effect, effect.command, order)
                case CapturePayment():
                    return await self._capture(effect, effect.command, said, order)
                case VoidPayment():
                    return await self._void(effect, effect.command, order)
                case RefundPayment():
                    return await self._refund(effect, effect.command, order)
                case _:
                    message = f"shopify does not take {type(effect.command).__name__}"
                    raise RejectedError(message, code="unknown_command")

    async def look_up(self, effect: Effect) -> Answer | None:
        """Ask the order's transactions, refunds and mark whether it happened. This has no effect of its own."""
        late = RetryableError(f"Shopify did not say within {self.deadline_s:g} s what became of it")
        async with in_time(self._clock, self.deadline_s, late):
            said = json.loads(effect.outgoing.body)
            order = await self._order(said["order"], effect)
            match effect.command:
                case AuthorisePayment():
                    done = _mark(order).get("key") == effect.key
                    return self._adopted(effect, effect.command, order) if done else None
                case CapturePayment():
                    taken = _our_capture(effect.command, said, order)
                    return None if taken is None else self._captured(effect, effect.command, taken)
                case VoidPayment():
                    gone = ledger.void(ledger.of_order(order), effect.command.reference)
                    return None if gone is None else self._voided(effect, effect.command, gone)
                case RefundPayment():
                    return self._our_refund(effect, effect.command, order.get("refunds") or [])
                case _:
                    return None

    # --- what is done ---

    async def _adopt(self, effect: Effect, command: AuthorisePayment, order: Obj) -> Answer:
        if order["cancelledAt"] is not None:
            return Answer(
                reference=command.reference
            )  # nothing to take over; the order tells what became of it
        reason = self._no_adoption(effect, command, order)
        if reason is not None:
            return self._answer(effect, command, PaymentFact.DECLINED, effect.key, reason=reason)
        mark = {"key": effect.key, "order": str(command.order_id)}
        field = {
            "ownerId": order["id"], "namespace": "orderhub", "key": _mark_key(effect), "type": "json",
            "value": json.dumps(mark, sort_keys=True),
        }  # fmt: skip
        payload = (await self._client.change(MARK, {"metafields": [field]}))["metafieldsSet"]
        _refuse(user_errors(payload))
        return self._adopted(effect, command, order)

    def _no_adoption(self, effect: Effect, command: AuthorisePayment, order: Obj) -> str | None:
        """Say why an order's payment can't be taken over; None when it can."""
        transactions = ledger.of_order(order)
        found = ledger.find(transactions, command.reference or "")
        mark = _mark(order)
        if found is None or found["kind"] not in ledger.HOLDING:
            return f"Shopify knows no payment {command.reference} of this order"
        if mark.get("order") not in {None, str(command.order_id)}:
            return f"payment {command.reference} pays for the order {mark['order']} already"
        if ledger.money(found) != command.amount:
            return f"Shopify holds {ledger.money(found)}, and {command.amount} was to be taken over"
        if found["status"] not in ledger.DONE | ledger.UNDER_WAY:
            return f"Shopify says that payment {command.reference} is {str(found['status']).lower()}"
        if ledger.void(transactions, command.reference or "") is not None:
            return f"payment {command.reference} was let go"
        return None

    def _adopted(self, effect: Effect, command: AuthorisePayment, order: Obj) -> Answer:
        """Return what the payment is: held, held and taken, or not decided yet (which the order tells later)."""
        found = ledger.find(ledger.of_order(order), command.reference or "")
        if found is None or found["status"] not in ledger.DONE:
            return Answer(reference=command.reference)
        held = self._answer(effect, command, PaymentFact.AUTHORISED, number(found["id"]), found)
        if found["kind"] != "SALE":
            return held
        sold = self._answer(effect, command, PaymentFact.CAPTURED, f"{number(found['id'])}:taken", found)
        # The sale's taking is an operation of its own, as the order's document tells it too: it bears no key of ours.
        taken = tuple(one.replace(effect_key=None, order_id=None) for one in sold.documents)
        return Answer((*held.documents, *taken), held.reference, held.body, keys=held.keys)

    async def _capture(self, effect: Effect, command: CapturePayment, said: Obj, order: Obj) -> Answer:
        done = _our_capture(command, said, order)
        if done is not None:
            return self._captured(effect, command, done)
        wanted = {
            "id": said["order"],
            "parentTransactionId": gid("OrderTransaction", command.reference),
            "amount": said["amount"],
            "currency": said["currency"],
        }
        held = ledger.find(ledger.of_order(order), command.reference)
        if held is not None and held["multiCapturable"]:
            wanted["finalCapture"] = command.final
        payload = (await self._client.change(CAPTURE, {"input": wanted}))["orderCapture"]
        _refuse(user_errors(payload))
        taken = payload["transaction"]
        if taken["status"] in {"FAILURE", "ERROR"}:
            reason = "Shopify could not take the money"
            return self._answer(
                effect, command, PaymentFact.CAPTURE_FAILED, number(taken["id"]), taken, reason
            )
        return self._captured(effect, command, taken)

    def _captured(self, effect: Effect, command: CapturePayment, taken: Obj) -> Answer:
        if taken["status"] in ledger.UNDER_WAY:
            return Answer(reference=number(taken["id"]))  # the order tells how it ends
        return self._answer(effect, command, PaymentFact.CAPTURED, number(taken["id"]), taken)

    async def _void(self, effect: Effect, command: VoidPayment, order: Obj) -> Answer:
        gone = ledger.void(ledger.of_order(order), command.reference)
        if gone is None:
            parent = {"parent": gid("OrderTransaction", command.reference)}
            payload = (await self._client.change(VOID, parent))["transactionVoid"]
            _refuse(user_errors(payload))
            gone = payload["transaction"]
        return self._voided(effect, command, gone)

    def _voided(self, effect: Effect, command: VoidPayment, gone: Obj) -> Answer:
        return self._answer(effect, command, PaymentFact.VOIDED, number(gone["id"]), gone)

    async def _refund(self, effect: Effect, command: RefundPayment, order: Obj) -> Answer:
        done = self._our_refund(effect, command, order.get("refunds") or [])
        if done is not None:
            return done
        taken = ledger.taken_by(ledger.of_order(order), command.reference)
        if taken is None or taken[1] < command.amount:
            left = "nothing" if taken is None else str(taken[1])
            message = f"of payment {command.reference} {left} is left to pay back, and not {command.amount}"
            raise RejectedError(message, code="over_refund")
        wanted = {
            "orderId": order["id"],
            "note": _note(effect),
            "notify": False,
            "currency": command.amount.currency,
            "transactions": [
                {
                    "orderId": order["id"], "parentId": taken[0]["id"], "kind": "REFUND",
                    "gateway": taken[0]["gateway"], "amount": str(command.amount.amount),
                }
            ],
        }  # fmt: skip
        key = str(uuid5(NAMESPACE_URL, effect.key))
        payload = (await self._client.change(REFUND, {"input": wanted, "key": key}))["refundCreate"]
        _refuse(user_errors(payload))
        answer = self._our_refund(effect, command, [payload["refund"]])
        if answer is None:
            raise OutcomeUnknownError("Shopify answered with a refund that does not bear our note")
        return answer

    def _our_refund(self, effect: Effect, command: RefundPayment, refunds: Iterable[Obj]) -> Answer | None:
        for refund in refunds:
            if _note(effect) not in str(refund.get("note") or ""):
                continue
            for paid in refund["transactions"]["nodes"]:
                fact, reason = PaymentFact.REFUNDED, ""
                if paid["status"] in {"FAILURE", "ERROR"}:
                    fact, reason = PaymentFact.REFUND_FAILED, "Shopify could not pay it back"
                return self._answer(effect, command, fact, number(paid["id"]), paid, reason)
        return None

    # --- answers ---

    async def _order(self, order_id: str, effect: Effect) -> Obj:
        answer = await self._client.ask(PAYMENTS, {"id": order_id, "mark": _mark_key(effect)})
        order = order_in(answer)
        if order is None:
            raise RejectedError(f"Shopify has no order {number(order_id)}", code="not_found")
        return order

    def _answer(
        self,
        effect: Effect,
        command: Moves,
        fact: PaymentFact,
        operation: str,
        transaction: Obj | None = None,
        reason: str = "",
    ) -> Answer:
        amount = command.amount if transaction is None else ledger.money(transaction)
        now = self._clock.now()
        held = transaction if fact is PaymentFact.AUTHORISED else None
        document = PaymentDocument.model_validate(
            {
                "occurred_at": now if transaction is None else ledger.moment(transaction, now),
                "gateway": self._name,
                "fact": fact,
                "reference": command.reference or effect.key,
                "operation": operation,
                "effect_key": effect.key,
                "order_id": command.order_id,
                "channel": self._name,
                "channel_ref": number(json.loads(effect.outgoing.body)["order"]),
                "amount": amount.amount,
                "currency": amount.currency,
                "capture_before": held.get("authorizationExpiresAt") if held else None,
                "multicapture": bool(held and held.get("multiCapturable")),
                "reason": reason,
            }
        )
        keys = (PaymentDocument.key_of(self._name, document.reference),)
        body = json.dumps(transaction).encode() if transaction else b""
        return Answer((document,), operation, body, keys=keys)


def _check(command: Moves, order: Order) -> None:
    """Refuse what can't be asked of Shopify."""
    if command.amount.currency != order.currency and not isinstance(command, AuthorisePayment):
        message = f"the order is paid in {order.currency}, and {command.amount} is not"
        raise RejectedError(message, code="other_currency")
    if isinstance(command, AuthorisePayment) and command.method is not PaymentMethod.ADOPT:
        message = (
            "Shopify's checkout takes the buyer's money: the hub can take it over, and not ask for it anew"
        )
        raise RejectedError(message, code="no_stored_methods")
    if command.amount.amount <= 0 or command.amount != command.amount.rounded():
        message = f"{command.amount} can't be paid in {command.amount.currency}"
        raise RejectedError(message, code="amount")


def _captures_before(order: Order, command: CapturePayment) -> int:
    """Return how many captures of the same authorisation were decided before this one."""
    entries = order.payment.of_kind(PaymentKind.CAPTURE, Outcome.SUCCEEDED, Outcome.REQUESTED)
    before = 0
    for entry in entries:
        if entry.key == command.key:
            break
        before += entry.reference == command.reference
    return before


def _our_capture(command: CapturePayment, said: Obj, order: Obj) -> Obj | None:
    """Return the capture that this effect made: one more than there were, of this amount."""
    taken = ledger.captures(ledger.of_order(order), command.reference)[said["captures_before"] :]
    return next((one for one in taken if ledger.money(one) == command.amount), None)


def _mark(order: Obj) -> Obj:
    """Return what was noted when a payment was taken over."""
    field = order.get("metafield")
    try:
        return dict(json.loads(field["value"])) if field else {}
    except (ValueError, TypeError, KeyError):
        return {}


def _mark_key(effect: Effect) -> str:
    reference = getattr(effect.command, "reference", None) or "none"
    return f"payment_{reference}"[:64]


def _note(effect: Effect) -> str:
    return f"orderhub {effect.key}"


def _refuse(errors: list[Obj]) -> None:
    if errors:
        said = "; ".join(str(one.get("message")) for one in errors)
        raise RejectedError(f"Shopify refuses: {said}", code=str(errors[0].get("code") or "user_error"))
