"""Fills `ChannelUpdates`: shipments by a call of their own, acknowledgements and cancellations by feed."""

import json
from typing import Any
from urllib.parse import quote, unquote

from canonical.commands import Command, TellChannelCancelled, TellChannelShipped, TellChannelStatus
from canonical.statuses import ChannelStatus
from connectors.amazon import messages
from connectors.amazon.client import SpApiClient
from connectors.amazon.orders import get_order
from connectors.amazon.plain import each, obj
from connectors.amazon.reports import Report
from connectors.amazon.settings import AmazonSettings
from connectors.amazon.submissions import FeedDesk
from core.errors import OutcomeUnknownError, RejectedError
from core.ports import Answer, Effect, EffectContext, Outgoing

_XML = "application/xml"


class AmazonUpdates:
    """Tells Amazon what became of its order.

    A parcel is known by its number within the order, a message of a feed by the key that it travelled under; so both
    can be looked up. Amazon has no words for most of the hub's statuses: those are not told.
    """

    commands: frozenset[type[Command]] = frozenset(
        {TellChannelShipped, TellChannelCancelled, TellChannelStatus}
    )

    def __init__(self, settings: AmazonSettings, client: SpApiClient, desk: FeedDesk) -> None:
        self.deadline_s, self.settle_s = settings.deadline_s, settings.settle_s
        self._settings, self._client, self._desk = settings, client, desk

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        """Write the call's body, or the feed's message; nothing in them is about people."""
        order = context.order
        match command:
            case TellChannelShipped():
                body = messages.confirmation(command, order, self._settings.carriers)
                ref = quote(order.channel_ref, safe="")
                return Outgoing(body, target=f"/orders/v0/orders/{ref}/shipmentConfirmation")
            case TellChannelCancelled():
                feed_type, message = messages.cancellation(command, order)
                return Outgoing(message, _XML, target=feed_type)
            case TellChannelStatus(status=ChannelStatus.CONFIRMED) if self._settings.acknowledge:
                return Outgoing(messages.acknowledgement(order, command.key), _XML, messages.ACKNOWLEDGEMENT)
            case TellChannelStatus():
                return Outgoing(b"")
            case _:
                reason = f"amazon does not take {type(command).__name__}"
                raise RejectedError(reason, code="unknown_command")

    async def send(self, effect: Effect) -> Answer:
        """Confirm the shipment, or let the message travel by feed and wait for the report."""
        outgoing = effect.outgoing
        if not outgoing.body:
            return Answer(reference="not told: Amazon has no word for it")
        if isinstance(effect.command, TellChannelShipped):
            await self._client.call("confirmShipment", outgoing.target, body=outgoing.body)
            return Answer(reference=effect.key)
        return outcome(await self._desk.submit(outgoing.target, effect.key, outgoing.body), effect.key)

    async def look_up(self, effect: Effect) -> Answer | None:
        """Ask for the order's parcels, or for the feed's report."""
        outgoing = effect.outgoing
        if not outgoing.body:
            return None
        if isinstance(effect.command, TellChannelShipped):
            return await self._parcel(effect)
        report = await self._desk.find(outgoing.target, effect.key, effect.first_sent_at, harmless=True)
        if report is None:
            return None
        if not report.complete and report.against(messages.message_id(effect.key)) is None:
            await self._desk.forget(effect.key)  # to acknowledge or cancel once more does no harm
            return None
        return outcome(report, effect.key)

    async def _parcel(self, effect: Effect) -> Answer | None:
        ref, number = parcel_of(effect)
        try:
            found = await get_order(self._client, ref)
        except RejectedError:
            return None
        known = packages(found.text)
        if number in known:
            return Answer(reference=effect.key)
        if found.missing is not None and not known:
            raise OutcomeUnknownError(f"Amazon does not show the parcels of order {ref} just now")
        return None


def parcel_of(effect: Effect) -> tuple[str, str]:
    """Return the order's id and the parcel's number, from the request that was stored."""
    said: Any = json.loads(effect.outgoing.body)
    return unquote(effect.outgoing.target.split("/")[4]), str(said["packageDetail"]["packageReferenceId"])


def packages(text: str) -> frozenset[str]:
    """Return the numbers of the parcels that an order of Amazon's names."""
    shown = map(obj, each(obj(json.loads(text)).get("packages")))
    return frozenset(str(package.get("packageReferenceId")) for package in shown)


def outcome(report: Report, key: str) -> Answer:
    """Return a message's outcome by its feed's report; raise what `EffectPort` says."""
    refusal = report.against(messages.message_id(key))
    if refusal is not None:
        raise RejectedError(
            f"Amazon refuses it in feed {report.feed_id}: {refusal.reason}", code=refusal.code
        )
    if not report.complete:
        raise OutcomeUnknownError(
            f"feed {report.feed_id} was cut off: nobody knows what of it was carried out"
        )
    return Answer(reference=f"feed {report.feed_id}", body=report.body, media_type=_XML)
