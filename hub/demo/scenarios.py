"""What may become of an order in the demo, and what each partner's ledger must then show. Pure.

An expectation speaks only of what partners did: money in the gateway's ledger, goods in the warehouses', mails in
the mail server's, news in the shop's. Whatever the hub thinks of itself does not count.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """How an order ends, as its customer would tell it."""

    SHIPPED = "shipped"
    PAID_BY_STORED_CARD = "paid_by_stored_card"
    SOLD_AT_A_TILL = "sold_at_a_till"
    DECLINED = "declined"
    SENT_FROM_TWO_NODES = "sent_from_two_nodes"
    SENT_IN_TWO_PARCELS = "sent_in_two_parcels"
    WAITED_FOR_STOCK = "waited_for_stock"
    REFUSED_THEN_SENT_ELSEWHERE = "refused_then_sent_elsewhere"
    REVIEWED_THEN_SHIPPED = "reviewed_then_shipped"
    CANCELLED_BEFORE_RELEASE = "cancelled_before_release"
    CANCELLED_AT_THE_WAREHOUSE = "cancelled_at_the_warehouse"
    CANCELLED_TOO_LATE = "cancelled_too_late"
    RETURNED = "returned"
    TURNED_AWAY_AT_THE_DOOR = "turned_away_at_the_door"
    SOLD_ON_SHOPIFY = "sold_on_shopify"
    PAID_AT_SHOPIFYS_CHECKOUT = "paid_at_shopifys_checkout"
    PAID_LATER_ON_SHOPIFY = "paid_later_on_shopify"
    REFUNDED_BY_SHOPIFYS_STAFF = "refunded_by_shopifys_staff"
    CANCELLED_BY_SHOPIFYS_STAFF = "cancelled_by_shopifys_staff"
    EDITED_BY_SHOPIFYS_STAFF = "edited_by_shopifys_staff"
    SOLD_AT_AMAZON = "sold_at_amazon"
    PAID_LATER_AT_AMAZON = "paid_later_at_amazon"
    SENT_BY_AMAZON = "sent_by_amazon"
    CANCELLED_BEFORE_AMAZON_WAS_PAID = "cancelled_before_amazon_was_paid"
    CANCEL_WANTED_AT_AMAZON = "cancel_wanted_at_amazon"
    SCREENED_AND_CLEARED = "screened_and_cleared"
    CLEARED_BY_A_PERSON = "cleared_by_a_person"
    REJECTED_FOR_FRAUD = "rejected_for_fraud"
    NO_DECISION_IN_TIME = "no_decision_in_time"
    DELIVERED_BY_COURIER = "delivered_by_courier"
    DELIVERED_AT_THE_SECOND_ATTEMPT = "delivered_at_the_second_attempt"
    LOST_BY_THE_COURIER = "lost_by_the_courier"
    LEFT_AT_A_PARCEL_SHOP = "left_at_a_parcel_shop"
    NEVER_SCANNED_AS_DELIVERED = "never_scanned_as_delivered"
    LABEL_GIVEN_BACK = "label_given_back"
    SENT_BY_A_SUPPLIER = "sent_by_a_supplier"
    SENT_BY_A_SUPPLIER_AND_A_WAREHOUSE = "sent_by_a_supplier_and_a_warehouse"
    CANCELLED_AT_A_SUPPLIER = "cancelled_at_a_supplier"
    OVERCHARGED_BY_A_SUPPLIER = "overcharged_by_a_supplier"
    SENT_BY_A_3PL = "sent_by_a_3pl"
    CANCELLED_AT_A_3PL = "cancelled_at_a_3pl"


class Money(StrEnum):
    """What becomes of the money at the gateway."""

    CAPTURED = "captured"
    VOIDED = "voided"
    DECLINED = "declined"
    NONE = "none"
    """The gateway never hears of it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What an outcome means for the partners' ledgers."""

    share: int
    """How many of a hundred orders end like this, roughly."""
    money: Money = Money.CAPTURED
    parcels: int = 1
    releases: int = 1
    """What warehouses and suppliers are asked to send."""
    invoices: int = 0
    """What suppliers charge."""
    mails: tuple[str, ...] = ("order_confirmed", "shipment_dispatched")
    told: tuple[str, ...] = ()
    """Statuses that the shop is told, beside shipments and cancellations."""
    told_cancelled: int = 0
    labels: int = 0
    """Labels that are bought for it, of which those that nothing leaves under are given back."""
    refunded_minor: int = 0
    """What is paid back, in the smallest unit."""
    fault: str | None = None
    """What this outcome itself puts on show."""
    more: dict[str, str] = field(default_factory=dict[str, str])


UNSCREENED = frozenset({Outcome.SOLD_AT_A_TILL, Outcome.DECLINED, Outcome.TURNED_AWAY_AT_THE_DOOR})
"""Nobody asks the fraud gateway about what a till was paid, and about what nobody pays for."""

SHAPES: dict[Outcome, Shape] = {
    Outcome.SHIPPED: Shape(share=34),
    Outcome.PAID_BY_STORED_CARD: Shape(share=7),
    Outcome.SOLD_AT_A_TILL: Shape(share=7, money=Money.NONE),
    Outcome.DECLINED: Shape(
        share=5, money=Money.DECLINED, parcels=0, releases=0, mails=("payment_declined",),
        told=("payment_declined",), fault="decline",
    ),
    Outcome.SENT_FROM_TWO_NODES: Shape(
        share=7, parcels=2, releases=2, labels=1,
        mails=("order_confirmed", "shipment_dispatched", "shipment_dispatched"),
    ),
    Outcome.SENT_IN_TWO_PARCELS: Shape(
        share=5, parcels=2, mails=("order_confirmed", "shipment_dispatched", "shipment_dispatched"),
    ),
    Outcome.WAITED_FOR_STOCK: Shape(
        share=5, mails=("back_ordered", "order_confirmed", "shipment_dispatched"), told=("back_ordered",),
        fault="shortage",
    ),
    Outcome.REFUSED_THEN_SENT_ELSEWHERE: Shape(share=5, releases=2, labels=1, fault="refusal"),
    Outcome.REVIEWED_THEN_SHIPPED: Shape(share=5),
    Outcome.CANCELLED_BEFORE_RELEASE: Shape(
        share=5, money=Money.VOIDED, parcels=0, releases=0, mails=("order_cancelled",), told_cancelled=1,
    ),
    Outcome.CANCELLED_AT_THE_WAREHOUSE: Shape(
        share=4, money=Money.VOIDED, parcels=0, mails=("order_confirmed", "order_cancelled"), told_cancelled=1,
    ),
    Outcome.CANCELLED_TOO_LATE: Shape(
        share=4, mails=("order_confirmed", "shipment_dispatched", "cancel_rejected"), told=("cancel_rejected",),
    ),
    Outcome.RETURNED: Shape(share=4),
    Outcome.TURNED_AWAY_AT_THE_DOOR: Shape(
        share=3, money=Money.NONE, parcels=0, releases=0, mails=(), fault="refused_at_the_door",
    ),
    # Shopify mails its buyers itself.
    Outcome.SOLD_ON_SHOPIFY: Shape(share=12, mails=()),
    Outcome.PAID_AT_SHOPIFYS_CHECKOUT: Shape(share=5, mails=()),
    Outcome.PAID_LATER_ON_SHOPIFY: Shape(share=3, mails=()),
    Outcome.REFUNDED_BY_SHOPIFYS_STAFF: Shape(share=3, mails=(), refunded_minor=500),
    Outcome.CANCELLED_BY_SHOPIFYS_STAFF: Shape(
        share=3, money=Money.VOIDED, parcels=0, releases=0, mails=(),
    ),
    Outcome.EDITED_BY_SHOPIFYS_STAFF: Shape(
        share=2, money=Money.NONE, parcels=0, releases=0, mails=(), told=("amendment_received",), told_cancelled=1,
    ),
    # Amazon mails its buyers itself, and has their money before it tells an order.
    Outcome.SOLD_AT_AMAZON: Shape(share=8, money=Money.NONE, mails=()),
    Outcome.PAID_LATER_AT_AMAZON: Shape(share=4, money=Money.NONE, mails=()),
    Outcome.SENT_BY_AMAZON: Shape(share=3, money=Money.NONE, parcels=0, releases=0, mails=()),
    Outcome.CANCELLED_BEFORE_AMAZON_WAS_PAID: Shape(
        share=2, money=Money.NONE, parcels=0, releases=0, mails=(),
    ),
    Outcome.CANCEL_WANTED_AT_AMAZON: Shape(share=3, money=Money.NONE, parcels=0, mails=(), told_cancelled=1),
    Outcome.SCREENED_AND_CLEARED: Shape(share=4),
    Outcome.CLEARED_BY_A_PERSON: Shape(share=3),
    Outcome.REJECTED_FOR_FRAUD: Shape(
        share=3, money=Money.VOIDED, parcels=0, releases=0, mails=("order_cancelled",), told_cancelled=1,
    ),
    Outcome.NO_DECISION_IN_TIME: Shape(share=2, fault="no_decision"),
    # Only Leipzig has their goods, and Leipzig's labels are the hub's.
    Outcome.DELIVERED_BY_COURIER: Shape(share=4, labels=1),
    Outcome.DELIVERED_AT_THE_SECOND_ATTEMPT: Shape(
        share=2, labels=1, mails=("order_confirmed", "shipment_dispatched", "delivery_problem"),
    ),
    Outcome.LOST_BY_THE_COURIER: Shape(
        share=2, labels=1, mails=("order_confirmed", "shipment_dispatched", "delivery_problem"), fault="lost_parcel",
    ),
    Outcome.LEFT_AT_A_PARCEL_SHOP: Shape(
        share=2, labels=1, mails=("order_confirmed", "shipment_dispatched", "available_for_pickup"),
    ),
    Outcome.NEVER_SCANNED_AS_DELIVERED: Shape(share=2, labels=1),
    Outcome.LABEL_GIVEN_BACK: Shape(
        share=2, money=Money.VOIDED, parcels=0, labels=1, mails=("order_confirmed", "order_cancelled"),
        told_cancelled=1,
    ),
    # Only the supplier has their goods, and charges what it has sent.
    Outcome.SENT_BY_A_SUPPLIER: Shape(share=4, invoices=1),
    Outcome.SENT_BY_A_SUPPLIER_AND_A_WAREHOUSE: Shape(
        share=3, parcels=2, releases=2, invoices=1,
        mails=("order_confirmed", "shipment_dispatched", "shipment_dispatched"),
    ),
    Outcome.CANCELLED_AT_A_SUPPLIER: Shape(
        share=2, money=Money.VOIDED, parcels=0, mails=("order_confirmed", "order_cancelled"), told_cancelled=1,
    ),
    Outcome.OVERCHARGED_BY_A_SUPPLIER: Shape(share=2, invoices=1, fault="overcharge"),
    # Only Hamburg has their goods, a 3PL that speaks X12.
    Outcome.SENT_BY_A_3PL: Shape(share=4),
    Outcome.CANCELLED_AT_A_3PL: Shape(
        share=2, money=Money.VOIDED, parcels=0, mails=("order_confirmed", "order_cancelled"), told_cancelled=1,
    ),
}  # fmt: skip
