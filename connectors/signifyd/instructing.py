"""An order as Signifyd is to see it: what the mapping document `signifyd/sale` writes from."""

from collections.abc import Iterator

from pydantic import ValidationError

from canonical.commands import ScreenOrder
from canonical.order import Order
from canonical.payment import PaymentMethod
from canonical.screening import ScreenedLine, ScreenedPayment, ScreeningInstruction
from connectors.signifyd.settings import SignifydSettings
from core.errors import RejectedError
from core.instructing import unwritable
from core.ports import EffectContext

LONGEST_REF = 200
"""As long as a name may be in the hub (`Name`): a decision about a longer one could not be read."""


def order_ref(order: Order) -> str:
    """Return the name by which Signifyd knows an order; raise `RejectedError` for one that is too long."""
    ref = f"{order.channel}:{order.channel_ref}"
    if len(ref) > LONGEST_REF:
        raise RejectedError(
            f"orderId: {ref!r} has {len(ref)} characters, and an order is shown to Signifyd by at most "
            f"{LONGEST_REF}: decide about this order by hand, and have the channel use shorter references",
            code="order_id",
        )
    return ref


def instruction(
    command: ScreenOrder, context: EffectContext, settings: SignifydSettings
) -> ScreeningInstruction:
    """Return all that the sale says. An order whose people were erased can't be screened: `RejectedError`."""
    parties, order = context.parties, context.order
    if parties is None:
        message = "the order's personal data was erased: there is nobody to look at"
        raise RejectedError(message, code="erased")
    try:
        return ScreeningInstruction(
            order_ref=order_ref(order),
            channel=order.channel,
            turn=command.turn,
            placed_at=order.placed_at,
            currency=order.currency,
            total=order.total.amount,
            shipping_method=order.shipping.method,
            shipping_amount=order.shipping.amount.amount,
            buyer=parties.buyer,
            ship_to=parties.ship_to,
            bill_to=parties.bill_to or parties.buyer,
            lines=tuple(_lines(order)),
            payments=tuple(_payments(order)),
            paid_by=settings.paid_by,
            coverage=settings.coverage,
            delivery=settings.decision,
        )
    except ValidationError as error:
        raise unwritable("the order can't be shown to Signifyd", error) from None


def _lines(order: Order) -> Iterator[ScreenedLine]:
    for line in order.lines:
        yield ScreenedLine(
            line_id=line.id,
            sku=line.sku,
            title=line.title,
            quantity=line.ordered,
            unit_price=line.unit_price.amount,
        )


def _payments(order: Order) -> Iterator[ScreenedPayment]:
    """Yield what the gateways hold, and what the channel has been paid."""
    methods = {tender.n: tender.method for tender in order.payment.tenders}
    for entry in order.payment.authorisations():
        yield ScreenedPayment(
            reference=entry.reference or entry.key,
            gateway=entry.gateway,
            method=methods.get(entry.tender or 0, PaymentMethod.ADOPT),
            amount=entry.amount.amount,
            at=entry.at,
        )
    for tender in order.payment.tenders:
        if tender.method is PaymentMethod.PREPAID:
            yield ScreenedPayment(
                reference=tender.reference or f"{tender.gateway}-{tender.n}",
                gateway=tender.gateway,
                method=tender.method,
                amount=tender.amount.amount,
                at=order.placed_at,
            )
