"""Interchanges as files: the effect port of whatever is sent with its bytes already stored."""

from canonical.commands import Command, SendInterchange
from core.errors import RejectedError
from core.ports import Answer, Effect, EffectContext, Outgoing
from core.transport.outbox import Outbox


class InterchangePort:
    """Leaves interchanges where the partner fetches them. Fills `core.ports.EffectPort`."""

    commands: frozenset[type[Command]] = frozenset({SendInterchange})

    def __init__(self, outbox: Outbox, deadline_s: float = 60.0, settle_s: float = 5.0) -> None:
        self._outbox = outbox
        self.deadline_s, self.settle_s = deadline_s, settle_s

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        message = f"{command.key} was stored with its bytes, and they are gone: their retention is over"
        raise RejectedError(message, code="no_bytes")

    async def send(self, effect: Effect) -> Answer:
        outgoing = effect.outgoing
        return Answer(reference=await self._outbox.deliver(outgoing.target, outgoing.body))

    async def look_up(self, effect: Effect) -> Answer | None:
        found = await self._outbox.find(effect.outgoing.target, effect.outgoing.body)
        return None if found is None else Answer(reference=found.path)
