"""An effect port as the engine calls it: an interchange is given its numbers, and what was rendered once is kept."""

from datetime import datetime

from canonical.commands import Command
from core.clock import Clock
from core.exchange.numbers import Numbers
from core.ports import Answer, Effect, EffectContext, EffectPort, Outgoing


class NumberedPort:
    """Fills `core.ports.EffectPort` with one whose `render` drafts interchanges."""

    def __init__(self, port: EffectPort, clock: Clock) -> None:
        self._port, self._clock = port, clock
        self.commands, self.deadline_s, self.settle_s = port.commands, port.deadline_s, port.settle_s
        self._stored: dict[str, tuple[int, datetime, Outgoing]] = {}

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        """Render, or return what was rendered at an earlier moment, as the store has it."""
        number, at, stored = self._stored.get(command.key, (len(self._stored) + 1, self._clock.now(), None))
        if stored is not None and at != self._clock.now():
            return stored
        outgoing = self._port.render(command, context)
        if outgoing.draft is not None:
            drawn = Numbers(number, (number,) * outgoing.draft.groups, (number,) * len(outgoing.draft.sets))
            outgoing = Outgoing(outgoing.draft.write(drawn), outgoing.media_type, outgoing.draft.name(drawn))
        self._stored[command.key] = (number, at, outgoing)
        return outgoing

    async def send(self, effect: Effect) -> Answer:
        return await self._port.send(effect)

    async def look_up(self, effect: Effect) -> Answer | None:
        return await self._port.look_up(effect)
