"""Writes requests to EasyPost: exact bytes, in its own units. Pure.

Every request that makes something carries the effect's key as `reference`, by which it is looked up: EasyPost has no
idempotency keys.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from canonical.commands import (
    BookCollection,
    BookLabel,
    BookReturnLabel,
    CancelCollection,
    CloseManifest,
    Command,
    VoidLabel,
)
from canonical.lines import ReleaseLine
from canonical.parties import Party
from connectors.easypost.settings import EasyPostSettings, Sender
from core.errors import RejectedError
from core.instructing import ship_to
from core.ports import EffectContext, Outgoing

Obj = dict[str, Any]

_GRAMS_PER_OUNCE = Decimal("28.349523125")
_CM_PER_INCH = Decimal("2.54")
_ONE_MARKET = frozenset(
    [
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT",
        "LU", "LV", "MC", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    ]
)  # fmt: skip
"""The customs union of the EU: between these no declaration is wanted."""
_LONGEST_PRINT = 30


def write_request(command: Command, context: EffectContext, settings: EasyPostSettings) -> Outgoing:
    """Return the request that an effect begins with."""
    match command:
        case BookLabel():
            return _outgoing("/shipments", {"shipment": _shipment(command, context, settings)})
        case VoidLabel():
            return _outgoing(f"/shipments/{command.reference}/refund", {})
        case BookCollection():
            return _outgoing("/pickups", {"pickup": _pickup(command, context, settings)})
        case CancelCollection():
            return _outgoing(f"/pickups/{command.reference}/cancel", {})
        case CloseManifest():
            return _outgoing("/scan_forms", {"scan_form": {"shipment": [{"id": command.reference}]}})
        case _:
            raise RejectedError(f"EasyPost takes no {type(command).__name__}", code="command")


def _outgoing(target: str, document: Obj) -> Outgoing:
    return Outgoing(json.dumps(document, sort_keys=True, ensure_ascii=False).encode(), target=target)


def _shipment(command: BookLabel, context: EffectContext, settings: EasyPostSettings) -> Obj:
    buyer, sender = ship_to(context), _sender(command.node, settings)
    returns = isinstance(command, BookReturnLabel)
    here, there = _ours(sender), _theirs(buyer)
    shipment: Obj = {
        "reference": command.key,
        # EasyPost swaps the two of a return by itself: the label leads from the buyer to the node.
        "from_address": here,
        "to_address": there,
        "is_return": returns,
        "parcel": _parcel(command.lines, context, settings),
        "options": {
            "label_format": command.label_format,
            "print_custom_1": context.order.channel_ref[:_LONGEST_PRINT],
        },
    }
    if settings.carrier_accounts:
        shipment["carrier_accounts"] = list(settings.carrier_accounts)
    if _crosses_a_border(sender.country, buyer.country):
        shipment["customs_info"] = _customs(command, context, settings, sender)
    return shipment


def _sender(node: str, settings: EasyPostSettings) -> Sender:
    sender = settings.senders.get(node)
    if sender is None:
        known = ", ".join(settings.senders)
        raise RejectedError(
            f"node {node} has no address: add it to the connector's senders, beside {known}", code="sender"
        )
    return sender


def _ours(sender: Sender) -> Obj:
    return {name: value for name, value in sender.model_dump().items() if value is not None}


def _theirs(party: Party) -> Obj:
    street1, street2 = party.address_lines[0] if party.address_lines else None, party.address_lines[1:]
    if street1 is None:
        raise RejectedError("the address has no street: correct it, then release the hold", code="address")
    address = {
        "name": party.name,
        "company": party.company,
        "street1": street1,
        "street2": ", ".join(street2) or None,
        "city": party.city,
        "state": party.region,
        "zip": party.postcode,
        "country": party.country,
        "phone": party.phone,
        "email": party.email,
    }
    return {name: value for name, value in address.items() if value is not None}


def _parcel(lines: Iterable[ReleaseLine], context: EffectContext, settings: EasyPostSettings) -> Obj:
    grams = sum(_unit_g(line.sku, context, settings) * line.quantity for line in lines) + settings.packaging_g
    parcel: Obj = {"weight": ounces(grams)}
    if settings.box is not None:
        sides = {
            "length": settings.box.length_cm,
            "width": settings.box.width_cm,
            "height": settings.box.height_cm,
        }
        parcel |= {name: _inches(side) for name, side in sides.items()}
    return parcel


def _unit_g(sku: str, context: EffectContext, settings: EasyPostSettings) -> int:
    item = context.items.get(sku)
    weight_g = item.weight_g if item is not None and item.weight_g else settings.default_weight_g
    if weight_g is None:
        reason = f"item {sku} has no weight: import it with weight_g, or set default_weight_g"
        raise RejectedError(reason, code="weight")
    return weight_g


def ounces(grams: int) -> float:
    """Return grams in ounces, to a tenth, never less: what weighs more than it says costs a correction."""
    return float((Decimal(grams) / _GRAMS_PER_OUNCE).quantize(Decimal("0.1"), ROUND_UP))


def _inches(cm: float) -> float:
    return float((Decimal(str(cm)) / _CM_PER_INCH).quantize(Decimal("0.1"), ROUND_UP))


def _crosses_a_border(here: str, there: str) -> bool:
    return here != there and not {here, there} <= _ONE_MARKET


def _customs(command: BookLabel, context: EffectContext, settings: EasyPostSettings, sender: Sender) -> Obj:
    if settings.customs_signer is None:
        reason = "this goes over a customs border: set customs_signer, or let the node make its own labels"
        raise RejectedError(reason, code="customs")
    items = [_customs_item(line, context, settings, sender) for line in command.lines]
    declaration: Obj = {
        "customs_certify": True,
        "customs_signer": settings.customs_signer,
        "contents_type": "returned_goods" if isinstance(command, BookReturnLabel) else "merchandise",
        "restriction_type": "none",
        "non_delivery_option": "return",
        "customs_items": items,
    }
    if sender.country == "US":
        declaration["eel_pfc"] = "NOEEI 30.37(a)"
    return declaration


def _customs_item(
    line: ReleaseLine, context: EffectContext, settings: EasyPostSettings, sender: Sender
) -> Obj:
    item, sold = context.items.get(line.sku), context.order.line(line.line_id)
    if item is None or item.customs_code is None:
        reason = f"item {line.sku} has no customs code, and this goes over a customs border: import it"
        raise RejectedError(reason, code="customs")
    worth = sold.unit_price * line.quantity
    return {
        "description": item.title or sold.title or line.sku,
        "quantity": line.quantity,
        "weight": ounces(_unit_g(line.sku, context, settings) * line.quantity),
        "value": str(worth.amount),
        "currency": worth.currency,
        "hs_tariff_number": item.customs_code,
        "origin_country": sender.country,
        "code": line.sku,
    }


def _pickup(command: BookCollection, context: EffectContext, settings: EasyPostSettings) -> Obj:
    wanted, zone = settings.collections, ZoneInfo(settings.collections.zone)
    day = context.now.astimezone(zone).date() + timedelta(days=1)
    earliest, latest = (
        datetime.combine(day, at, zone).astimezone(UTC).isoformat().replace("+00:00", "Z")
        for at in (wanted.earliest, wanted.latest)
    )
    return {
        "reference": command.key,
        "address": _ours(_sender(command.node, settings)),
        "shipment": {"id": command.reference},
        "min_datetime": earliest,
        "max_datetime": latest,
        "instructions": wanted.instructions,
        "is_account_address": False,
    }
