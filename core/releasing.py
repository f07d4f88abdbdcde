"""From a command about a release to what is written to the node: the same for every kind of connector."""

import re
from collections.abc import Iterator

from pydantic import ValidationError

from canonical.commands import (
    CancelInstruction,
    CancelRelease,
    Command,
    InstructedLine,
    InstructedParcel,
    ReleaseInstruction,
    SubmitRelease,
)
from canonical.parties import Party
from core.errors import RejectedError
from core.instructing import only_for, ship_to, unwritable
from core.ports import EffectContext

_UNSAYABLE = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
"""Control characters, half characters and noncharacters: what customers paste, and no document can hold."""


def instruction_of(
    command: Command, context: EffectContext, node: str, site: str
) -> ReleaseInstruction | CancelInstruction:
    """Return a command with all that it refers to, for the node `node`, which its partner calls `site`. Pure.

    Raises `RejectedError` for what can't be said: a command of another port or for another node, and a release whose
    people were erased.
    """
    match command:
        case SubmitRelease():
            only_for(node, command.node)
            return _release(command, context, site)
        case CancelRelease():
            only_for(node, command.node)
            return CancelInstruction(release_id=command.release_id, node=site, created_at=context.now)
        case _:
            raise RejectedError(f"a warehouse takes no {type(command).__name__}", code="command")


def _release(command: SubmitRelease, context: EffectContext, site: str) -> ReleaseInstruction:
    order, buyer = context.order, ship_to(context)
    try:
        return ReleaseInstruction(
            release_id=command.release_id,
            node=site,
            channel=order.channel,
            channel_ref=order.channel_ref,
            shipping_method=order.shipping.method,
            created_at=context.now,
            ship_to=cleaned(buyer),
            lines=tuple(_lines(command, context)),
            parcels=tuple(_parcels(command, context)),
        )
    except ValidationError as error:
        raise unwritable("the release can't be written", error) from None


def cleaned(party: Party) -> Party:
    """Return a party whose texts any document can hold: what can't be printed becomes a space."""
    texts = {
        name: _clean(value) or None if isinstance(value, str) else value
        for name, value in party.__dict__.items()
        if name != "address_lines"
    }
    lines = tuple(line for line in map(_clean, party.address_lines) if line)
    return party.replace(**{**texts, "name": texts["name"] or "", "address_lines": lines})


def _clean(text: str) -> str:
    return _UNSAYABLE.sub(" ", text).strip()


def _lines(command: SubmitRelease, context: EffectContext) -> list[InstructedLine]:
    titles = {line.id: line.title for line in context.order.lines}
    lines: list[InstructedLine] = []
    for number, line in enumerate(command.lines, 1):
        item = context.items.get(line.sku)
        title = (item.title if item else "") or titles.get(line.line_id, "")
        weight_g = item.weight_g if item else None
        lines.append(
            InstructedLine(
                number=number,
                line_id=line.line_id,
                sku=line.sku,
                quantity=line.quantity,
                title=_clean(title),
                unit_weight_g=weight_g,
            )
        )
    return lines


def _parcels(command: SubmitRelease, context: EffectContext) -> Iterator[InstructedParcel]:
    """Yield the parcels that the node is to pack and label; none where it makes its own labels."""
    for parcel in context.order.parcels_of(command.release_id):
        if parcel.wanted and parcel.carrier and parcel.tracking_number:
            yield InstructedParcel(
                parcel_id=parcel.id,
                carrier=parcel.carrier,
                service=parcel.service or parcel.carrier,
                tracking_number=parcel.tracking_number,
            )
