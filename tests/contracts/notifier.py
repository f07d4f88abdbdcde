"""What every `Notifier` does. Subclass `NotifierContract` with the notifier's bench."""

import pytest

from canonical.commands import Command, SendMail
from canonical.money import Money
from canonical.parties import Parties
from core.errors import RejectedError
from core.ports import Effect
from tests.contracts.building import NOON, a_context, an_order, somebody
from tests.contracts.effect_port import Bench, EffectPortContract

TEMPLATES = (
    "order_confirmed", "payment_declined", "back_ordered", "shipment_dispatched", "order_cancelled",
    "out_for_delivery", "available_for_pickup", "delivered", "delivery_problem",
    "cancel_rejected",
)  # fmt: skip


class NotifierContract(EffectPortContract):
    """A buyer is mailed each thing once, but for an answer that was lost; nobody's address is in an error."""

    port_name = "Notifier"
    effects_when_answer_is_lost = 2

    def commands(self) -> tuple[Command, ...]:
        return (self.mail(),)

    def mail(self, template: str = "shipment_dispatched", key: str = "mail:W-1001:parcel-1") -> SendMail:
        """Return the wish to tell the buyer of the example order something."""
        return SendMail(
            order_id=an_order().id,
            connector="mailer",
            key=key,
            template=template,
            shipment_id="parcel-1",
            amount=Money.of("44.80", "EUR"),
            reason="the card was refused",
        )

    def delivered(self, bench: Bench, effect: Effect) -> list[bytes]:
        """Return the bytes that arrived for `effect`, oldest first."""
        raise NotImplementedError

    @pytest.mark.parametrize("template", TEMPLATES)
    @pytest.mark.parametrize("language", ["en", "de", "de-AT", "fr"])
    async def test_every_event_can_be_told_in_every_language(
        self, bench: Bench, template: str, language: str
    ) -> None:
        context = a_context(an_order(language=language))
        assert bench.port.render(self.mail(template), context).body

    async def test_a_resend_is_equal_to_the_byte(self, bench: Bench) -> None:
        effect = self._effect(bench, self.mail())
        for _ in range(2):
            await bench.port.send(effect)
        first, second = self.delivered(bench, effect)
        assert first == second

    async def test_an_erased_order_is_not_mailed(self, bench: Bench) -> None:
        context = a_context()
        erased = type(context)(context.order, None, nodes={}, items={}, now=NOON)
        with pytest.raises(RejectedError) as refused:
            bench.port.render(self.mail(), erased)
        assert refused.value.code == "erased"

    async def test_a_buyer_without_an_address_is_not_mailed(self, bench: Bench) -> None:
        nobody = somebody(email=None)
        with pytest.raises(RejectedError) as refused:
            bench.port.render(self.mail(), a_context(parties=Parties(buyer=nobody, ship_to=somebody())))
        assert refused.value.code == "no_address"

    async def test_an_unknown_template_is_refused_with_those_there_are(self, bench: Bench) -> None:
        with pytest.raises(RejectedError, match="order_confirmed"):
            bench.port.render(self.mail("order_lost"), a_context())

    async def test_no_error_names_an_address(self, bench: Bench) -> None:
        for address in (
            "a.customer@",
            "a b@example.com",
            "a@example.com\r\nBcc: b@example.org",
            "no at sign",
        ):
            parties = Parties(buyer=somebody(email=address), ship_to=somebody())
            with pytest.raises(RejectedError) as refused:
                bench.port.render(self.mail(), a_context(parties=parties))
            assert refused.value.code == "bad_address"
            assert address not in str(refused.value)
            assert "example" not in str(refused.value)
