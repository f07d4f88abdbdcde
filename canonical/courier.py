"""What the business has decided about couriers: whose labels the hub books, by whom, at which rate."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from canonical.base import Name, Value
from canonical.parcels import RateWish

DeliveryMail = Literal["out_for_delivery", "available_for_pickup", "delivered", "delivery_problem"]


class RatePolicy(Value):
    """Which rate is bought. `carriers` are written `CARRIER` or `CARRIER/SERVICE`, the best liked first."""

    prefer: Literal["price", "carrier"] = "price"
    """Within the promised time: the cheapest, or the first of `carriers` that has a rate."""
    carriers: tuple[Name, ...] = ()
    """Only these carriers; none named means any."""
    within_days: dict[Name, Annotated[int, Field(ge=0)]] = {}
    """Days that were promised, by delivery method; if no carrier keeps to that, the fastest is taken."""
    at_most: Annotated[Decimal, Field(gt=0)] | None = None
    """A dearer label is not bought: a person decides."""

    def wish(self, method: str) -> RateWish:
        """Return what is wanted for a delivery method."""
        return RateWish(
            prefer=self.prefer,
            carriers=self.carriers,
            within_days=self.within_days.get(method),
            at_most=self.at_most,
        )


class NodeLabels(Value):
    """A node whose labels the hub books."""

    broker: Name
    """The connector that books them."""
    channels: tuple[Name, ...] = ()
    """Only for orders of these channels; none named means all."""
    units_per_parcel: Annotated[int, Field(ge=1)] | None = None
    """A release is divided into parcels of at most so many units; otherwise it is one parcel."""
    collect: bool = False
    """A collection is booked for each parcel, once the node has accepted its release."""
    manifest: bool = False
    """A manifest is closed for each parcel as it leaves."""
    rates: RatePolicy | None = None
    """Instead of the channel's."""


class CourierPolicy(Value):
    """How parcels are sent. A node that is not named under `nodes` makes its own labels."""

    nodes: dict[Name, NodeLabels] = {}
    rates: RatePolicy = RatePolicy()
    channels: dict[Name, RatePolicy] = {}
    """Instead of `rates`, by channel."""
    label_format: Literal["PDF", "PNG", "ZPL", "EPL2"] = "PDF"
    assume_delivered_after_days: Annotated[float, Field(gt=0)] | None = 14
    """A parcel that was scanned on its way, and then no more, counts as delivered after so many days."""
    mails: tuple[DeliveryMail, ...] = ("available_for_pickup", "delivery_problem")
    """What the buyer is mailed of, once for each parcel and status: by default only what the buyer must know."""

    def labels_of(self, node: str, channel: str) -> NodeLabels | None:
        """Return how the hub books a node's labels; None where the node makes its own."""
        found = self.nodes.get(node)
        return None if found is None or (found.channels and channel not in found.channels) else found

    def wish(self, node: str, channel: str, method: str) -> RateWish:
        """Return what is wanted of a rate: by node, else by channel, else in general."""
        found = self.nodes.get(node)
        own = found.rates if found else None
        return (own or self.channels.get(channel, self.rates)).wish(method)
