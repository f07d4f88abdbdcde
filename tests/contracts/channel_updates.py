"""What every `ChannelUpdates` does. Subclass `ChannelUpdatesContract` with the channel's bench."""

from uuid import UUID

from canonical.commands import Command, TellChannelCancelled, TellChannelShipped, TellChannelStatus
from canonical.order import ReleaseLine
from core.ports import Effect
from tests.contracts.building import a_context, an_effect, an_order
from tests.contracts.effect_port import Bench, EffectPortContract


class ChannelUpdatesContract(EffectPortContract):
    """A channel is told each thing once, under the key that the hub gave it, and nothing about people."""

    port_name = "ChannelUpdates"
    status = "back_ordered"
    """A word of this channel's list."""

    def commands(self) -> tuple[Command, ...]:
        order_id: UUID = an_order().id
        pot = ReleaseLine(line_id="2", sku="POT", quantity=1)
        return (
            TellChannelShipped(
                order_id=order_id, connector="webstore", key="shipped:W-1001:parcel-1", shipment_id="parcel-1"
            ),
            TellChannelCancelled(
                order_id=order_id,
                connector="webstore",
                key="cancelled:W-1001:c-1",
                cancel_id="c-1",
                lines=(pot,),
                reason="the customer changed their mind",
            ),
            TellChannelStatus(
                order_id=order_id, connector="webstore", key="status:W-1001:1", status=self.status
            ),
        )

    def shipped_units(self, bench: Bench, effect: Effect) -> dict[str, int]:
        """Return the units by line that the channel believes to have left by `effect`."""
        raise NotImplementedError

    async def test_a_shipment_is_told_with_its_lines(self, bench: Bench) -> None:
        effect = self._effect(bench, self.commands()[0])
        await bench.port.send(effect)
        assert self.shipped_units(bench, effect) == {"1": 2}

    async def test_telling_twice_is_one_telling(self, bench: Bench) -> None:
        effect = self._effect(bench, self.commands()[0])
        for _ in range(2):
            await bench.port.send(effect)
        assert self.happened(bench, effect) == 1

    async def test_a_channel_is_told_nothing_about_people(self, bench: Bench) -> None:
        context = a_context()
        assert context.parties is not None
        for command in self.commands():
            said = bench.port.render(command, context).body.decode()
            assert context.parties.buyer.name not in said
            assert "a.customer@example.com" not in said

    async def test_two_keys_are_two_tellings(self, bench: Bench) -> None:
        first = self._effect(bench, self.commands()[0])
        other = TellChannelStatus(
            order_id=an_order().id, connector="webstore", key="status:W-1001:2", status=self.status
        )
        second = an_effect(other, bench.port.render(other, self.context()))
        for effect in (first, second):
            await bench.port.send(effect)
        assert self.happened(bench, first) == self.happened(bench, second) == 1
