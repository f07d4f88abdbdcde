"""Fills `PaymentGateway`, as far as a marketplace leaves it: money goes back to the buyer by an adjustment feed."""

from canonical.commands import AuthorisePayment, CapturePayment, Command, RefundPayment, VoidPayment
from canonical.documents import PaymentDocument, PaymentFact
from connectors.amazon import messages
from connectors.amazon.reports import Report
from connectors.amazon.settings import AmazonSettings
from connectors.amazon.submissions import FeedDesk
from connectors.amazon.updates import outcome
from core.clock import Clock
from core.errors import RejectedError
from core.ports import Answer, Effect, EffectContext, Outgoing


class AmazonRefunds:
    """Pays back. An adjustment is never sent twice: one of which nothing is known is for a person.

    The reference of a payment at Amazon is the order's id.
    """

    commands: frozenset[type[Command]] = frozenset(
        {AuthorisePayment, CapturePayment, VoidPayment, RefundPayment}
    )

    def __init__(self, name: str, settings: AmazonSettings, clock: Clock, desk: FeedDesk) -> None:
        self.deadline_s, self.settle_s = settings.deadline_s, settings.settle_s
        self._name, self._clock, self._desk = name, clock, desk

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        """Write the adjustment; what Amazon does by itself is refused."""
        match command:
            case RefundPayment():
                return Outgoing(
                    messages.refund(command, context.order), "application/xml", messages.ADJUSTMENT
                )
            case AuthorisePayment() | CapturePayment() | VoidPayment():
                reason = f"{type(command).__name__}: Amazon takes the buyer's money itself, before it tells an order"
                raise RejectedError(reason, code="not_ours")
            case _:
                raise RejectedError(f"amazon does not take {type(command).__name__}", code="unknown_command")

    async def send(self, effect: Effect) -> Answer:
        """Let the adjustment travel by feed, and wait for the report."""
        report = await self._desk.submit(effect.outgoing.target, effect.key, effect.outgoing.body)
        return self._answer(effect, report)

    async def look_up(self, effect: Effect) -> Answer | None:
        """Ask for the feed's report."""
        report = await self._desk.find(
            effect.outgoing.target, effect.key, effect.first_sent_at, harmless=False
        )
        return None if report is None else self._answer(effect, report)

    def _answer(self, effect: Effect, report: Report) -> Answer:
        answer, command = outcome(report, effect.key), effect.command
        if not isinstance(command, RefundPayment):
            return answer
        fact = PaymentDocument(
            occurred_at=self._clock.now(),
            gateway=self._name,
            fact=PaymentFact.REFUNDED,
            reference=command.reference,
            operation=f"{report.feed_id}:{messages.message_id(effect.key)}",
            effect_key=effect.key,
            order_id=command.order_id,
            amount=command.amount.amount,
            currency=command.amount.currency,
        )
        return Answer((fact,), answer.reference, answer.body, answer.media_type)
