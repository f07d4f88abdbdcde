"""A supplier in memory that keeps the port's promises: it keeps its own books, forgets no document, and tells once."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from canonical.commands import Command
from canonical.documents import Document, StockDocument, StockLine
from canonical.stock import StockBasis
from core.clock import Clock
from core.errors import OutcomeUnknownError, RejectedError, RetryableError, UnauthorisedError
from core.ports import PORT_COMMANDS, Answer, Effect, EffectContext, Outgoing
from core.purchasing import instruction_of
from core.simulator import Faults, Ledger

SECRET = "acme-door-key"


class Acme:
    """The partner: documents by their names, stock, and a letter box of what it has to tell."""

    def __init__(self, clock: Clock, ledger: Ledger, faults: Faults) -> None:
        self._clock, self.ledger, self.faults = clock, ledger, faults
        self.is_open = True
        self.has: dict[str, bytes] = {}
        self.stock = {"CUP": 100, "POT": 100}
        self.letters: list[Document] = []
        self.numbers = iter(range(1, 1_000))

    async def start(self) -> dict[str, Any]:
        """Open the door."""
        self.is_open = True
        return {"key": SECRET}

    async def stop(self) -> None:
        """Close it; what is inside stays."""
        self.is_open = False

    def take(self, name: str, body: bytes, key: str) -> None:
        """Take a document in; one that is there already is the same."""
        if name not in self.has:
            self.has[name] = body
            self.ledger.write("document", key, name=name)

    def tell(self, *documents: Document) -> None:
        """Put documents into the letter box."""
        self.letters.extend(documents)

    def collected(self) -> tuple[Document, ...]:
        """Empty the letter box."""
        told, self.letters = tuple(self.letters), []
        return told

    def report(self) -> StockDocument:
        """Return what it has, now."""
        lines = tuple(StockLine(sku=sku, quantity=n) for sku, n in self.stock.items())
        return StockDocument(node="acme", basis=StockBasis.AVAILABLE, as_of=self._clock.now(), lines=lines)


class AcmePort:
    """The port to it. A document's name is what it is about, so that a second sending is the same document."""

    commands: frozenset[type[Command]] = PORT_COMMANDS["Supplier"]
    deadline_s = 1.0
    settle_s = 0.0

    def __init__(self, partner: Acme, key: str = SECRET) -> None:
        self._partner, self._key = partner, key

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        instruction = instruction_of(command, context, "acme")
        return Outgoing(
            instruction.model_dump_json().encode(), target=f"{type(command).__name__}:{command.key}"
        )

    async def send(self, effect: Effect) -> Answer:
        with self._call(effect):
            self._partner.take(effect.outgoing.target, effect.outgoing.body, effect.key)
        await asyncio.sleep(0)
        return Answer(reference=effect.outgoing.target)

    async def look_up(self, effect: Effect) -> Answer | None:
        if not self._partner.is_open:
            raise RetryableError("acme is closed")
        return (
            Answer(reference=effect.outgoing.target) if effect.outgoing.target in self._partner.has else None
        )

    @contextmanager
    def _call(self, effect: Effect) -> Iterator[None]:
        """Let a call go wrong as its faults say, before or after the partner has done it."""
        faults = self._partner.faults
        if not self._partner.is_open or faults.strikes("busy", effect.key):
            raise RetryableError("acme is closed")
        if self._key != SECRET:
            raise UnauthorisedError("acme does not know us")
        if faults.strikes("refused", effect.key):
            raise RejectedError("acme has no account for us", code="account")
        if faults.strikes("lost_before", effect.key):
            raise OutcomeUnknownError("no answer")
        yield
        if faults.strikes("lost_after", effect.key):
            raise OutcomeUnknownError("no answer")
