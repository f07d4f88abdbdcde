"""An effect port as the engine calls it: what is an interchange is given its numbers, once for each effect."""

from canonical.commands import Command
from core.exchange.numbers import Numbers
from core.ports import Answer, Effect, EffectContext, EffectPort, Outgoing


class NumberedPort:
    """Fills `core.ports.EffectPort` with one whose `render` drafts interchanges."""

    def __init__(self, port: EffectPort) -> None:
        self._port = port
        self.commands, self.deadline_s, self.settle_s = port.commands, port.deadline_s, port.settle_s
        self._numbers: dict[str, int] = {}

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        outgoing = self._port.render(command, context)
        if outgoing.draft is None:
            return outgoing
        number = self._numbers.setdefault(command.key, len(self._numbers) + 1)
        drawn = Numbers(number, (number,) * outgoing.draft.groups, (number,) * len(outgoing.draft.sets))
        return Outgoing(outgoing.draft.write(drawn), outgoing.media_type, outgoing.draft.name(drawn))

    async def send(self, effect: Effect) -> Answer:
        return await self._port.send(effect)

    async def look_up(self, effect: Effect) -> Answer | None:
        return await self._port.look_up(effect)
