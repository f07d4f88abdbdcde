"""Commands as interchanges: written by a mapping, numbered in the commit that stores them, left for the partner."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from canonical.commands import Command, SendInterchange
from core.connector import EdiPartner, Mappings
from core.errors import DocumentError, RejectedError
from core.ports import Answer, Effect, EffectContext, EffectPort, Outgoing


@dataclass(frozen=True, slots=True)
class Instruction:
    """One document to be written."""

    kind: str
    """The type of set or message: `850`, `ORDERS`."""
    mapping: str
    """Which mapping document writes it; one that `writes: x12` or `edifact`."""
    values: Any
    """What it is written from: the model that the mapping has as its `source`."""
    reference: str | None
    """The number of the business document, by which the partner's answers are known to be about it."""
    context: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the mapping asks for besides."""


Instruct = Callable[[Command, EffectContext], Instruction]
"""Says how a command is written. Pure. Raises `RejectedError` for what can't be said."""


class TradingPort:
    """The effect port of a connector whose partner takes interchanges. Fills `core.ports.EffectPort`.

    It carries out `SendInterchange` too: the acknowledgements that the hub owes, whose bytes are stored already. `way`
    is the port that sends stored bytes: as files, or as requests.
    """

    def __init__(
        self, partner: EdiPartner, mappings: Mappings, way: EffectPort, instruct: Instruct,
        commands: frozenset[type[Command]],
    ) -> None:  # fmt: skip
        self.commands = commands | {SendInterchange}
        self.deadline_s, self.settle_s = way.deadline_s, way.settle_s
        self._partner, self._mappings, self._instruct = partner, mappings, instruct
        self._way = way

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        if isinstance(command, SendInterchange):
            return self._way.render(command, context)
        wanted = self._instruct(command, context)
        try:
            tree = self._mappings.tree(wanted.mapping, wanted.values, wanted.context)
            draft = self._partner.draft_of(wanted.kind, tree, wanted.reference)
        except DocumentError as error:
            raise RejectedError(f"{wanted.mapping}: {error}", code="document") from error
        return Outgoing(b"", draft.media_type, draft=draft)

    async def send(self, effect: Effect) -> Answer:
        return await self._way.send(effect)

    async def look_up(self, effect: Effect) -> Answer | None:
        return await self._way.look_up(effect)
