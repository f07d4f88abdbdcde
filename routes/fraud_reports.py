"""Telling a fraud gateway what became of the orders that it was asked about: so it learns, and so it pays."""

from collections.abc import Iterator, Sequence

from canonical.commands import ReportToFraudGateway
from canonical.events import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentRefunded,
    PaymentVoided,
    ReturnMatched,
    ShipmentCreated,
)
from canonical.fraud import FraudReport, FraudVerdict
from canonical.order import NOT_LEFT_YET, Order
from canonical.policy import Policy
from canonical.steps import Steps
from routes.moves import Units, as_lines
from routes.rules import rule


@rule(PaymentAuthorised)
def report_new_money(order: Order, event: PaymentAuthorised, policy: Policy) -> Steps:
    """Tell the gateway of an authorisation that came after it was asked."""
    yield from _money(order, FraudReport.AUTHORISED, event)


@rule(PaymentCaptured)
def report_taken_money(order: Order, event: PaymentCaptured, policy: Policy) -> Steps:
    """Tell the gateway that money was taken."""
    yield from _money(order, FraudReport.CAPTURED, event)


@rule(PaymentVoided)
def report_money_let_go(order: Order, event: PaymentVoided, policy: Policy) -> Steps:
    """Tell the gateway that an authorisation is gone."""
    yield from _money(order, FraudReport.VOIDED, event)


@rule(PaymentRefunded)
def report_money_paid_back(order: Order, event: PaymentRefunded, policy: Policy) -> Steps:
    """Tell the gateway that money was paid back."""
    yield from _money(order, FraudReport.REFUNDED, event)


@rule(ShipmentCreated)
def report_what_left(order: Order, event: ShipmentCreated, policy: Policy) -> Steps:
    """Tell the gateway of each parcel."""
    complete = not order.quantity(*NOT_LEFT_YET)
    yield from _report(order, FraudReport.SHIPPED, event.shipment_id, lines=event.lines, complete=complete)


@rule(ReturnMatched)
def report_what_came_back(order: Order, event: ReturnMatched, policy: Policy) -> Steps:
    """Tell the gateway of goods that came back."""
    yield from _report(order, FraudReport.RETURNED, f"{event.node}:{event.return_id}", lines=event.lines)


def cancelled(
    order: Order, units: Sequence[Units], cancel_id: str, reason: str
) -> Iterator[ReportToFraudGateway]:
    """Tell the gateway that units are not sent. The order's version tells one telling from the next."""
    complete = order.quantity(*NOT_LEFT_YET) == sum(quantity for _, _, quantity in units)
    subject = f"{cancel_id}:{order.version}"
    return _report(
        order, FraudReport.CANCELLED, subject, lines=as_lines(units), complete=complete, reason=reason
    )


def verdict(order: Order, said: FraudVerdict, reason: str) -> Iterator[ReportToFraudGateway]:
    """Tell the gateway what a person decided."""
    turn = order.fraud.turn if order.fraud else 0
    return _report(order, FraudReport.VERDICT, f"{turn}:{said.value}", verdict=said, reason=reason)


def _money(
    order: Order,
    report: FraudReport,
    event: PaymentAuthorised | PaymentCaptured | PaymentVoided | PaymentRefunded,
) -> Iterator[ReportToFraudGateway]:
    return _report(order, report, event.key, reference=event.reference, amount=event.amount)


def _report(
    order: Order, report: FraudReport, subject: str, **details: object
) -> Iterator[ReportToFraudGateway]:
    check = order.fraud
    if check is not None and check.gateway is not None:
        yield ReportToFraudGateway.model_validate(
            {
                "order_id": order.id,
                "connector": check.gateway,
                "key": f"fraud:{order.id}:{report.value}:{subject}",
                "report": report,
                "subject": subject,
                **details,
            }
        )
