"""From a channel's order document to the event that starts an order: shares divided, personal data left out."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from canonical.documents import DocumentLine, DocumentTax, OrderDocument
from canonical.events import OrderPlaced
from canonical.money import Money, allocate
from canonical.order import Discount, Line, Row, Shipping, Tax
from canonical.parties import Destination
from canonical.payment import Tender
from canonical.statuses import RowStatus


class UnknownItemError(KeyError):
    """A line names an item that is not known under its reference."""

    def __init__(self, line_id: str, reference: str) -> None:
        super().__init__(reference)
        self.line_id, self.reference = line_id, reference

    def __str__(self) -> str:
        return f"line {self.line_id} names {self.reference!r}: no item is known under that reference"


def place(document: OrderDocument, order_id: UUID, skus: Mapping[str, str]) -> OrderPlaced:
    """Return the event that `document` is. `skus` gives our SKU for each line's reference.

    Each line's share of the order's discounts is fixed here, for good: largest remainder by the line's value,
    ties by line order. Raises `UnknownItemError` for a reference without a SKU.
    """
    return OrderPlaced(
        order_id=order_id,
        occurred_at=document.placed_at,
        fact_key=f"placed:{document.channel}:{document.channel_ref}",
        channel=document.channel,
        channel_ref=document.channel_ref,
        source_version=document.source_version,
        type=document.type,
        placed_at=document.placed_at,
        currency=document.currency,
        prices_include_tax=document.prices_include_tax,
        language=document.language,
        destination=Destination(
            country=document.parties.ship_to.country,
            region=document.parties.ship_to.region,
        ),
        lines=_lines(document, skus),
        shipping=Shipping(
            method=document.shipping_method,
            amount=Money(amount=document.shipping_amount, currency=document.currency),
            taxes=_taxes(document.shipping_taxes, document.currency),
        ),
        total=Money(amount=document.total, currency=document.currency),
        tenders=tuple(
            Tender(
                n=n,
                gateway=tender.gateway,
                method=tender.method,
                reference=tender.reference,
                customer_reference=tender.customer_reference,
                may_reauthorise=tender.may_reauthorise,
                amount=Money(amount=tender.amount, currency=document.currency),
            )
            for n, tender in enumerate(document.tenders, start=1)
        ),
    )


def _lines(document: OrderDocument, skus: Mapping[str, str]) -> tuple[Line, ...]:
    currency = document.currency
    plain = [
        Line(
            id=line.id,
            sku=_sku(line, skus),
            title=line.title,
            ordered=line.quantity,
            unit_price=Money(amount=line.unit_price, currency=currency),
            discounts=tuple(
                Discount(code=d.code, amount=Money(amount=d.amount, currency=currency))
                for d in line.discounts
            ),
            taxes=_taxes(line.taxes, currency),
            rows=(Row(status=RowStatus.CREATED, quantity=line.quantity),),
            attributes=line.attributes,
        )
        for line in document.lines
    ]
    if not document.discounts:
        return tuple(plain)
    left = [max(line.goods().amount, Decimal(0)) for line in plain]
    shares: list[list[Discount]] = [[] for _ in plain]
    for discount in document.discounts:
        whole = Money(amount=discount.amount, currency=currency).rounded()
        # What earlier discounts left of a line bears the next one, so that no line falls below nothing by a cent.
        for i, part in enumerate(allocate(whole, left)):
            left[i] = max(left[i] - part.amount, Decimal(0))
            if part:
                shares[i].append(Discount(code=discount.code, amount=part))
    return tuple(
        line.replace(discounts=(*line.discounts, *share)) for line, share in zip(plain, shares, strict=True)
    )


def _sku(line: DocumentLine, skus: Mapping[str, str]) -> str:
    sku = skus.get(line.reference)
    if sku is None:
        raise UnknownItemError(line.id, line.reference)
    return sku


def _taxes(taxes: tuple[DocumentTax, ...], currency: str) -> tuple[Tax, ...]:
    return tuple(
        Tax(code=t.code, rate=t.rate, amount=Money(amount=t.amount, currency=currency)) for t in taxes
    )
