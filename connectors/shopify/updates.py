"""Fills `ChannelUpdates`: parcels become fulfilments, cancelled units leave the order, words become tags.

What is rendered says what is meant, in the hub's words. By which fulfilment orders it is done only Shopify knows, and
is asked when it is sent: they move and split as the shop's staff likes. So whatever is sent is looked for first.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from canonical.commands import Command, TellChannelCancelled, TellChannelShipped, TellChannelStatus
from canonical.order import Order
from canonical.statuses import ChannelStatus, RowStatus
from connectors.shopify.client import Obj, ShopifyClient, order_in, user_errors
from connectors.shopify.documents import CANCEL, FULFIL, FULFILMENTS, JOB, REFUND, TAG, gid, number
from connectors.shopify.settings import ShopifySettings
from core.clock import Clock
from core.errors import OutcomeUnknownError, RejectedError, RetryableError
from core.ports import Answer, Effect, EffectContext, Outgoing

_OPEN = frozenset({"OPEN", "IN_PROGRESS", "SCHEDULED"})
_JOB_LOOK_S = 1.0
_LONGEST_NOTE = 200


class ShopifyUpdates:
    """Tells a shop what became of its order."""

    commands: frozenset[type[Command]] = frozenset(
        {TellChannelShipped, TellChannelCancelled, TellChannelStatus}
    )

    def __init__(self, settings: ShopifySettings, client: ShopifyClient, clock: Clock) -> None:
        self._client, self._clock, self._notify = client, clock, settings.notify_customer
        self.deadline_s, self.settle_s = settings.deadline_s, settings.settle_s

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        """Write what the shop is to know; nothing in it is about people."""
        kind, said = _meaning(command, context.order)
        body = {"order": gid("Order", context.order.channel_ref), "notify": self._notify, **said}
        return Outgoing(json.dumps(body, sort_keys=True).encode(), target=kind)

    async def send(self, effect: Effect) -> Answer:
        """Do what is not done yet."""
        try:
            async with asyncio.timeout(self._clock.real_seconds(self.deadline_s)):
                return await self._send(effect)
        except TimeoutError as error:
            raise OutcomeUnknownError(f"Shopify was not done within {self.deadline_s:g} s") from error

    async def look_up(self, effect: Effect) -> Answer | None:
        """Ask the order whether it shows what it was told."""
        said = json.loads(effect.outgoing.body)
        try:
            async with asyncio.timeout(self._clock.real_seconds(self.deadline_s)):
                order = await self._order(said["order"])
        except TimeoutError as error:
            message = f"Shopify did not say within {self.deadline_s:g} s what became of it"
            raise RetryableError(message) from error
        shows = {
            "shipped": lambda: not _still_to_ship(said, order),
            "cancelled": lambda: order["cancelledAt"] is not None,
            "taken_off": lambda: order["cancelledAt"] is not None or _has_note(effect, order),
            "tagged": lambda: said["tag"] in order["tags"],
        }
        return Answer(reference=said["order"]) if shows[effect.outgoing.target]() else None

    async def _send(self, effect: Effect) -> Answer:
        said = json.loads(effect.outgoing.body)
        order = await self._order(said["order"])
        match effect.outgoing.target:
            case "shipped":
                await self._fulfil(said, order)
            case "cancelled":
                await self._cancel(effect, said, order)
            case "taken_off":
                await self._take_off(effect, said, order)
            case _:
                tags = {"id": said["order"], "tags": [said["tag"]]}
                payload = (await self._client.change(TAG, tags))["tagsAdd"]
                _refuse(user_errors(payload))
        return Answer(reference=said["order"])

    async def _order(self, order_id: str) -> Obj:
        order = order_in(await self._client.ask(FULFILMENTS, {"id": order_id}))
        if order is None:
            raise RejectedError(f"Shopify has no order {number(order_id)}", code="not_found")
        return order

    async def _fulfil(self, said: Obj, order: Obj) -> None:
        """Fulfil what is not fulfilled under this parcel's number yet, one location after the other."""
        missing = _still_to_ship(said, order)
        for lines_by_order in _by_location(missing, order).values():
            tracking = {"number": said["tracking"], "company": said["carrier"]} if said["tracking"] else None
            wanted = {
                "lineItemsByFulfillmentOrder": [
                    {"fulfillmentOrderId": one, "fulfillmentOrderLineItems": lines}
                    for one, lines in lines_by_order.items()
                ],
                "notifyCustomer": said["notify"],
                **({"trackingInfo": tracking} if tracking else {}),
            }
            payload = (await self._client.change(FULFIL, {"fulfillment": wanted}))["fulfillmentCreate"]
            _refuse(user_errors(payload))

    async def _cancel(self, effect: Effect, said: Obj, order: Obj) -> None:
        """Cancel the whole order, and wait for the job that does so. The hub moves the money itself."""
        if order["cancelledAt"] is not None:
            return
        wanted = {
            "id": said["order"], "reason": "OTHER", "notify": said["notify"],
            "note": f"orderhub {effect.key}: {said['reason']}"[:_LONGEST_NOTE],
        }  # fmt: skip
        payload = (await self._client.change(CANCEL, wanted))["orderCancel"]
        _refuse(user_errors(payload, "orderCancelUserErrors"))
        job = payload["job"]
        while not job["done"]:
            await self._clock.sleep(_JOB_LOOK_S)
            try:
                job = (await self._client.ask(JOB, {"id": job["id"]}))["job"]
            except RetryableError as error:
                raise OutcomeUnknownError(f"the cancellation is under way: {error}") from error

    async def _take_off(self, effect: Effect, said: Obj, order: Obj) -> None:
        """Take cancelled units off an order that goes on: a refund of goods that pays nothing."""
        if order["cancelledAt"] is not None or _has_note(effect, order):
            return
        wanted = {
            "orderId": said["order"],
            "note": f"{_note(effect)}: {said['reason']}"[:_LONGEST_NOTE],
            "notify": False,
            "refundLineItems": [
                {"lineItemId": gid("LineItem", line), "quantity": quantity, "restockType": "CANCEL"}
                for line, quantity in sorted(said["units"].items())
            ],
        }
        key = str(uuid5(NAMESPACE_URL, effect.key))
        payload = (await self._client.change(REFUND, {"input": wanted, "key": key}))["refundCreate"]
        _refuse(user_errors(payload))


def _meaning(command: Command, order: Order) -> tuple[str, dict[str, Any]]:
    """Return what kind of telling a command is, and what it says."""
    match command:
        case TellChannelShipped():
            parcel = next((one for one in order.shipments if one.id == command.shipment_id), None)
            if parcel is None:
                message = f"the order has no parcel {command.shipment_id}"
                raise RejectedError(message, code="no_parcel")
            units = Counter[str]()
            for line in parcel.lines:
                units[line.line_id] += line.quantity
            return "shipped", {
                "units": dict(units),
                "tracking": parcel.tracking_number,
                "carrier": parcel.carrier,
            }
        case TellChannelCancelled():
            reason = command.reason
            if all(line.quantity(RowStatus.CANCELLED) == line.ordered for line in order.lines):
                return "cancelled", {"reason": reason}
            units = Counter[str]()
            for line in command.lines:
                units[line.line_id] += line.quantity
            return "taken_off", {"units": dict(units), "reason": reason}
        case TellChannelStatus() if command.status in set(ChannelStatus):
            return "tagged", {"tag": f"hub: {command.status.replace('_', ' ')}"}
        case TellChannelStatus():
            words = ", ".join(ChannelStatus)
            raise RejectedError(f"{command.status!r} is none of {words}", code="unknown_status")
        case _:
            message = f"shopify does not take {type(command).__name__}"
            raise RejectedError(message, code="unknown_command")


def _still_to_ship(said: Obj, order: Obj) -> dict[str, int]:
    """Return what of a parcel the shop does not show as sent yet, by line.

    A parcel is known by its tracking number; one without by its units, in a fulfilment without a number.
    """
    left = Counter[str](said["units"])
    for one in order["fulfillments"]:
        numbers = {info["number"] for info in one["trackingInfo"] if info["number"]}
        ours = said["tracking"] in numbers if said["tracking"] else not numbers
        if one["status"] == "CANCELLED" or not ours:
            continue
        for line in one["fulfillmentLineItems"]["nodes"]:
            left[number(line["lineItem"]["id"])] -= line["quantity"]
    return {line: quantity for line, quantity in left.items() if quantity > 0}


def _by_location(missing: Mapping[str, int], order: Obj) -> dict[str, dict[str, list[Obj]]]:
    """Divide units over the open fulfilment orders: location → fulfilment order → its lines.

    Raises `RejectedError` for units that none of them has.
    """
    left = dict(missing)
    found: dict[str, dict[str, list[Obj]]] = {}
    for one in order["fulfillmentOrders"]["nodes"]:
        if one["status"] not in _OPEN:
            continue
        location = str((one["assignedLocation"]["location"] or {"id": None})["id"])
        for line in one["lineItems"]["nodes"]:
            taken = min(left.get(number(line["lineItem"]["id"]), 0), line["remainingQuantity"])
            if taken > 0:
                left[number(line["lineItem"]["id"])] -= taken
                lines = found.setdefault(location, {}).setdefault(one["id"], [])
                lines.append({"id": line["id"], "quantity": taken})
    short = {line: quantity for line, quantity in left.items() if quantity}
    if short:
        said = ", ".join(f"{quantity} of line {line}" for line, quantity in sorted(short.items()))
        message = f"no open fulfilment order has {said}: look for a hold, or a fulfilment made at the shop"
        raise RejectedError(message, code="not_open")
    return found


def _note(effect: Effect) -> str:
    return f"orderhub {effect.key}"


def _has_note(effect: Effect, order: Obj) -> bool:
    return any(_note(effect) in str(refund["note"] or "") for refund in order["refunds"])


def _refuse(errors: list[Obj]) -> None:
    if errors:
        said = "; ".join(str(one.get("message")) for one in errors)
        raise RejectedError(f"Shopify refuses: {said}", code=str(errors[0].get("code") or "user_error"))
