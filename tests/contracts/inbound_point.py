"""What every `InboundPoint` does. Subclass `InboundPointContract` with the node's bench."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from canonical.commands import AnnounceInbound, Command
from canonical.documents import Document, InboundReceiptDocument
from canonical.inbound import InboundInstruction, InboundLine
from core.errors import RejectedError
from core.ports import EffectContext
from tests.contracts.building import NOON
from tests.contracts.effect_port import Bench, EffectPortContract
from tests.contracts.fulfilment_point import NODE, only

NUMBER = "ASN-7"
COMING = {"CUP": 20, "POT": 5}
NOBODY = EffectContext(None, None, nodes={}, items={}, now=NOON)


class InboundPointContract(EffectPortContract):
    """Goods are announced once, and each receipt of them comes back with what came of it, sound and damaged.

    The subclass starts its partner on a clock that stands still. Ten minutes are enough for all that comes to come.
    """

    port_name = "InboundPoint"

    # --- what the subclass says ---

    async def hear_for(self, bench: Bench, seconds: float) -> tuple[Document, ...]:
        """Let time pass, and return all that the partner tells meanwhile, read."""
        raise NotImplementedError

    def arrive(self, bench: Bench, number: str, lines: Mapping[str, int], damaged: Mapping[str, int]) -> None:
        """Have some more of an announcement come."""
        raise NotImplementedError

    # --- the example ---

    def commands(self) -> tuple[Command, ...]:
        return (self.announcement(),)

    def announcement(self, number: str = NUMBER, node: str = NODE) -> AnnounceInbound:
        """Return the word that twenty cups and five pots are on their way."""
        lines = tuple(InboundLine(sku=sku, quantity=units, title=f"A {sku}") for sku, units in COMING.items())
        instruction = InboundInstruction(
            number=number, node=node, created_at=NOON, expected_at=NOON, ship_from="A pottery", carrier="UPSN",
            lines=lines,
        )  # fmt: skip
        key = f"announce:{node}:{number}"
        return AnnounceInbound(order_id=UUID(int=7), connector=NODE, key=key, instruction=instruction)

    # --- the suite ---

    async def test_an_announcement_needs_no_order_and_nobody(self, bench: Bench) -> None:
        command = self.announcement()
        assert bench.port.render(command, NOBODY) == bench.port.render(command, self.context())

    async def test_what_was_announced_comes_and_is_told(self, bench: Bench) -> None:
        await bench.port.send(self._effect(bench, self.announcement()))
        (receipt,) = only(await self.hear_for(bench, 600), InboundReceiptDocument)
        assert (receipt.node, receipt.inbound) == (NODE, NUMBER)
        assert receipt.happened_at > NOON
        assert {line.sku: (line.quantity, line.damaged) for line in receipt.lines} == {
            "CUP": (20, 0),
            "POT": (5, 0),
        }

    async def test_one_that_is_made_twice_comes_once(self, bench: Bench) -> None:
        for _ in range(2):
            await bench.port.send(self._effect(bench, self.announcement()))
        assert len(only(await self.hear_for(bench, 600), InboundReceiptDocument)) == 1

    async def test_what_comes_later_has_a_receipt_of_its_own_and_says_what_is_damaged(
        self, bench: Bench
    ) -> None:
        await bench.port.send(self._effect(bench, self.announcement()))
        await self.hear_for(bench, 600)
        self.arrive(bench, NUMBER, {"CUP": 3}, {"CUP": 1})
        self.arrive(bench, NUMBER, {"POT": 2}, {})
        told = only(await self.hear_for(bench, 10), InboundReceiptDocument)
        assert len({receipt.number for receipt in told}) == 2
        assert [(line.sku, line.quantity, line.damaged) for one in told for line in one.lines] == [
            ("CUP", 3, 1),
            ("POT", 2, 0),
        ]

    async def test_an_announcement_to_another_node_is_refused(self, bench: Bench) -> None:
        with pytest.raises(RejectedError, match="elsewhere") as refused:
            bench.port.render(self.announcement(node="elsewhere"), NOBODY)
        assert refused.value.code == "node"
