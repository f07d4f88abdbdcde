"""Commands as interchanges: written by a mapping, numbered in the commit that stores them, left for the partner."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from canonical.commands import Command, SendInterchange
from core.errors import DocumentError, RejectedError
from core.exchange.shapes import Draft
from core.ports import Answer, Effect, EffectContext, EffectPort, Outgoing


@dataclass(frozen=True, slots=True)
class Instruction:
    """One document to be written."""

    kind: str
    """The type of set or message: `850`, `ORDERS`."""
    mapping: str
    """Which mapping document writes it; one that `writes: x12`, `edifact` or `xml`, as the partner's standard is."""
    values: Any
    """What it is written from: the model that the mapping has as its `source`."""
    reference: str | None
    """The number of the business document, by which the partner's answers are known to be about it."""
    context: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the mapping asks for besides."""


Instruct = Callable[[Command, EffectContext], Instruction]
"""Says how a command is written. Pure. Raises `RejectedError` for what can't be said."""


Drafting = Callable[[Instruction], Draft]
"""Writes an instruction but for its control numbers. Pure. Raises `DocumentError` for what can't be written."""


class TradingPort:
    """The effect port of a connector whose partner takes interchanges or documents. Fills `core.ports.EffectPort`.

    It carries out `SendInterchange` too: the acknowledgements that the hub owes, whose bytes are stored already. `way`
    is the port that sends stored bytes, as files or as requests; `as_sent` adds what must not be stored.
    """

    def __init__(
        self, drafting: Drafting, way: EffectPort, instruct: Instruct, commands: frozenset[type[Command]],
        as_sent: Callable[[bytes], bytes],
    ) -> None:  # fmt: skip
        self.commands = commands | {SendInterchange}
        self.deadline_s, self.settle_s = way.deadline_s, way.settle_s
        self._drafting, self._instruct, self._way, self._as_sent = drafting, instruct, way, as_sent

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        if isinstance(command, SendInterchange):
            return self._way.render(command, context)
        wanted = self._instruct(command, context)
        try:
            draft = self._drafting(wanted)
        except DocumentError as error:
            raise RejectedError(f"{wanted.mapping}: {error}", code="document") from error
        return Outgoing(b"", draft.media_type, draft=draft)

    async def send(self, effect: Effect) -> Answer:
        return await self._way.send(self._whole(effect))

    async def look_up(self, effect: Effect) -> Answer | None:
        return await self._way.look_up(self._whole(effect))

    def _whole(self, effect: Effect) -> Effect:
        """Return an effect with the bytes that leave: those that are stored, and the secrets that never are."""
        outgoing = effect.outgoing
        return replace(effect, outgoing=replace(outgoing, body=self._as_sent(outgoing.body)))
