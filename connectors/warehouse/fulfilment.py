"""Releases and cancellations as files in the warehouse's outbox. Fills `core.ports.FulfilmentPoint`."""

import hashlib
import re
from collections.abc import Iterator
from urllib.parse import quote

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
from connectors.warehouse.client import WarehouseClient
from connectors.warehouse.settings import WarehouseSettings
from core.connector import Mappings
from core.errors import DocumentError, RejectedError
from core.instructing import only_for, ship_to, unwritable
from core.ports import Answer, Effect, EffectContext, Outgoing

MEDIA_TYPE = "application/xml"
_LONGEST_NAME = 200
_UNSAYABLE = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
"""Control characters, half characters and noncharacters: what customers paste, and no document can hold."""


class WarehouseFulfilment:
    """One file per effect. Its name says what it is and for which release, so that a second upload is the same file."""

    commands: frozenset[type[Command]] = frozenset({SubmitRelease, CancelRelease})

    def __init__(self, settings: WarehouseSettings, mappings: Mappings, client: WarehouseClient) -> None:
        self._node, self._site = settings.node, settings.site or settings.node
        self._mappings, self._client, self._told = mappings, client, settings.told()
        self.deadline_s, self.settle_s = client.deadline_s, settings.settle_s

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        match command:
            case SubmitRelease():
                mapping, name = "warehouse/release", file_name("release", command.release_id)
                values: ReleaseInstruction | CancelInstruction = self._release(command, context)
            case CancelRelease():
                mapping, name = "warehouse/cancel", file_name("cancel", command.release_id, command.key)
                values = CancelInstruction(
                    release_id=command.release_id, node=self._site_of(command), created_at=context.now
                )
            case _:
                raise RejectedError(f"a warehouse takes no {type(command).__name__}", code="command")
        try:
            return Outgoing(self._mappings.write(mapping, values, self._told), MEDIA_TYPE, name)
        except DocumentError as error:
            raise RejectedError(str(error), code="document") from error

    async def send(self, effect: Effect) -> Answer:
        await self._client.outbox.deliver(effect.outgoing.target, effect.outgoing.body)
        return Answer(reference=effect.outgoing.target)

    async def look_up(self, effect: Effect) -> Answer | None:
        found = await self._client.outbox.find(effect.outgoing.target, effect.outgoing.body)
        return Answer(reference=effect.outgoing.target) if found else None

    def _release(self, command: SubmitRelease, context: EffectContext) -> ReleaseInstruction:
        order, buyer = context.order, ship_to(context)
        try:
            return ReleaseInstruction(
                release_id=command.release_id,
                node=self._site_of(command),
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

    def _site_of(self, command: SubmitRelease | CancelRelease) -> str:
        only_for(self._node, command.node)
        return self._site


def file_name(kind: str, release_id: str, key: str | None = None) -> str:
    """Return the name of the file for a release; `key` tells apart what may come several times for one release."""
    suffix = f"-{hashlib.sha256(key.encode()).hexdigest()[:8]}" if key else ""
    name = f"{kind}-{quote(release_id, safe='')}{suffix}.xml"
    if len(name) > _LONGEST_NAME:
        raise RejectedError(
            f"the release id {release_id[:50]!r}... is too long for a file name", code="document"
        )
    return name


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
