"""The fraud gateway that Signifyd is: sales out, decisions in, and reports of what became of the orders."""

import json
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

from canonical.commands import Command, ReportToFraudGateway, ScreenOrder
from canonical.documents import BusinessKey, Document, FraudDecisionDocument, KeyKind
from connectors.signifyd.client import SignifydClient
from connectors.signifyd.instructing import instruction
from connectors.signifyd.reports import write_report
from connectors.signifyd.settings import SignifydSettings
from core.connector import Mappings
from core.errors import DocumentError, OutcomeUnknownError, RejectedError
from core.ports import Answer, Effect, EffectContext, Outgoing

Read = Callable[[bytes], tuple[Document, ...]]

_SALES = "/v3/orders/events/sales"
_CLOCKS_APART = timedelta(seconds=120)
"""How far Signifyd's clock and ours may be apart when we look for a decision that was made after a moment of ours."""


class SignifydFraudGateway:
    """Fills `FraudGateway`. `read` returns the decision that an answer holds.

    Signifyd has no idempotency keys. A sale is named by its order: sent twice, it is the same order with a newer
    decision. Reports are named by their transaction, shipment or return: sent twice, they say the same again.
    """

    commands: frozenset[type[Command]] = frozenset({ScreenOrder, ReportToFraudGateway})

    def __init__(
        self, name: str, settings: SignifydSettings, client: SignifydClient, mappings: Mappings, read: Read
    ) -> None:
        self._name, self._client, self._mappings, self._read = name, client, mappings, read
        self._settings = settings
        self.deadline_s, self.settle_s = settings.deadline_s, settings.settle_s

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        """Write the request; only that of a screening names people."""
        match command:
            case ScreenOrder():
                return Outgoing(self._sale(command, context), target=_SALES)
            case ReportToFraudGateway():
                path, body = write_report(command, context.order, self._settings.paid_by)
                return Outgoing(body, target=path)
            case _:
                raise RejectedError(f"Signifyd takes no {type(command).__name__}", code="unknown_command")

    async def send(self, effect: Effect) -> Answer:
        """Send the request's exact bytes, and read the decision if there is one."""
        if not effect.outgoing.target:
            return Answer(reference="Signifyd has no words for this")
        body = await self._client.post(effect.outgoing.target, effect.outgoing.body)
        if isinstance(effect.command, ScreenOrder):
            return self._decided(body)
        return Answer(reference=effect.key, body=body)

    async def look_up(self, effect: Effect) -> Answer | None:
        """Ask for the order's decision; of a report Signifyd gives no account, and a repetition is harmless.

        A decision from before the question is about the order as it was; then the sale goes once more.
        """
        if not isinstance(effect.command, ScreenOrder):
            return None
        asked_about = str(json.loads(effect.outgoing.body)["orderId"])
        body = await self._client.find(decision_path(asked_about))
        if body is None:
            return None
        answer = self._decided(body)
        if effect.command.turn > 1 and not _is_newer(answer.documents, effect):
            return None
        return answer

    def _sale(self, command: ScreenOrder, context: EffectContext) -> bytes:
        try:
            return self._mappings.write("signifyd/sale", instruction(command, context, self._settings))
        except DocumentError as error:
            raise RejectedError(str(error), code="document") from error

    def _decided(self, body: bytes) -> Answer:
        try:
            documents = self._read(body)
        except DocumentError as error:
            # It is done, and its outcome can't be read: a person looks, with the answer at hand.
            message = f"Signifyd's decision can't be read: {error}"
            raise OutcomeUnknownError(message) from error
        decisions = [one for one in documents if isinstance(one, FraudDecisionDocument)]
        reference = decisions[0].reference if decisions else None
        keys = (
            (BusinessKey(kind=KeyKind.EXTERNAL_ID, value=f"{self._name}:{reference}"),) if reference else ()
        )
        return Answer(documents, reference, body, keys=keys)


def _is_newer(documents: tuple[Document, ...], effect: Effect) -> bool:
    asked = effect.first_sent_at
    return any(
        asked is None or one.occurred_at is None or one.occurred_at >= asked - _CLOCKS_APART
        for one in documents
    )


def decision_path(order_ref: str) -> str:
    """Return where an order's decision is looked up."""
    return f"/v3/orders/{quote(order_ref, safe='')}/decision"
