"""A channel's shelf that does as the test says, and keeps the promises of `StockSink`."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from core.clock import SystemClock
from core.errors import OutcomeUnknownError, RetryableError, UnauthorisedError
from core.ports import StockAnswer, StockOffer
from core.simulator import Faults, Ledger


@dataclass
class Shelf:
    """Shows what it was told. `gate`, where there is one, holds every telling up before it counts."""

    shown: dict[str, int] = field(default_factory=dict[str, int])
    most: int = 50
    deadline_s: float = 5.0
    settle_s: float = 0.0
    faults: Faults = field(default_factory=Faults)
    ledger: Ledger = field(default_factory=lambda: Ledger(SystemClock()))
    closed: bool = False
    password: str = "open sesame"
    errors: list[Exception] = field(default_factory=list[Exception])
    """What the next tellings end in, before they count."""
    later: set[str] = field(default_factory=set[str])
    """References that are put off once."""
    gate: asyncio.Event | None = None
    told: list[tuple[StockOffer, ...]] = field(default_factory=list[tuple[StockOffer, ...]])

    async def start(self) -> dict[str, Any]:
        self.closed = False
        return {}

    async def stop(self) -> None:
        self.closed = True

    async def tell(self, key: str, offers: Sequence[StockOffer]) -> StockAnswer:
        self.told.append(tuple(offers))
        if self.gate is not None:
            await self.gate.wait()
        if self.closed or self._strikes("busy", offers):
            raise RetryableError("closed")
        if self.password != "open sesame":
            raise UnauthorisedError("who are you?")
        if self.errors:
            raise self.errors.pop(0)
        if self._strikes("lost_before", offers):
            raise OutcomeUnknownError("silence")
        answer = self._take(offers)
        if self._strikes("lost_after", offers):
            raise OutcomeUnknownError("silence")
        return answer

    def _take(self, offers: Sequence[StockOffer]) -> StockAnswer:
        later, refused = dict[str, str](), dict[str, str]()
        for offer in offers:
            shown = self.shown.get(offer.reference)
            if shown is None:
                refused[offer.reference] = f"{offer.reference} is not sold here"
            elif offer.reference in self.later or self._sold_itself(offer, shown):
                self.later.discard(offer.reference)
                later[offer.reference] = "not now"
            elif shown != offer.quantity:
                self.shown[offer.reference] = offer.quantity
                self.ledger.write("changed", offer.reference, quantity=offer.quantity)
        return StockAnswer(later, refused)

    def _sold_itself(self, offer: StockOffer, shown: int) -> bool:
        return offer.attempt == 1 and offer.told is not None and shown not in {offer.told, offer.quantity}

    def _strikes(self, fault: str, offers: Sequence[StockOffer]) -> bool:
        return any(self.faults.strikes(fault, offer.reference) for offer in offers)
