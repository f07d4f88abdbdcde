"""The simulator is honest: EasyPost's own client, unmodified, works with it, and it refuses what EasyPost refuses."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import httpx
import pytest
from easypost.easypost_client import EasyPostClient
from easypost.errors.api.invalid_request_error import InvalidRequestError
from easypost.errors.api.not_found_error import NotFoundError
from easypost.errors.api.rate_limit_error import RateLimitError
from easypost.errors.api.unauthorized_error import UnauthorizedError
from easypost.errors.general.signature_verification_error import SignatureVerificationError
from easypost.util import validate_webhook

from canonical.documents import TrackingDocument
from connectors.easypost.simulator import JOURNEYS
from core.clock import SystemClock
from tests.connectors.easypost.stage import API_KEY, SENDER, WEBHOOK_SECRET, Stage

T = TypeVar("T")
BUYER = {
    "name": "A. Customer", "street1": "1 Example Street", "city": "Berlin", "zip": "10115", "country": "DE",
    "email": "a.customer@example.com",
}  # fmt: skip


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    opened = await Stage(clock=SystemClock(3600)).open()
    yield opened
    await opened.close()


def client(stage: Stage, key: str = API_KEY) -> Any:
    return EasyPostClient(key, api_base=stage.simulator.url)


async def call(work: Callable[[], T]) -> T:
    """Let the client, which blocks, work beside the simulator."""
    return await asyncio.to_thread(work)


async def rated(stage: Stage, reference: str = "r-1", **more: Any) -> Any:
    told = {"to_address": BUYER, "from_address": SENDER, "parcel": {"weight": 20.0}, "reference": reference}
    return await call(lambda: client(stage).shipment.create(**{**told, **more}))


async def sold(stage: Stage, reference: str = "r-1", **more: Any) -> Any:
    shipment = await rated(stage, reference, **more)
    return await call(lambda: client(stage).shipment.buy(shipment.id, rate=shipment.lowest_rate()))


async def test_the_official_client_rates_buys_and_refunds(stage: Stage) -> None:
    shipment = await rated(stage)
    assert shipment.postage_label is None
    assert {rate.carrier for rate in shipment.rates} == {"DHLPaket", "GLS", "Hermes"}
    bought = await call(lambda: client(stage).shipment.buy(shipment.id, rate=shipment.lowest_rate()))
    assert bought.selected_rate.rate == "4.40"
    assert bought.tracker.tracking_code == bought.tracking_code
    assert bought.tracker.shipment_id == bought.id
    assert (await call(lambda: client(stage).shipment.refund(bought.id))).refund_status == "submitted"
    assert stage.kinds() == ["label_bought", "label_voided"]


async def test_the_official_client_finds_shipments_by_list_id_and_reference(stage: Stage) -> None:
    for n in range(3):
        await sold(stage, f"r-{n}")
    await rated(stage, "unbought")
    page = await call(lambda: client(stage).shipment.all(page_size=2))
    assert [one.reference for one in page.shipments] == ["r-2", "r-1"]
    assert page.has_more
    following = await call(lambda: client(stage).shipment.get_next_page(page, page_size=2))
    assert [one.reference for one in following.shipments] == ["r-0"]
    every = await call(lambda: client(stage).shipment.all(purchased=False, page_size=100))
    assert len(every.shipments) == 4
    assert (await call(lambda: client(stage).shipment.retrieve("r-1"))).reference == "r-1"


async def test_the_official_client_books_and_cancels_collections(stage: Stage) -> None:
    shipment = await sold(stage)
    pickup = await call(
        lambda: client(stage).pickup.create(
            address=SENDER, shipment=shipment, min_datetime="2026-11-21T08:00:00Z",
            max_datetime="2026-11-21T16:00:00Z", reference="c-1", instructions="Gate 2",
        )
    )  # fmt: skip
    rate = pickup.lowest_rate()
    booked = await call(
        lambda: client(stage).pickup.buy(pickup.id, carrier=rate.carrier, service=rate.service)
    )
    assert (booked.status, bool(booked.confirmation)) == ("scheduled", True)
    assert (await call(lambda: client(stage).pickup.cancel(pickup.id))).status == "canceled"
    assert stage.kinds() == ["label_bought", "pickup_booked", "pickup_cancelled"]


async def test_the_official_client_makes_scan_forms(stage: Stage) -> None:
    shipment = await sold(stage)
    form = await call(lambda: client(stage).scan_form.create(shipments=[shipment]))
    assert form.tracking_codes == [shipment.tracking_code]
    shown = await call(lambda: client(stage).shipment.retrieve(shipment.id))
    assert shown.scan_form.id == form.id
    with pytest.raises(InvalidRequestError):
        await call(lambda: client(stage).scan_form.create(shipments=[shipment]))


@pytest.mark.parametrize(
    ("code", "status"),
    [("EZ4000000004", "delivered"), ("EZ1000000001", "pre_transit"), ("EZ7000000007", "unknown")],
)
async def test_the_tracking_codes_of_the_test_mode_stand_where_they_should(
    stage: Stage, code: str, status: str
) -> None:
    tracker = await call(lambda: client(stage).tracker.create(tracking_code=code, carrier="USPS"))
    assert tracker.status == status
    assert (await call(lambda: client(stage).tracker.retrieve(tracker.id))).status == status


async def test_the_official_client_verifies_its_webhooks(stage: Stage) -> None:
    received: list[tuple[bytes, str]] = []

    class Ears(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            received.append((await request.aread(), request.headers["x-hmac-signature"]))
            return httpx.Response(200)

    stage.simulator.delivery._client = httpx.AsyncClient(transport=Ears())  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - listens in
    await sold(stage)
    await stage.all_told()
    (raw, mark) = received[0]
    event = validate_webhook(raw, {"X-Hmac-Signature": mark}, WEBHOOK_SECRET)
    assert event["description"] == "tracker.created"
    with pytest.raises(SignatureVerificationError):
        validate_webhook(raw + b" ", {"X-Hmac-Signature": mark}, WEBHOOK_SECRET)


async def test_a_wrong_key_is_refused(stage: Stage) -> None:
    with pytest.raises(UnauthorizedError):
        await call(client(stage, "EZTKnobody").shipment.all)
    async with httpx.AsyncClient() as bare:
        for header in ({}, {"authorization": "Basic !!"}, {"authorization": "Basic " + "/w=="}):
            answer = await bare.get(f"{stage.simulator.url}/shipments", headers=header)
            assert answer.status_code == 401


async def test_too_many_calls_are_told_to_wait(stage: Stage) -> None:
    stage.faults.plan["http_429"] = {"create r-1"}
    with pytest.raises(RateLimitError):
        await rated(stage)


async def test_what_is_not_there_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFoundError):
        await call(lambda: client(stage).shipment.retrieve("shp_nothing"))
    async with httpx.AsyncClient(auth=(API_KEY, "")) as bare:
        assert (await bare.get(f"{stage.simulator.url}/nowhere")).status_code == 404
        assert (
            await bare.get(f"{stage.simulator.url.removesuffix('/v2')}/files/none.pdf")
        ).status_code == 404
        broken = await bare.post(f"{stage.simulator.url}/shipments", content=b"{")
        assert (broken.status_code, broken.json()["error"]["code"]) == (400, "BAD_REQUEST")


async def test_a_label_is_sold_once(stage: Stage) -> None:
    bought = await sold(stage)
    with pytest.raises(InvalidRequestError) as refused:
        await call(lambda: client(stage).shipment.buy(bought.id, rate=bought.selected_rate))
    assert refused.value.code == "SHIPMENT.POSTAGE.EXISTS"
    assert len(stage.ledger.of("label_bought")) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"to_address": {**BUYER, "zip": ""}},
        {"from_address": "somewhere"},
        {"parcel": {"weight": 0}},
        {"parcel": {"weight": "heavy"}},
        {"options": {"label_format": "GIF"}},
    ],
)
async def test_a_shipment_that_can_not_be_is_refused(stage: Stage, wrong: dict[str, Any]) -> None:
    told = {"to_address": BUYER, "from_address": SENDER, "parcel": {"weight": 20.0}, **wrong}
    async with httpx.AsyncClient(auth=(API_KEY, "")) as bare:
        answer = await bare.post(f"{stage.simulator.url}/shipments", json={"shipment": told})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"]


async def test_calls_that_make_no_sense_are_refused(stage: Stage) -> None:
    unbought, bought = await rated(stage, "a"), await sold(stage, "b")
    at = {"min_datetime": "2026-11-21T08:00:00Z", "max_datetime": "2026-11-21T16:00:00Z", "address": SENDER}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("/shipments", {}),
        (f"/shipments/{unbought.id}/refund", {}),
        (f"/shipments/{unbought.id}/buy", {"rate": {"id": "rate_of_another"}}),
        ("/scan_forms", {"scan_form": {"shipments": [{"id": unbought.id}]}}),
        ("/scan_forms", {"scan_form": {}}),
        ("/pickups", {"pickup": {}}),
        ("/pickups", {"pickup": {**at, "shipment": {"id": unbought.id}}}),
        ("/pickups", {"pickup": {**at, "shipment": {"id": bought.id}, "min_datetime": "soon"}}),
        (
            "/pickups",
            {"pickup": {**at, "shipment": {"id": bought.id}, "min_datetime": "2027-01-01T00:00:00Z"}},
        ),
        ("/trackers", {"tracker": {}}),
        ("/webhooks", {"webhook": {}}),
    ]
    async with httpx.AsyncClient(auth=(API_KEY, "")) as bare:
        for path, document in calls:
            answer = await bare.post(stage.simulator.url + path, content=json.dumps(document))
            assert answer.status_code == 422, (path, document)
        offered = await bare.post(
            f"{stage.simulator.url}/pickups", json={"pickup": {**at, "shipment": {"id": bought.id}}}
        )
        path = f"{stage.simulator.url}/pickups/{offered.json()['id']}"
        assert (await bare.post(f"{path}/cancel")).status_code == 422
        assert (await bare.post(f"{path}/buy", json={"carrier": "Nobody"})).status_code == 422
        assert (await bare.get(f"{stage.simulator.url}/shipments?page_size=1000")).status_code == 422


async def test_what_is_too_heavy_is_rated_by_nobody(stage: Stage) -> None:
    shipment = await rated(stage, parcel={"weight": 4000.0})
    assert shipment.rates == []
    assert {message.type for message in shipment.messages} == {"rate_error"}


@pytest.mark.parametrize("name", sorted(JOURNEYS))
async def test_a_parcel_that_was_handed_over_is_scanned_as_it_was_planned(stage: Stage, name: str) -> None:
    stage.simulator.plan("W-1", JOURNEYS[name])
    bought = await sold(stage, options={"print_custom_1": "W-1"})
    assert stage.simulator.hand_over(bought.tracking_code)
    assert stage.simulator.hand_over(bought.tracking_code)
    assert not stage.simulator.hand_over("nobody's")
    planned = [f"{status}/{detail}" for status, detail in JOURNEYS[name].scans]
    async with asyncio.timeout(20):
        while len(stage.ledger.of("scanned")) < len(planned):
            await stage.clock.sleep(600)
    assert [f"{one['status']}/{one['detail']}" for one in stage.ledger.of("scanned")] == planned
    assert {one["order"] for one in stage.ledger.of("scanned")} <= {"W-1"}


async def test_events_come_twice_and_overtake_each_other_when_they_shall(stage: Stage) -> None:
    bought = await sold(stage)
    number = bought.tracking_code
    await stage.all_told()
    stage.faults.plan["webhook_out_of_order"] = {f"tracker.updated {number} in_transit"}
    stage.faults.plan["duplicate_webhook"] = {f"tracker.updated {number} delivered"}
    before = len(stage.simulator.delivery.delivered)
    stage.simulator.scan(number, ("in_transit", "arrived_at_facility"))
    stage.simulator.scan(number, ("delivered", "arrived_at_destination"))
    await stage.all_told()
    async with asyncio.timeout(20):
        while len(stage.simulator.delivery.delivered) < before + 3:
            await stage.clock.sleep(60)
    statuses = [one.status.value for one in stage.documents() if isinstance(one, TrackingDocument)]
    assert statuses == ["delivered", "in_transit"]
    assert sorted(receipt.duplicate for receipt in stage.desk.receipts[before:]) == [False, False, True]


async def test_events_are_repeated_until_they_are_taken_and_kept_while_it_is_away(stage: Stage) -> None:
    from core.errors import DoorError  # noqa: PLC0415 - only here somebody refuses

    stage.desk.refusing = DoorError(503, "busy", "Later")
    await sold(stage)
    async with asyncio.timeout(20):
        while not stage.simulator.delivery.waiting:
            await stage.clock.sleep(60)
    await stage.simulator.stop()
    assert stage.simulator.delivery.waiting
    stage.desk.refusing = None
    await stage.simulator.start()
    await stage.all_told()
    assert len(stage.desk.kept) == 1
