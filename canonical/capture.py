"""From a channel's order document to the event that starts an order: shares divided, personal data left out."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from canonical.documents import DocumentLine, DocumentTax, OrderDocument
from canonical.events import Event, OrderPlaced, PendingEnded
from canonical.money import Money, allocate
from canonical.order import Charge, Discount, Line, Order, Row, Shipping, Tax
from canonical.payment import Tender
from canonical.statuses import RowStatus


class UnknownItemError(KeyError):
    """A line names an item that is not known under its reference."""

    def __init__(self, line_id: str, reference: str) -> None:
        super().__init__(reference)
        self.line_id, self.reference = line_id, reference

    def __str__(self) -> str:
        return f"line {self.line_id} names {self.reference!r}: no item is known under that reference"


class LinesChangedError(ValueError):
    """A pending order came back with other goods, or in another currency."""


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
        destination=document.goes_to(),
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
        pending=document.pending,
        deadlines=document.deadlines,
        review=document.review,
    )


def told(document: OrderDocument, order: Order | None, order_id: UUID, skus: Mapping[str, str]) -> Event:
    """Return what an order document means for `order`: it is placed, or it is pending no more.

    Told again for any other order, it is the placing once more, whose fact is known. Raises `LinesChangedError` for a
    pending order that comes back with other goods.
    """
    placed = place(document, order_id, skus)
    if order is None or not order.pending or document.pending:
        return placed
    before, after = (
        [(line.id, line.sku, line.ordered) for line in some] for some in (order.lines, placed.lines)
    )
    if before != after or placed.currency != order.currency:
        raise LinesChangedError(
            f"while it was pending the order had {_said(order.currency, before)}, and now "
            f"{_said(placed.currency, after)}: cancel it by hand at the channel or here"
        )
    return PendingEnded(
        order_id=order_id,
        occurred_at=document.occurred_at,
        fact_key=f"paid:{document.channel}:{document.channel_ref}",
        destination=placed.destination,
        prices_include_tax=placed.prices_include_tax,
        lines=placed.lines,
        shipping=placed.shipping,
        total=placed.total,
        tenders=placed.tenders,
        deadlines=placed.deadlines,
        review=placed.review,
    )


def _said(currency: str, lines: list[tuple[str, str, int]]) -> str:
    return (
        ", ".join(f"line {line_id}: {ordered} × {sku}" for line_id, sku, ordered in lines) + f" in {currency}"
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
            charges=tuple(
                Charge(code=c.code, amount=Money(amount=c.amount, currency=currency)) for c in line.charges
            ),
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
        Tax(
            code=t.code,
            rate=t.rate,
            amount=Money(amount=t.amount, currency=currency),
            collected_by=t.collected_by,
        )
        for t in taxes
    )
