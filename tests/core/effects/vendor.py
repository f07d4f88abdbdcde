"""A partner whose every answer is chosen by the test, with idempotency keys or without."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from canonical.commands import SendMail
from canonical.documents import AmendmentDocument
from core.clock import ManualClock
from core.engine.engine import Engine
from core.engine.work import Facts
from core.errors import OutcomeUnknownError, RetryableError
from core.ports import Answer, Effect, EffectContext, Outgoing
from tests.core.engine.script import Script

DEADLINE_S = 2.0
SETTLE_S = 10.0
SENDING = (
    "answered", "answer lost", "refused for now", "arrives late", "arrives last", "killed before", "killed after",
    "killed, arrives last", "webhook first",
)  # fmt: skip


class KilledError(BaseException):
    """The worker is gone: no `except Exception` of it sees this."""


@dataclass
class Vendor:
    """Takes effects. `done` counts what it did for each key; a request may arrive late, but not after settling."""

    clock: ManualClock
    script: Script
    keys: bool
    natural: bool = True
    """Its facts have names: the same in an answer, a webhook and a look-up."""
    settle_s: float = SETTLE_S
    """What it says; it may take `SETTLE_S`."""
    done: dict[str, int] = field(default_factory=dict[str, int])
    travelling: list[tuple[datetime, Effect]] = field(default_factory=list[tuple[datetime, Effect]])
    webhooks: list[Facts] = field(default_factory=list[Facts])
    sent: list[bytes] = field(default_factory=list[bytes])
    engine: Engine | None = None
    told: int = 0
    commands = frozenset({SendMail})
    deadline_s = DEADLINE_S

    def render(self, command: Any, context: EffectContext) -> Outgoing:
        return Outgoing(f"{command.key} at {context.now}".encode())

    def do(self, effect: Effect) -> None:
        """Take a request that has arrived."""
        self.sent.append(effect.outgoing.body)
        if not (self.keys and effect.key in self.done):
            self.done[effect.key] = self.done.get(effect.key, 0) + 1
            self.webhooks.append(Facts((self.fact(effect),)))

    def fact(self, effect: Effect) -> AmendmentDocument:
        self.told += 1
        name = effect.command.key if self.natural else f"{effect.command.key}/{self.told}"
        return AmendmentDocument(channel="shop", channel_ref="R-1", amendment_id=name, summary="done")

    def answer(self, effect: Effect) -> Answer:
        return Answer((self.fact(effect),), reference="ref-1")

    async def send(self, effect: Effect) -> Answer:
        fate = self.script.happens("send", *SENDING)
        if fate in {"answered", "answer lost", "killed after", "webhook first"}:
            self.do(effect)
        if fate == "webhook first":
            await self.tell()
        if "arrives" in fate:
            wait_s = 1.0 if "late" in fate else DEADLINE_S + SETTLE_S - 0.1
            self.travelling.append((self.clock.now() + timedelta(seconds=wait_s), effect))
        if fate.startswith("killed"):
            raise KilledError
        if fate == "refused for now":
            raise RetryableError("closed")
        if fate not in {"answered", "webhook first"}:
            raise OutcomeUnknownError("silence")
        return self.answer(effect)

    async def look_up(self, effect: Effect) -> Answer | None:
        fate = self.script.happens("look up", "answered", "silence", "killed")
        if fate == "killed":
            raise KilledError
        if fate == "silence":
            raise OutcomeUnknownError("silence")
        return self.answer(effect) if effect.key in self.done else None

    def arrive(self) -> None:
        """Take the requests whose time has come."""
        due = [pair for pair in self.travelling if pair[0] <= self.clock.now()]
        self.travelling = [pair for pair in self.travelling if pair[0] > self.clock.now()]
        for _, effect in due:
            self.do(effect)

    async def tell(self) -> None:
        """Send the webhooks that are due."""
        told, self.webhooks = self.webhooks, []
        assert self.engine is not None
        for facts in told:
            await self.engine.submit(self.engine.work("in.till", facts))
