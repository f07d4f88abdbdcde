"""Releases and cancellations as files in the warehouse's outbox. Fills `core.ports.FulfilmentPoint`."""

import hashlib
from urllib.parse import quote

from canonical.commands import CancelRelease, Command, ReleaseInstruction, SubmitRelease
from connectors.warehouse.client import WarehouseClient
from connectors.warehouse.settings import WarehouseSettings
from core.connector import Mappings
from core.errors import DocumentError, RejectedError
from core.ports import Answer, Effect, EffectContext, Outgoing
from core.releasing import instruction_of

MEDIA_TYPE = "application/xml"
_LONGEST_NAME = 200


class WarehouseFulfilment:
    """One file per effect. Its name says what it is and for which release, so that a second upload is the same file."""

    commands: frozenset[type[Command]] = frozenset({SubmitRelease, CancelRelease})

    def __init__(self, settings: WarehouseSettings, mappings: Mappings, client: WarehouseClient) -> None:
        self._node, self._site = settings.node, settings.site or settings.node
        self._mappings, self._client, self._told = mappings, client, settings.told()
        self.deadline_s, self.settle_s = client.deadline_s, settings.settle_s

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        values = instruction_of(command, context, self._node, self._site)
        if isinstance(values, ReleaseInstruction):
            mapping, name = "warehouse/release", file_name("release", values.release_id)
        else:
            mapping, name = "warehouse/cancel", file_name("cancel", values.release_id, command.key)
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


def file_name(kind: str, release_id: str, key: str | None = None) -> str:
    """Return the name of the file for a release; `key` tells apart what may come several times for one release."""
    suffix = f"-{hashlib.sha256(key.encode()).hexdigest()[:8]}" if key else ""
    name = f"{kind}-{quote(release_id, safe='')}{suffix}.xml"
    if len(name) > _LONGEST_NAME:
        raise RejectedError(
            f"the release id {release_id[:50]!r}... is too long for a file name", code="document"
        )
    return name
