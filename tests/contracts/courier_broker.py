"""What every `CourierBroker` does. Subclass `CourierBrokerContract` with the broker's bench, once per command."""

from typing import ClassVar

import pytest

from canonical.commands import (
    BookCollection,
    BookLabel,
    BookReturnLabel,
    CancelCollection,
    CloseManifest,
    Command,
    VoidLabel,
)
from canonical.documents import Document, LabelDocument, LabelFact, TrackingDocument
from canonical.order import ReleaseLine
from canonical.parcels import RateWish
from canonical.parties import Parties
from core.errors import RejectedError
from core.ports import Answer, EffectContext
from tests.contracts.building import NOON, a_context, an_effect, an_order, somebody
from tests.contracts.effect_port import Bench, EffectPortContract

ORDER = an_order()
BROKER, NODE = "broker", "berlin"
LINES = (ReleaseLine(line_id="1", sku="CUP", quantity=2),)

FACTS = {
    BookLabel: LabelFact.BOOKED,
    BookReturnLabel: LabelFact.BOOKED,
    VoidLabel: LabelFact.VOIDED,
    BookCollection: LabelFact.COLLECTION_BOOKED,
    CancelCollection: LabelFact.COLLECTION_CANCELLED,
    CloseManifest: LabelFact.MANIFESTED,
}


class CourierBrokerContract(EffectPortContract):
    """A label is bought once per key, whatever breaks, and comes with its file; what is told later is found by it.

    The subclass gives a `partner`, an open bench whose broker is called `BROKER` and sends from `NODE`, and says how a
    carrier scans a parcel (`scanned`) and what the broker told by itself (`told`). `first` is the command that the
    broken calls are tried with.
    """

    port_name = "CourierBroker"
    first: ClassVar[type[Command]] = BookLabel
    references: dict[str, str]

    async def scanned(self, bench: Bench, tracking_number: str) -> None:
        """Let a carrier scan a parcel on its way."""
        raise NotImplementedError

    async def told(self, bench: Bench) -> tuple[Document, ...]:
        """Return every document that the broker's own messages became, once they have all arrived."""
        raise NotImplementedError

    @pytest.fixture
    async def bench(self, partner: Bench) -> Bench:
        """The partner's bench, with a label for each wish that needs one, and a collection."""
        self.references = {}
        for name in ("to void", "to collect", "collected", "to manifest"):
            booked = await self._do(partner, self.label(f"parcel {name}"))
            self.references[name] = self.only(booked).reference
        collection = self.collection(self.references["collected"], "parcel collected")
        self.references["collection"] = self.only(await self._do(partner, collection)).reference
        return partner

    def commands(self) -> tuple[Command, ...]:
        at = getattr(self, "references", {}).get
        every: tuple[Command, ...] = (
            self.label("parcel-1"),
            self.label("parcel-2", kind=BookReturnLabel),
            VoidLabel(
                order_id=ORDER.id,
                connector=BROKER,
                key="void_label:1",
                parcel_id="parcel to void",
                reference=at("to void", "reference"),
            ),
            self.collection(at("to collect", "reference"), "parcel to collect"),
            CancelCollection(
                order_id=ORDER.id,
                connector=BROKER,
                key="cancel_collection:1",
                parcel_id="parcel collected",
                reference=at("collection", "reference"),
            ),
            CloseManifest(
                order_id=ORDER.id,
                connector=BROKER,
                key="manifest:1",
                parcel_id="parcel to manifest",
                node=NODE,
                reference=at("to manifest", "reference"),
            ),
        )
        return tuple(sorted(every, key=lambda command: type(command) is not self.first))

    # --- the suite ---

    async def test_an_answer_is_one_fact_about_the_parcel(self, bench: Bench) -> None:
        for command in self.commands():
            document = self.only(await self._do(bench, command))
            assert document.fact is FACTS[type(command)]
            assert (document.broker, document.order_id) == (BROKER, ORDER.id)
            assert document.parcel_id == getattr(command, "parcel_id", None)

    async def test_a_label_comes_with_its_file_its_number_and_its_price(self, bench: Bench) -> None:
        for kind in (BookLabel, BookReturnLabel):
            answer = await self._do(bench, self.label(f"parcel of {kind.__name__}", kind=kind))
            document = self.only(answer)
            assert document.tracking_number
            assert document.carrier
            assert document.cost is not None
            assert document.cost > 0
            (file,) = answer.files
            assert file.kind == "label"
            assert file.body.startswith(b"%PDF")
            assert file.media_type == "application/pdf"
            assert {key.value for key in file.keys} >= {document.tracking_number}

    async def test_the_rate_is_the_one_that_is_wished_for(self, bench: Bench) -> None:
        cheap = self.only(await self._do(bench, self.label("cheap")))
        fast = self.only(await self._do(bench, self.label("fast", wish=RateWish(within_days=1))))
        assert cheap.cost is not None
        assert fast.cost is not None
        assert cheap.cost < fast.cost
        other = RateWish(carriers=(f"{fast.carrier}/{fast.service}",))
        assert self.only(await self._do(bench, self.label("liked", wish=other))).service == fast.service

    async def test_a_rate_that_nobody_offers_is_refused_for_good_and_costs_nothing(
        self, bench: Bench
    ) -> None:
        effect = self._effect(bench, self.label("nobody", wish=RateWish(carriers=("Nobody",))))
        with pytest.raises(RejectedError, match="Nobody") as refused:
            await bench.port.send(effect)
        assert refused.value.code
        assert self.happened(bench, effect) == 0

    async def test_what_was_never_sent_is_not_found_and_does_not_happen(self, bench: Bench) -> None:
        for command in self.commands():
            effect = self._effect(bench, command)
            assert await bench.port.look_up(effect) is None
            assert self.happened(bench, effect) == 0

    async def test_looking_up_gives_the_fact_and_the_file_that_were_answered(self, bench: Bench) -> None:
        for command in self.commands():
            effect = self._effect(bench, command)
            answered = await bench.port.send(effect)
            found = await bench.port.look_up(effect)
            assert found is not None
            assert self.only(found) == self.only(answered)
            assert found.files == answered.files
            assert self.happened(bench, effect) == 1

    async def test_a_later_attempt_buys_nothing_again(self, bench: Bench) -> None:
        for command in (self.label("parcel-1"), self.collection(self.references["to collect"], "parcel-3")):
            outgoing = bench.port.render(command, self.context())
            first = await bench.port.send(an_effect(command, outgoing))
            again = await bench.port.send(an_effect(command, outgoing, attempt=2))
            assert self.only(first) == self.only(again)
            assert self.happened(bench, an_effect(command, outgoing)) == 1

    async def test_a_scan_is_told_under_the_reference_of_the_label(self, bench: Bench) -> None:
        document = self.only(await self._do(bench, self.label("parcel-1")))
        assert document.tracking_number is not None
        await self.scanned(bench, document.tracking_number)
        scans = [one for one in await self.told(bench) if isinstance(one, TrackingDocument)]
        assert {(one.reference, one.tracking_number) for one in scans} == {
            (document.reference, document.tracking_number)
        }

    async def test_a_label_that_a_carrier_has_scanned_is_not_taken_back(self, bench: Bench) -> None:
        document = self.only(await self._do(bench, self.label("parcel-1")))
        await self.scanned(bench, document.tracking_number or "")
        void = VoidLabel(
            order_id=ORDER.id,
            connector=BROKER,
            key="void_label:2",
            parcel_id="parcel-1",
            reference=document.reference,
        )
        assert self.only(await self._do(bench, void)).fact is LabelFact.VOID_REFUSED

    async def test_an_order_whose_people_were_erased_gets_no_label(self, bench: Bench) -> None:
        context = self.context()
        erased = EffectContext(context.order, None, context.nodes, context.items, NOON)
        with pytest.raises(RejectedError, match="erased"):
            bench.port.render(self.label("parcel-1"), erased)

    async def test_no_error_tells_an_address(self, bench: Bench) -> None:
        secret = somebody(name="Somebody Secret", address_lines=("7 Secret Street",))
        context = a_context(ORDER, Parties(buyer=secret, ship_to=secret))
        command = self.label("nobody", wish=RateWish(carriers=("Nobody",)))
        with pytest.raises(RejectedError) as refused:
            await bench.port.send(an_effect(command, bench.port.render(command, context)))
        assert "Secret" not in str(refused.value)

    # --- what the tests are made of ---

    def label(
        self, parcel_id: str, *, kind: type[BookLabel] = BookLabel, wish: RateWish | None = None
    ) -> BookLabel:
        """The wish for a label of the two cups."""
        return kind(
            order_id=ORDER.id,
            connector=BROKER,
            key=f"label:{parcel_id}:1",
            parcel_id=parcel_id,
            release_id="release-1",
            node=NODE,
            lines=LINES,
            wish=wish or RateWish(),
            label_format="PDF",
        )

    def collection(self, reference: str, parcel_id: str) -> BookCollection:
        """The wish to have a parcel fetched."""
        return BookCollection(
            order_id=ORDER.id,
            connector=BROKER,
            key=f"collection:{parcel_id}",
            parcel_id=parcel_id,
            node=NODE,
            reference=reference,
        )

    async def _do(self, bench: Bench, command: Command) -> Answer:
        return await bench.port.send(self._effect(bench, command))

    def only(self, answer: Answer) -> LabelDocument:
        """The one fact of an answer."""
        (document,) = answer.documents
        assert isinstance(document, LabelDocument)
        assert answer.reference == document.reference
        return document
