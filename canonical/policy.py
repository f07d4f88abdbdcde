"""What the business has decided: the settings that the rules consult. Every one has a default."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from canonical.base import Name, Value
from canonical.courier import CourierPolicy
from canonical.fraud_policy import FraudPolicy
from canonical.supplier_policy import SupplierPolicy


class PaymentPolicy(Value):
    """How money is taken."""

    split_capture: Literal["last_shipment", "first_shipment_full", "reauthorise_remainder"] = "last_shipment"
    """What to do with several parcels where the gateway allows one capture only."""
    shipping_with: Literal["first_shipment", "last_shipment"] = "first_shipment"
    cancel_unpaid_after_h: Annotated[int, Field(gt=0)] = 72
    """An order whose payment was declined is cancelled after this many hours."""


class StockPolicy(Value):
    """What happens when stock is short."""

    back_order: bool = True
    """Short lines wait for stock; otherwise they are cancelled at once."""
    ship_partial: bool = True
    """What is there is sent while the rest is back-ordered; otherwise an order waits until all of it is there."""
    cancel_back_order_after_days: Annotated[int, Field(gt=0)] = 30


class SourcingPolicy(Value):
    """How nodes are chosen."""

    max_splits: Annotated[int, Field(ge=1, le=10)] = 2
    min_parcel_value: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    """A parcel of a split order is worth at least this much, in the order's currency."""


class ChannelPolicy(Value):
    """How one channel is treated."""

    hold_for_review_above: Decimal | None = None
    """Orders above this total, in their own currency, wait for a person."""
    tell: bool = True
    """The channel is told of shipments and cancellations."""
    mail: bool = True
    """The buyer is mailed by the hub (a marketplace does that itself)."""
    refunds: Literal["channel", "here"] = "channel"
    """Who pays back what the channel has been paid for goods that are cancelled: the channel, which is told of the
    cancellation, or the hub, through the gateway that the payment names (a connector that can pay back)."""
    offer: Literal["references", "items", "nothing"] = "references"
    """Whose stock the channel is told, where its connector takes stock: of the items that it has a reference for, of
    all items (by their SKU where it has no reference), or of none."""
    stock_buffer: Annotated[int, Field(ge=0)] = 0
    """So many units of each item are kept back from this channel."""

    def share(self, available: int) -> int:
        """Return what of the units that may be promised this channel may promise; never below nothing."""
        return max(0, available - self.stock_buffer)


class Policy(Value):
    """All of them."""

    payment: PaymentPolicy = PaymentPolicy()
    stock: StockPolicy = StockPolicy()
    sourcing: SourcingPolicy = SourcingPolicy()
    courier: CourierPolicy = CourierPolicy()
    fraud: FraudPolicy = FraudPolicy()
    suppliers: SupplierPolicy = SupplierPolicy()
    channels: dict[Name, ChannelPolicy] = {}
    notifier: Name = "mailer"
    """The connector that mails buyers."""

    def channel(self, name: str) -> ChannelPolicy:
        """Return the policy of a channel: its own, or the defaults."""
        return self.channels.get(name, _DEFAULT_CHANNEL)


_DEFAULT_CHANNEL = ChannelPolicy()
