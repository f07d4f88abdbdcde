"""Telling the channel and the buyer, as far as the channel's policy lets the hub speak."""

from collections.abc import Iterator

from canonical.commands import Command, SendMail, TellChannelCancelled, TellChannelShipped, TellChannelStatus
from canonical.money import Money
from canonical.order import Order, ReleaseLine
from canonical.policy import Policy
from canonical.statuses import ChannelStatus


def status(
    order: Order,
    policy: Policy,
    word: ChannelStatus,
    discriminator: str,
    reason: str = "",
) -> Iterator[Command]:
    """Tell the channel a word about its order. One word and discriminator is one telling."""
    if policy.channel(order.channel).tell:
        yield TellChannelStatus(
            order_id=order.id,
            connector=order.channel,
            key=f"tell:{order.id}:{word.value}:{discriminator}",
            status=word.value,
            reason=reason,
        )


def shipped(order: Order, policy: Policy, shipment_id: str) -> Iterator[Command]:
    """Tell the channel that a parcel left."""
    if policy.channel(order.channel).tell:
        yield TellChannelShipped(
            order_id=order.id,
            connector=order.channel,
            key=f"tell:{order.id}:shipped:{shipment_id}",
            shipment_id=shipment_id,
        )


def cancelled(
    order: Order,
    policy: Policy,
    cancel_id: str,
    lines: tuple[ReleaseLine, ...],
    reason: str,
) -> Iterator[Command]:
    """Tell the channel which units were cancelled just now. The order's version tells one telling from the next."""
    asked = order.cancellation
    if asked is not None and asked.id == cancel_id and asked.by_channel:
        return
    if lines and policy.channel(order.channel).tell:
        yield TellChannelCancelled(
            order_id=order.id,
            connector=order.channel,
            key=f"tell:{order.id}:cancelled:{cancel_id}:{order.version}",
            cancel_id=cancel_id,
            lines=lines,
            reason=reason,
        )


def mail(
    order: Order,
    policy: Policy,
    template: str,
    discriminator: str,
    *,
    shipment_id: str | None = None,
    amount: Money | None = None,
    reason: str = "",
) -> Iterator[Command]:
    """Mail the buyer. One template and discriminator is one mail."""
    if policy.channel(order.channel).mail:
        yield SendMail(
            order_id=order.id,
            connector=policy.notifier,
            key=f"mail:{order.id}:{template}:{discriminator}",
            template=template,
            shipment_id=shipment_id,
            amount=amount,
            reason=reason,
        )
