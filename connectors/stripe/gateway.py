"""The payment gateway that Stripe is: adopts or authorises, captures, voids, refunds, and looks up."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeGuard

from canonical.commands import AuthorisePayment, CapturePayment, Command, RefundPayment, VoidPayment
from canonical.documents import Document, PaymentDocument, PaymentFact
from canonical.payment import PaymentMethod
from connectors.stripe import adoption, labels
from connectors.stripe.client import CallRefusedError, Obj, Reply, StoredFailureError, StripeClient
from connectors.stripe.requests import intent_path, write_request
from connectors.stripe.settings import StripeSettings
from core.clock import Clock, in_time
from core.errors import OutcomeUnknownError, RetryableError
from core.ports import Answer, Effect, EffectContext, Outgoing

Read = Callable[[bytes], tuple[Document, ...]]
Tells = AuthorisePayment | CapturePayment | RefundPayment

_CLOCKS_APART_S = 900
"""How far Stripe's clock and ours may be apart when we look for what was made after a moment of ours."""
_DECLINED: Mapping[type[Command], PaymentFact] = {
    AuthorisePayment: PaymentFact.DECLINED,
    CapturePayment: PaymentFact.CAPTURE_FAILED,
    RefundPayment: PaymentFact.REFUND_FAILED,
}


class StripeGateway:
    """Fills `PaymentGateway`. `read` returns the facts that an event tells."""

    commands: frozenset[type[Command]] = frozenset(
        {AuthorisePayment, CapturePayment, VoidPayment, RefundPayment}
    )

    def __init__(
        self, name: str, settings: StripeSettings, client: StripeClient, clock: Clock, read: Read
    ) -> None:
        self._name, self._client, self._clock, self._read = name, client, clock, read
        self._api_version = settings.api_version
        self.deadline_s = settings.deadline_s
        self.settle_s = settings.settle_s

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        """Write the request."""
        return write_request(command, context.order, self._api_version)

    async def send(self, effect: Effect) -> Answer:
        """Send the request's exact bytes under the effect's key, and read the answer."""
        late = OutcomeUnknownError(f"Stripe was not done within {self.deadline_s:g} s")
        async with in_time(self._clock, self.deadline_s, late):
            if _adopts(effect.command):
                # Somebody else's PaymentIntent is looked at before it is marked as ours, and once more afterwards.
                before = await self._client.get(effect.outgoing.target)
                if adoption.refusal(before.data, effect.command) is not None:
                    return self._answer(effect, before)
            try:
                return await self._post(effect, labels.idempotency_key(effect.key))
            except StoredFailureError:
                return await self._past_stored_failure(effect)

    async def look_up(self, effect: Effect) -> Answer | None:
        """Ask whether the effect happened: by its mark on the object, left by the call that took effect.

        Nothing here has an effect of its own, and nothing is asked of Stripe's search, which lags behind.
        """
        late = RetryableError(f"Stripe did not say within {self.deadline_s:g} s what became of it")
        async with in_time(self._clock, self.deadline_s, late):
            return await self._look_up(effect)

    # --- sending ---

    async def _post(self, effect: Effect, idempotency_key: str) -> Answer:
        try:
            reply = await self._client.post(effect.outgoing, idempotency_key)
        except CallRefusedError as error:
            return self._refused(effect, error)
        return self._answer(effect, reply)

    async def _past_stored_failure(self, effect: Effect) -> Answer:
        """Go on where the key is spent: Stripe repeats the first call's 500 for as long as it keeps the key.

        That call has ended, so a look-up is conclusive; if it had no effect, the bytes go under a new key.
        """
        found = await self._look_up(effect)
        return found or await self._post(effect, labels.idempotency_key(effect.key, effect.attempt))

    # --- looking up ---

    async def _look_up(self, effect: Effect) -> Answer | None:
        match effect.command:
            case AuthorisePayment(method=PaymentMethod.STORED):
                return await self._look_up_authorisation(effect, effect.command)
            case RefundPayment(reference=reference):
                async for refund in self._client.every("/v1/refunds", {"payment_intent": reference}):
                    if refund["metadata"].get(labels.REFUND) == effect.key:
                        return self._answer(effect, Reply.of(refund))
                return None
            case AuthorisePayment() | CapturePayment() | VoidPayment():
                return await self._look_up_intent(effect, effect.command.reference or "")
            case _:
                return None

    async def _look_up_intent(self, effect: Effect, reference: str) -> Answer | None:
        try:
            reply = await self._client.get(intent_path(reference), {"expand[0]": "latest_charge"})
        except CallRefusedError as error:
            if error.code == "resource_missing":
                return None
            raise
        if not _happened(effect, reply.data):
            return None
        return self._answer(effect, reply)

    async def _look_up_authorisation(self, effect: Effect, command: AuthorisePayment) -> Answer | None:
        """Find the PaymentIntent that our call made: listed since then, with our key in its metadata."""
        sent_at = effect.first_sent_at or self._clock.now()
        query = {
            "created[gte]": str(int(sent_at.timestamp()) - _CLOCKS_APART_S),
            "expand[0]": "data.latest_charge",
            **({"customer": command.customer_reference} if command.customer_reference else {}),
        }
        async for intent in self._client.every("/v1/payment_intents", query):
            if intent["metadata"].get(labels.AUTHORISE) == effect.key:
                return self._answer(effect, Reply.of(intent))
        return None

    # --- answers ---

    def _answer(self, effect: Effect, reply: Reply) -> Answer:
        """Read an object as the event that Stripe sends about it, and keep what concerns this effect."""
        if _adopts(effect.command):
            reason = adoption.refusal(reply.data, effect.command)
            if reason is not None:
                return self._by_hand(effect, effect.command, reason, reply)
        told = _told_by(effect.command, reply.data)
        documents = self._read(self._event(*told, effect)) if told else ()
        if isinstance(
            effect.command, VoidPayment
        ):  # a PaymentIntent is cancelled once, and a long key is shortened
            documents = tuple(one.replace(effect_key=effect.key) for one in documents)
        ours = [one for one in documents if getattr(one, "effect_key", None) == effect.key]
        return self._answer_of(reply, ours)

    def _answer_of(self, reply: Reply, documents: list[Document]) -> Answer:
        reference: str | None = reply.data.get("id")
        intent: object = reply.data.get("payment_intent") or reference
        keys = (PaymentDocument.key_of(self._name, intent),) if isinstance(intent, str) else ()
        return Answer(tuple(documents), reference, reply.body, keys=keys)

    def _event(self, kind: str, about: Obj, effect: Effect) -> bytes:
        event: Obj = {
            "object": "event",
            "id": f"the answer to {effect.key}",
            "type": kind,
            "created": int(self._clock.now().timestamp()),
            "data": {"object": about},
            "request": {"id": None, "idempotency_key": labels.idempotency_key(effect.key)},
        }
        return json.dumps(event).encode()

    def _refused(self, effect: Effect, error: CallRefusedError) -> Answer:
        """Make an answer of a refusal that is one: a decline, or a PaymentIntent that shows it done."""
        reply = Reply.of(error.intent or {})
        if error.is_decline and isinstance(effect.command, Tells):
            answer = self._answer(effect, reply) if reply.data else None
            if answer is not None and answer.documents:
                return answer
            return self._by_hand(effect, effect.command, str(error), reply)
        if reply.data and _happened(effect, reply.data):
            return self._answer(effect, reply)
        raise error

    def _by_hand(self, effect: Effect, command: Tells, reason: str, reply: Reply) -> Answer:
        """Tell a refusal that no event of Stripe's tells; the operation is our effect."""
        document = PaymentDocument(
            occurred_at=datetime.fromtimestamp(int(self._clock.now().timestamp()), UTC),
            gateway=self._name,
            fact=_DECLINED[type(command)],
            reference=command.reference or effect.key,
            operation=effect.key,
            effect_key=effect.key,
            order_id=command.order_id,
            amount=command.amount.amount,
            currency=command.amount.currency,
            reason=reason,
        )
        return self._answer_of(reply, [document])


def _adopts(command: Command) -> TypeGuard[AuthorisePayment]:
    return isinstance(command, AuthorisePayment) and command.method is PaymentMethod.ADOPT


def _happened(effect: Effect, intent: Obj) -> bool:
    """Say whether a PaymentIntent shows that the effect happened."""
    match effect.command:
        case CapturePayment():
            return labels.capture_mark(effect.key) in intent["metadata"]
        case VoidPayment():
            return bool(intent["status"] == "canceled")
        case _:
            return bool(intent["metadata"].get(labels.AUTHORISE) == effect.key)


def _told_by(command: Command, found: Obj) -> tuple[str, Obj] | None:
    """Return the event that Stripe sends about what `command` made of `found`: its type and its object."""
    match command:
        case CapturePayment():
            return "payment_intent.succeeded", found
        case VoidPayment():
            return "payment_intent.canceled", found
        case RefundPayment():
            return "refund.created", found
        case _:
            return _told_of_authorisation(found)


def _told_of_authorisation(intent: Obj) -> tuple[str, Obj] | None:
    if intent["status"] == "requires_payment_method":
        return "payment_intent.payment_failed", intent
    charge = intent["latest_charge"]
    if not isinstance(charge, dict):
        return None
    # A charge takes its PaymentIntent's metadata as it is made, before we could mark what a shop had made.
    return "charge.succeeded", {**charge, "metadata": intent["metadata"], "captured": False}
