"""What the broker does where EasyPost is not as simple as its port: several calls, one effect."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from canonical.commands import BookCollection, BookLabel, Command, VoidLabel
from canonical.documents import LabelDocument, LabelFact
from canonical.parcels import RateWish
from connectors.easypost.broker import EasyPostBroker
from connectors.easypost.client import EasyPostClient
from connectors.easypost.rates import cheapest, chosen
from connectors.easypost.reading import EasyPostReader
from core.errors import OutcomeUnknownError, RejectedError, RetryableError, UnauthorisedError
from core.ports import Answer, Effect
from tests.connectors.easypost.stage import API_KEY, MAPPINGS, WEBHOOK_SECRET, Stage
from tests.contracts.building import a_context, an_effect
from tests.contracts.courier_broker import BROKER, LINES, NODE, ORDER


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    opened = await Stage().open()
    yield opened
    await opened.close()


def label(parcel_id: str = "p1", label_format: str = "PDF") -> BookLabel:
    return BookLabel(
        order_id=ORDER.id, connector=BROKER, key=f"label:{parcel_id}:1", parcel_id=parcel_id, release_id="r1",
        node=NODE, lines=LINES, wish=RateWish(), label_format=label_format,
    )  # fmt: skip


def effect(stage: Stage, command: Command, attempt: int = 1) -> Effect:
    first = stage.clock.now() if attempt > 1 else None
    made = an_effect(command, stage.broker.render(command, a_context()), attempt)
    return replace(made, first_sent_at=first)


def told(answer: Answer | None) -> LabelDocument:
    assert answer is not None
    (document,) = answer.documents
    assert isinstance(document, LabelDocument)
    return document


def plan(stage: Stage, fault: str, subject: str) -> None:
    stage.faults.plan.setdefault(fault, set()).add(subject)


async def test_a_second_attempt_goes_on_with_the_shipment_of_the_first(stage: Stage) -> None:
    plan(stage, "http_429", "buy label:p1:1")
    with pytest.raises(RetryableError) as slow:
        await stage.broker.send(effect(stage, label()))
    assert slow.value.retry_after_s == 2
    await stage.broker.send(effect(stage, label(), attempt=2))
    assert [call.partition(" ")[0] for call in stage.simulator.api.calls] == [
        "create",
        "list",
        "rerate",
        "buy",
    ]
    assert len(stage.simulator.books.shipments) == 1


async def test_a_label_that_was_sold_meanwhile_is_not_bought_again(stage: Stage) -> None:
    shipment = await stage.broker._client.post("/shipments", effect(stage, label()).outgoing.body)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - what an attempt that hangs has done
    sold: list[str] = []

    class Overtaken(EasyPostClient):
        """Another attempt buys between this one's rates and its purchase."""

        async def post(self, path: str, body: bytes, *, asks: bool = False) -> dict[str, Any]:
            if path.endswith("/buy") and not sold:
                sold.append(path)
                await super().post(path, body)
            return await super().post(path, body, asks=asks)

    client = Overtaken(stage.settings)
    reader = EasyPostReader(BROKER, MAPPINGS)
    broker = EasyPostBroker(BROKER, stage.settings, client, stage.clock, reader.answer)
    found = told(await broker.send(effect(stage, label(), attempt=2)))
    await client.close()
    assert found.reference == shipment["id"]
    assert len(stage.ledger.of("label_bought")) == 1


async def test_a_label_whose_file_does_not_come_is_in_doubt_and_found_with_its_file(stage: Stage) -> None:
    plan(stage, "label_missing", "file")
    with pytest.raises(OutcomeUnknownError, match="its file did not come"):
        await stage.broker.send(effect(stage, label()))
    found = await stage.broker.look_up(effect(stage, label()))
    assert told(found).fact is LabelFact.BOOKED
    assert found is not None
    assert found.files[0].body.startswith(b"%PDF")
    assert len(stage.ledger.of("label_bought")) == 1


@pytest.mark.parametrize(
    ("wanted", "begins", "media_type"),
    [
        ("ZPL", b"^XA", "application/zpl"),
        ("EPL2", b"\nN\n", "application/epl2"),
        ("PNG", b"\x89PNG", "image/png"),
    ],
)
async def test_a_label_has_the_format_that_is_wanted(
    stage: Stage, wanted: str, begins: bytes, media_type: str
) -> None:
    (file,) = (await stage.broker.send(effect(stage, label(label_format=wanted)))).files
    assert file.body.startswith(begins)
    assert file.media_type.partition(";")[0] == media_type
    assert [key.value for key in file.keys][1] == "label:p1"


async def test_a_parcel_that_nobody_rates_is_refused_with_the_carriers_that_failed(stage: Stage) -> None:
    plan(stage, "no_rates", "create label:p1:1")
    with pytest.raises(RejectedError, match=r"no carrier offers a rate.*\(DHLPaket: rate_error"):
        await stage.broker.send(effect(stage, label()))


async def test_an_account_that_can_not_pay_pauses_the_connector(stage: Stage) -> None:
    stage.simulator.api.routes = {
        **stage.simulator.api.routes,
        ("POST", r"/shipments/([\w:.-]+)/buy"): ("buy", _unpaid),
    }
    with pytest.raises(UnauthorisedError, match="the account can't pay"):
        await stage.broker.send(effect(stage, label()))


def _unpaid(*_: object) -> dict[str, Any]:
    from connectors.easypost.simulator.problems import RefusalError  # noqa: PLC0415 - the simulator's own

    raise RefusalError(402, "PAYMENT.INSUFFICIENT_FUNDS", "Insufficient funds.")


async def test_a_label_that_was_given_back_before_is_found_so(stage: Stage) -> None:
    bought = told(await stage.broker.send(effect(stage, label())))
    void = VoidLabel(
        order_id=ORDER.id, connector=BROKER, key="void_label:p1", parcel_id="p1", reference=bought.reference
    )
    await stage.broker.send(effect(stage, void))
    with pytest.raises(RejectedError) as refused:
        await stage.broker.send(effect(stage, void))
    assert refused.value.code == "SHIPMENT.REFUND.UNAVAILABLE"
    assert told(await stage.broker.look_up(effect(stage, void))).fact is LabelFact.VOIDED


async def test_a_collection_that_was_only_offered_is_booked_by_the_next_attempt(stage: Stage) -> None:
    bought = told(await stage.broker.send(effect(stage, label())))
    wish = BookCollection(
        order_id=ORDER.id, connector=BROKER, key="collection:p1", parcel_id="p1", node=NODE,
        reference=bought.reference,
    )  # fmt: skip
    plan(stage, "http_429", "collect collection:p1")
    with pytest.raises(RetryableError):
        await stage.broker.send(effect(stage, wish))
    assert told(await stage.broker.send(effect(stage, wish, attempt=2))).fact is LabelFact.COLLECTION_BOOKED
    assert len(stage.simulator.books.pickups) == 1


async def test_every_page_of_a_list_is_looked_through(stage: Stage) -> None:
    await stage.broker.send(effect(stage, label("first")))
    shipments = stage.simulator.books.shipments
    (sold,) = shipments.values()
    for n in range(230):
        shipments[f"shp_{n}"] = {**sold, "id": f"shp_{n}", "reference": f"other-{n}"}
    assert told(await stage.broker.look_up(effect(stage, label("first")))).parcel_id == "first"
    assert sum(call.startswith("list") for call in stage.simulator.api.calls) == 3


async def test_a_command_that_is_no_couriers_business_is_refused(stage: Stage) -> None:
    other = Command(order_id=ORDER.id, connector=BROKER, key="other")
    made = an_effect(other, stage.broker.render(label(), a_context()))
    with pytest.raises(RejectedError, match="Command"):
        await stage.broker.look_up(made)


async def test_a_label_is_fetched_only_by_https_or_from_the_api_itself(stage: Stage) -> None:
    client = EasyPostClient(stage.settings)
    with pytest.raises(OutcomeUnknownError, match="not to be had by https"):
        await client.fetch("http://127.0.0.2/label.pdf")
    await client.close()


async def test_an_answer_that_can_not_be_read_leaves_the_effect_in_doubt() -> None:
    reader = EasyPostReader(BROKER, MAPPINGS)
    with pytest.raises(OutcomeUnknownError, match="can't be read"):
        reader.answer("easypost/booked", b'{"id": "shp_1"}', label())


@pytest.mark.parametrize(
    ("rates", "error"),
    [
        ([{"id": "r"}], RetryableError),
        ([{"id": "r", "carrier": "A", "service": "x", "rate": "dear", "currency": "EUR"}], RetryableError),
        ([], RejectedError),
        (None, RejectedError),
    ],
)
def test_rates_that_can_not_be_read_are_asked_for_again(rates: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        chosen({"rates": rates}, RateWish())


def test_a_carrier_that_does_not_say_how_long_it_takes_promises_nothing() -> None:
    rate = {
        "id": "r",
        "carrier": "A",
        "service": "x",
        "rate": "1.00",
        "currency": "EUR",
        "delivery_days": None,
    }
    assert chosen({"rates": [rate]}, RateWish()).days is None


def test_a_collection_that_nobody_offers_is_refused() -> None:
    with pytest.raises(RejectedError, match=r"no carrier collects.*\(DHL: rate_error\)"):
        cheapest({"pickup_rates": [], "messages": [{"carrier": "DHL", "type": "rate_error"}]})


async def test_no_error_tells_a_secret(stage: Stage) -> None:
    plan(stage, "refused", "buy label:p1:1")
    with pytest.raises(RejectedError) as refused:
        await stage.broker.send(effect(stage, label()))
    assert API_KEY not in str(refused.value)
    assert WEBHOOK_SECRET not in repr(stage.settings)
