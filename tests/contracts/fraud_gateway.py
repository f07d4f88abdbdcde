"""What every `FraudGateway` does. Subclass `FraudGatewayContract` with the gateway's bench, once per command."""

from datetime import datetime
from typing import ClassVar

import pytest

from canonical.commands import Command, ReportToFraudGateway, ScreenOrder
from canonical.documents import Document, FraudDecisionDocument
from canonical.fraud import FraudReport, FraudVerdict
from canonical.money import Money
from canonical.order import ReleaseLine
from canonical.payment import Outcome as Paid
from canonical.payment import Payment, PaymentEntry, PaymentMethod, Tender
from canonical.payment import PaymentKind as Kind
from core.errors import RejectedError, RetryableError
from core.ports import Answer, EffectContext
from tests.contracts.building import NOON, a_context, an_effect, an_order, somebody
from tests.contracts.effect_port import Bench, EffectPortContract

GATEWAY = "gateway"
ORDER = an_order().replace(
    payment=Payment(
        tenders=(
            Tender(
                n=1, gateway="stripe", method=PaymentMethod.ADOPT, reference="pi_1", amount=Money.of("44.80", "EUR")
            ),
        ),
        entries=(
            PaymentEntry(
                kind=Kind.AUTHORISE, outcome=Paid.SUCCEEDED, key="authorise:1", gateway="stripe", reference="pi_1",
                amount=Money.of("44.80", "EUR"), at=NOON, tender=1,
            ),
        ),
    )
)  # fmt: skip
REF = f"{ORDER.channel}:{ORDER.channel_ref}"
CUPS = (ReleaseLine(line_id="1", sku="CUP", quantity=2),)


def screen(turn: int = 1) -> ScreenOrder:
    """The wish to have the order looked at."""
    return ScreenOrder(order_id=ORDER.id, connector=GATEWAY, key=f"screen:{ORDER.id}:{turn}", turn=turn)


def report(kind: FraudReport) -> ReportToFraudGateway:
    """What the gateway is told of the order, with all that belongs to it."""
    money = kind in {FraudReport.AUTHORISED, FraudReport.CAPTURED, FraudReport.VOIDED, FraudReport.REFUNDED}
    goods = kind in {FraudReport.SHIPPED, FraudReport.CANCELLED, FraudReport.RETURNED}
    subject = {FraudReport.SHIPPED: "parcel-1", FraudReport.RETURNED: "berlin:rt-1"}.get(
        kind, f"{kind.value}:1"
    )
    return ReportToFraudGateway(
        order_id=ORDER.id, connector=GATEWAY, key=f"fraud:{ORDER.id}:{kind.value}:{subject}", report=kind,
        subject=subject, reference="pi_1" if money else None, amount=ORDER.total if money else None,
        lines=CUPS if goods else (),
        verdict=FraudVerdict.REJECTED if kind is FraudReport.VERDICT else None,
        reason="looks wrong",
    )  # fmt: skip


class FraudGatewayContract(EffectPortContract):
    """An order is asked about once, a decision is one fact by whichever way it comes, and reports are told once.

    The subclass gives a `partner`, an open bench whose gateway is called `GATEWAY`, says how the gateway will decide
    (`will_decide`) and what it told by itself (`told`). `first` is the command that the broken calls are tried with.
    """

    port_name = "FraudGateway"
    first: ClassVar[type[Command]] = ScreenOrder
    unsaid: ClassVar[frozenset[FraudReport]] = frozenset()
    """Reports that the gateway has no words for."""

    def will_decide(self, bench: Bench, verdict: FraudVerdict, *, at_once: bool = True) -> None:
        """Have the gateway decide so about the order, in its answer, or only when `decide_now` is called."""
        raise NotImplementedError

    async def decide_now(self, bench: Bench, verdict: FraudVerdict) -> None:
        """Have the gateway decide about the order, which it knows, and return once it has told the hub."""
        raise NotImplementedError

    async def told(self, bench: Bench) -> tuple[Document, ...]:
        """Return every document that the gateway's own messages became, once they have all arrived."""
        raise NotImplementedError

    @pytest.fixture
    async def bench(self, partner: Bench) -> Bench:
        """The partner's bench; where reports are tried, the gateway knows the order."""
        if self.first is ReportToFraudGateway:
            await self.do(partner, screen())
        return partner

    def context(self) -> EffectContext:
        return a_context(ORDER)

    def commands(self) -> tuple[Command, ...]:
        every: tuple[Command, ...] = (screen(), report(FraudReport.SHIPPED))
        return tuple(sorted(every, key=lambda command: type(command) is not self.first))

    # --- the suite ---

    @pytest.mark.parametrize("verdict", FraudVerdict)
    async def test_a_decision_at_once_is_a_document_in_the_answer(
        self, bench: Bench, verdict: FraudVerdict
    ) -> None:
        self.will_decide(bench, verdict)
        document = self.only(await self.do(bench, screen(2)))
        assert (document.gateway, document.order_ref, document.verdict) == (GATEWAY, REF, verdict)
        assert document.reference
        assert isinstance(document.occurred_at, datetime)

    @pytest.mark.parametrize("verdict", FraudVerdict)
    async def test_answer_webhook_and_look_up_are_one_fact(self, bench: Bench, verdict: FraudVerdict) -> None:
        self.will_decide(bench, verdict)
        effect = self._effect(bench, screen(2))
        answered = self.only(await bench.port.send(effect))
        found = await bench.port.look_up(effect)
        assert found is not None
        assert self.only(found) == answered
        told = [one for one in await self.told(bench) if one.occurred_at == answered.occurred_at]
        assert told
        assert all(one == answered for one in told)

    async def test_a_decision_that_takes_time_comes_later(self, bench: Bench) -> None:
        self.will_decide(bench, FraudVerdict.APPROVED, at_once=False)
        effect = self._effect(bench, screen())
        assert (await bench.port.send(effect)).documents == ()
        waiting = await bench.port.look_up(effect)
        assert waiting is not None
        assert waiting.documents == ()
        await self.decide_now(bench, FraudVerdict.REJECTED)
        (last,) = [one for one in await self.told(bench) if getattr(one, "verdict", "") == "rejected"]
        found = await bench.port.look_up(effect)
        assert found is not None
        assert self.only(found) == last

    async def test_another_decision_is_another_fact(self, bench: Bench) -> None:
        first = self.only(await self.do(bench, screen()))
        await self.decide_now(bench, FraudVerdict.REJECTED)
        found = await bench.port.look_up(self._effect(bench, screen()))
        assert found is not None
        second = self.only(found)
        assert (first.verdict, second.verdict) == (FraudVerdict.APPROVED, FraudVerdict.REJECTED)
        keys = {one.events(ORDER.id)[0].fact_key for one in (first, second)}
        assert len(keys) == 2
        assert first.occurred_at is not None
        assert second.occurred_at is not None
        assert first.occurred_at < second.occurred_at

    async def test_an_order_that_changed_is_decided_anew(self, bench: Bench) -> None:
        first = self.only(await self.do(bench, screen()))
        self.will_decide(bench, FraudVerdict.REJECTED)
        second = self.only(await self.do(bench, screen(2)))
        assert (first.reference, first.verdict) == (second.reference, FraudVerdict.APPROVED)
        assert second.verdict is FraudVerdict.REJECTED

    async def test_what_was_never_sent_is_not_found_and_does_not_happen(self, partner: Bench) -> None:
        effect = self._effect(partner, screen())
        assert await partner.port.look_up(effect) is None
        assert self.happened(partner, effect) == 0

    @pytest.mark.parametrize("kind", FraudReport)
    async def test_every_report_is_told_once_however_often_it_is_sent(
        self, bench: Bench, kind: FraudReport
    ) -> None:
        await self.do(bench, screen())
        effect = self._effect(bench, report(kind))
        for _ in range(2):
            assert (await bench.port.send(effect)).documents == ()
        assert self.happened(bench, effect) == (0 if kind in self.unsaid else 1)

    async def test_a_report_about_an_order_that_is_still_on_its_way_is_told_later(
        self, partner: Bench
    ) -> None:
        effect = self._effect(partner, report(FraudReport.SHIPPED))
        with pytest.raises(RetryableError):
            await partner.port.send(effect)
        assert self.happened(partner, effect) == 0
        await self.do(partner, screen())
        await partner.port.send(effect)
        assert self.happened(partner, effect) == 1

    @pytest.mark.parametrize("kind", FraudReport)
    async def test_reports_name_nobody(self, bench: Bench, kind: FraudReport) -> None:
        outgoing = bench.port.render(report(kind), self.context())
        buyer = somebody()
        named = [one for one in (buyer.name, buyer.email, buyer.postcode, *buyer.address_lines) if one]
        assert [one for one in named if one.encode() in outgoing.body] == []

    async def test_an_order_whose_people_were_erased_is_not_screened(self, bench: Bench) -> None:
        context = EffectContext(ORDER, None, nodes={}, items={}, now=NOON)
        with pytest.raises(RejectedError, match="erased"):
            bench.port.render(screen(), context)
        bench.port.render(report(FraudReport.CANCELLED), context)

    async def test_a_parcel_that_is_not_the_orders_is_refused(self, bench: Bench) -> None:
        stranger = report(FraudReport.SHIPPED).replace(subject="parcel-9")
        with pytest.raises(RejectedError, match="parcel-9"):
            bench.port.render(stranger, self.context())

    # --- what the tests are made of ---

    async def do(self, bench: Bench, command: Command) -> Answer:
        """Send a command, as if nothing could go wrong."""
        outgoing = bench.port.render(command, self.context())
        return await bench.port.send(an_effect(command, outgoing))

    @staticmethod
    def only(answer: Answer) -> FraudDecisionDocument:
        """Return the one decision of an answer."""
        (document,) = answer.documents
        assert isinstance(document, FraudDecisionDocument)
        return document
