"""The webhooks that a shop receives: their words, and their bytes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from canonical.commands import Command, TellChannelCancelled, TellChannelShipped, TellChannelStatus
from canonical.order import Order, Shipment
from canonical.statuses import ChannelStatus, HoldType
from connectors.webstore.showing import words
from core.errors import RejectedError

STATUSES: Mapping[ChannelStatus, str] = {
    ChannelStatus.CONFIRMED: "The order is paid for and will be sent.",
    ChannelStatus.BACK_ORDERED: "Some units wait for stock.",
    ChannelStatus.PAYMENT_DECLINED: "The payment was refused: ask the customer to pay by other means.",
    ChannelStatus.CANCEL_REJECTED: "It was too late to cancel.",
    ChannelStatus.AMENDMENT_RECEIVED: "Somebody looks at the change that was asked for.",
    ChannelStatus.AMENDMENT_REJECTED: "The order could not be changed.",
    ChannelStatus.ON_HOLD: "The order waits; `reason` says for what.",
    ChannelStatus.REJECTED: "The order could not be taken.",
}
"""Every `status` of `order.status`, and what it means. A shop ignores one that it has no use for."""

_HOLDS = {hold.value: hold for hold in HoldType}
_VISIBLE = "!#$&'()*+,/:;=?@[]~"


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LineUnits(_Body):
    """Some units of a line, by the shop's own line id."""

    line: str
    sku: str
    quantity: Annotated[int, Field(gt=0)]


class Parcel(_Body):
    """A parcel that left. One order may have several."""

    id: str
    carrier: str | None
    tracking_number: str | None
    shipped_at: AwareDatetime
    lines: tuple[LineUnits, ...]


class Data(_Body):
    """What happened. `order_status` is the order's state at that moment; later webhooks may overtake."""

    order: str
    order_status: str
    version: int
    """Grows with every change of the order: a shop that saw a higher one knows better."""
    shipment: Parcel | None = None
    cancel_id: str | None = None
    status: ChannelStatus | None = None
    reason: str | None = None
    lines: tuple[LineUnits, ...] | None = None


class Webhook(_Body):
    """The body of every webhook."""

    type: Literal["order.shipped", "order.cancelled", "order.status", "hub.ping"]
    timestamp: AwareDatetime
    data: Data | None = None


def webhook_id(key: str) -> str:
    """Return an effect's key as a header can carry it; two keys never become one id."""
    return quote(key, safe=_VISIBLE)


def write(command: Command, order: Order, now: datetime) -> bytes:
    """Return the webhook that tells `command`; `RejectedError` for what can't be said."""
    return _webhook(command, order, now).model_dump_json(exclude_none=True).encode()


def ping(now: datetime) -> bytes:
    """Return a webhook that says nothing, to try the way there."""
    return Webhook(type="hub.ping", timestamp=now).model_dump_json(exclude_none=True).encode()


def _webhook(command: Command, order: Order, now: datetime) -> Webhook:
    data = Data(order=order.channel_ref, order_status=order.status().value, version=order.version)
    match command:
        case TellChannelShipped():
            shipment = order.shipment(command.shipment_id)
            if shipment is None:
                raise RejectedError(
                    f"the order has no shipment {command.shipment_id!r}", code="unknown_shipment"
                )
            shipped = data.model_copy(update={"shipment": _parcel(shipment)})
            return Webhook(type="order.shipped", timestamp=shipment.shipped_at, data=shipped)
        case TellChannelCancelled():
            lines = tuple(LineUnits(line=x.line_id, sku=x.sku, quantity=x.quantity) for x in command.lines)
            said = {"cancel_id": command.cancel_id, "reason": command.reason or None, "lines": lines}
            return Webhook(type="order.cancelled", timestamp=now, data=data.model_copy(update=said))
        case TellChannelStatus():
            said = {"status": _word(command.status), "reason": _reason(command) or None}
            return Webhook(type="order.status", timestamp=now, data=data.model_copy(update=said))
        case _:
            raise RejectedError(f"a shop is not told by {type(command).__name__}", code="command")


def _parcel(shipment: Shipment) -> Parcel:
    return Parcel(
        id=shipment.id,
        carrier=shipment.carrier,
        tracking_number=shipment.tracking_number,
        shipped_at=shipment.shipped_at,
        lines=tuple(LineUnits(line=x.line_id, sku=x.sku, quantity=x.quantity) for x in shipment.lines),
    )


def _word(status: str) -> ChannelStatus:
    try:
        return ChannelStatus(status)
    except ValueError:
        known = ", ".join(ChannelStatus)
        message = f"shops know no status {status!r}; they know {known}"
        raise RejectedError(message, code="unknown_status") from None


def _reason(command: TellChannelStatus) -> str:
    """Return the reason; a hold's name becomes words fit for customers."""
    is_hold = command.status == ChannelStatus.ON_HOLD and command.reason in _HOLDS
    return words(_HOLDS[command.reason]) if is_hold else command.reason
