"""The simulated Stripe, driven by Stripe's own library as it is: nothing of the connector is in here."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.stripe.simulator import StripeSimulator
from core.clock import Clock, ManualClock, SystemClock
from core.loopback import LoopbackServer
from core.simulator import Faults, Ledger, Workshop
from tests.connectors.stripe.stage import until

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY_S = 86_400
HELD: dict[str, Any] = {
    "amount": 4480,
    "currency": "eur",
    "payment_method": "pm_card_visa",
    "capture_method": "manual",
    "confirm": True,
}

# The library gives httpx its form as text by an argument that httpx would rather have as bytes.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")


@dataclass
class Partner:
    """A simulator, the library as anyone would use it, and an endpoint for webhooks that can be made to refuse."""

    clock: Clock = field(default_factory=SystemClock)
    faults: Faults = field(default_factory=Faults)
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    got: list[tuple[bytes, str]] = field(default_factory=list[tuple[bytes, str]])
    answers: list[int] = field(default_factory=list[int])
    """The statuses to answer webhooks with, the next first; then 200."""

    async def open(self) -> "Partner":
        self.ledger = Ledger(self.clock)
        workshop = Workshop("stripe", self.clock, self.ledger, self.faults, Path(), options=self.options)
        self.simulator = StripeSimulator(workshop)
        self.settings = await self.simulator.start()
        self._hook = LoopbackServer(Starlette(routes=[Route("/", self._receive, methods=["POST"])]))
        self.simulator.webhook_url = f"{await self._hook.start()}/"
        self.http = stripe.HTTPXClient()
        self.client = stripe.StripeClient(
            self.settings["secret_key"],
            base_addresses={"api": self.settings["api_base"]},
            max_network_retries=0,
            http_client=self.http,
        )
        self.api = self.client.v1
        return self

    async def close(self) -> None:
        await self.http.close_async()  # type: ignore[no-untyped-call]
        await self.simulator.stop()
        await self._hook.stop()

    async def _receive(self, request: Request) -> Response:
        body = await request.body()
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.got.append((body, request.headers["stripe-signature"]))
        return Response(status_code=status)

    def types(self) -> list[str]:
        """Construct every event that came with the library, which checks its signature, and name their types."""
        secret = self.settings["webhook_secrets"][0]
        tolerance_s = 300 if isinstance(self.clock, SystemClock) else 0  # 0: whatever the time
        construct = self.client.construct_event
        return [construct(body, mark, secret, tolerance_s).type for body, mark in self.got]

    def kinds(self) -> list[str]:
        return [entry["kind"] for entry in self.ledger.entries]


@pytest.fixture
async def partner() -> AsyncIterator[Partner]:
    partner = await Partner().open()
    yield partner
    await partner.close()


@pytest.fixture
async def still() -> AsyncIterator[Partner]:
    partner = await Partner(ManualClock(NOW)).open()
    yield partner
    await partner.close()


@pytest.fixture
async def several() -> AsyncIterator[Partner]:
    partner = await Partner(options={"multicapture": True}).open()
    yield partner
    await partner.close()


async def hold(partner: Partner, **more: Any) -> stripe.PaymentIntent:
    return await partner.api.payment_intents.create_async({**HELD, **more})  # type: ignore[typeddict-item]


def shown(error: stripe.StripeError) -> Any:
    """The PaymentIntent that an error shows."""
    body: Any = error.json_body
    return body["error"]["payment_intent"]


def move(partner: Partner, seconds: float) -> None:
    assert isinstance(partner.clock, ManualClock)
    partner.clock.advance(seconds)


# --- the life of a PaymentIntent ---


async def test_money_is_held_then_taken_then_paid_back(partner: Partner) -> None:
    intent = await hold(partner, metadata={"order_id": "W-1"}, expand=["latest_charge"])
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 4480, 0)
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.captured, charge.payment_intent, charge.metadata["order_id"]) == (False, intent.id, "W-1")
    intent = await partner.api.payment_intents.capture_async(intent.id)
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("succeeded", 0, 4480)
    refund = await partner.api.refunds.create_async({"payment_intent": intent.id, "amount": 995})
    assert (refund.status, refund.amount) == ("succeeded", 995)
    charge = await partner.api.charges.retrieve_async(charge.id)
    assert (charge.amount_captured, charge.amount_refunded, charge.refunded) == (4480, 995, False)
    assert partner.kinds() == ["authorised", "captured", "refunded"]
    assert [entry["amount"] for entry in partner.ledger.entries] == [4480, 4480, 995]


async def test_money_is_taken_at_once_where_nobody_asks_to_hold_it(partner: Partner) -> None:
    intent = await hold(partner, capture_method="automatic")
    assert (intent.status, intent.amount_received) == ("succeeded", 4480)
    assert partner.kinds() == ["captured"]


async def test_a_payment_can_be_made_first_and_confirmed_later(partner: Partner) -> None:
    intent = await partner.api.payment_intents.create_async({"amount": 4480, "currency": "eur"})
    assert intent.status == "requires_payment_method"
    intent = await partner.api.payment_intents.update_async(
        intent.id, {"amount": 5000, "metadata": {"a": "1"}}
    )
    intent = await partner.api.payment_intents.confirm_async(intent.id, {"payment_method": "pm_card_visa"})
    assert (intent.status, intent.amount_received, intent.metadata["a"]) == ("succeeded", 5000, "1")


async def test_a_charge_keeps_the_metadata_of_its_making(partner: Partner) -> None:
    intent = await hold(partner, metadata={"a": "1", "b": "2"})
    changed = await partner.api.payment_intents.update_async(intent.id, {"metadata": {"a": "", "c": "3"}})
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}
    charge = await partner.api.charges.retrieve_async(str(intent.latest_charge))
    assert charge.metadata.to_dict() == {"a": "1", "b": "2"}


async def test_the_first_capture_of_an_ordinary_account_lets_the_rest_go(partner: Partner) -> None:
    intent = await hold(partner)
    await partner.api.payment_intents.capture_async(intent.id, {"amount_to_capture": 2480})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await partner.api.payment_intents.capture_async(intent.id, {"amount_to_capture": 2000})
    assert refused.value.code == "payment_intent_unexpected_state"
    assert shown(refused.value)["status"] == "succeeded"
    charge = await partner.api.charges.retrieve_async(str(intent.latest_charge))
    assert (charge.amount_captured, charge.amount_refunded) == (2480, 2000)
    assert partner.kinds() == ["authorised", "captured"]


async def test_what_was_let_go_can_not_be_refunded(partner: Partner) -> None:
    intent = await hold(partner)
    await partner.api.payment_intents.capture_async(intent.id, {"amount_to_capture": 2480})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        await partner.api.refunds.create_async({"payment_intent": intent.id, "amount": 2481})
    await partner.api.refunds.create_async({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await partner.api.refunds.create_async({"payment_intent": intent.id})
    assert refused.value.code == "charge_already_refunded"


async def test_each_step_is_taken_from_its_own_state_only(partner: Partner) -> None:
    api = partner.api
    held = await hold(partner)
    for wrong in (
        api.payment_intents.confirm_async(held.id),
        api.payment_intents.update_async(held.id, {"amount": 1000}),
        api.payment_intents.capture_async(held.id, {"amount_to_capture": 4481}),
        api.refunds.create_async({"payment_intent": held.id}),
        api.refunds.create_async({"charge": str(held.latest_charge)}),
        api.refunds.create_async({"payment_intent": held.id, "charge": str(held.latest_charge)}),
        api.refunds.create_async({}),
    ):
        with pytest.raises(stripe.InvalidRequestError):
            await wrong
    unpaid = await api.payment_intents.create_async({"amount": 4480, "currency": "eur"})
    for wrong in (
        api.payment_intents.confirm_async(unpaid.id),
        api.payment_intents.capture_async(unpaid.id),
        api.refunds.create_async({"payment_intent": unpaid.id}),
    ):
        with pytest.raises(stripe.InvalidRequestError):
            await wrong
    await api.payment_intents.capture_async(held.id)
    refund = await api.refunds.create_async({"charge": str(held.latest_charge), "reason": "duplicate"})
    refund = await api.refunds.update_async(refund.id, {"metadata": {"why": "twice"}})
    assert (refund.reason, refund.metadata["why"] if refund.metadata else None) == ("duplicate", "twice")
    assert partner.kinds() == ["authorised", "captured", "refunded"]


async def test_several_captures_need_an_account_and_a_payment_that_allow_them(
    partner: Partner, several: Partner
) -> None:
    wish = {"payment_method_options": {"card": {"request_multicapture": "if_available"}}}
    for at, options in ((partner, wish), (several, {})):
        intent = await hold(at, **options)
        with pytest.raises(stripe.InvalidRequestError) as refused:
            await at.api.payment_intents.capture_async(
                intent.id, {"amount_to_capture": 1, "final_capture": False}
            )
        assert refused.value.param == "final_capture"
    intent = await hold(several, **wish)
    for amount in (1000, 2000):
        part = {"amount_to_capture": amount, "final_capture": False}
        intent = await several.api.payment_intents.capture_async(intent.id, part)  # type: ignore[arg-type]
    assert (intent.status, intent.amount_received, intent.amount_capturable) == (
        "requires_capture",
        3000,
        1480,
    )
    intent = await several.api.payment_intents.capture_async(intent.id)
    assert (intent.status, intent.amount_received) == ("succeeded", 4480)
    assert [entry["amount"] for entry in several.ledger.of("captured")] == [1000, 2000, 1480]


async def test_a_payment_that_is_held_expires_after_seven_days(still: Partner) -> None:
    intent = await hold(still, expand=["latest_charge"])
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert charge.payment_method_details is not None
    assert charge.payment_method_details.card is not None
    assert charge.payment_method_details.card.capture_before == int(NOW.timestamp()) + 7 * DAY_S
    move(still, 7 * DAY_S)
    await still.simulator.all_delivered()
    expired = await still.api.payment_intents.retrieve_async(intent.id)
    assert (expired.status, expired.cancellation_reason) == ("canceled", "expired")
    assert still.kinds() == ["authorised", "expired"]


async def test_a_cancelled_payment_lets_its_money_go_and_stays_cancelled(partner: Partner) -> None:
    intent = await hold(partner)
    gone = await partner.api.payment_intents.cancel_async(intent.id, {"cancellation_reason": "abandoned"})
    assert (gone.status, gone.cancellation_reason, gone.amount_capturable) == ("canceled", "abandoned", 0)
    for again in (partner.api.payment_intents.cancel_async, partner.api.payment_intents.capture_async):
        with pytest.raises(stripe.InvalidRequestError, match="status of canceled"):
            await again(intent.id)
    assert partner.kinds() == ["authorised", "voided"]


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ],
)
async def test_a_declined_card_leaves_a_payment_that_can_be_tried_again(
    partner: Partner, card: str, code: str, decline_code: str
) -> None:
    with pytest.raises(stripe.CardError) as declined:
        await hold(partner, payment_method=card)
    error = declined.value.error
    assert declined.value.http_status == 402
    assert error is not None
    assert (error.code, error.decline_code) == (code, decline_code)
    left = shown(declined.value)
    assert (left["status"], left["last_payment_error"]["charge"]) == ("requires_payment_method", error.charge)
    tried = await partner.api.payment_intents.confirm_async(left["id"], {"payment_method": "pm_card_visa"})
    assert (tried.status, tried.last_payment_error) == ("requires_capture", None)
    assert partner.kinds() == ["declined", "authorised"]


async def test_a_card_that_wants_its_holder_needs_him_and_is_declined_without(partner: Partner) -> None:
    card = "pm_card_authenticationRequired"
    assert (await hold(partner, payment_method=card)).status == "requires_action"
    with pytest.raises(stripe.CardError) as declined:
        await hold(partner, payment_method=card, off_session=True)
    assert declined.value.code == "authentication_required"


async def test_a_stored_card_is_used_with_its_customer_only(partner: Partner) -> None:
    customer, method = partner.simulator.store_card()
    with pytest.raises(stripe.InvalidRequestError, match="belongs to a Customer"):
        await hold(partner, payment_method=method)
    intent = await hold(partner, payment_method=method, customer=customer, off_session=True)
    assert (intent.customer, intent.payment_method) == (customer, method)


# --- what requests must be like ---


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"amount": "44.80"}, "amount"),
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": 49}, "amount"),
        ({"amount": 10**9}, "amount"),
        ({"currency": "euro"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"amount": 550, "currency": "isk"}, "amount"),
        ({"amount": 5124, "currency": "kwd"}, "amount"),
        ({"capture_method": "later"}, "capture_method"),
        ({"confirm": "yes"}, "confirm"),
        ({"colour": "red"}, "colour"),
        ({"payment_method": "pm_of_nobody"}, "payment_method"),
        ({"payment_method": None}, "payment_method"),
        ({"customer": "cus_of_nobody"}, "customer"),
        ({"metadata": "words"}, "metadata"),
        ({"metadata": {"k" * 41: "v"}}, "metadata[" + "k" * 41 + "]"),
        ({"metadata": {"k": "v" * 501}}, "metadata[k]"),
        ({"metadata": {f"k{n}": "v" for n in range(51)}}, "metadata"),
        ({"expand": ["amount"]}, "expand"),
    ],
)
async def test_a_wrong_parameter_is_refused_by_its_name(
    partner: Partner, change: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await hold(partner, **change)
    assert refused.value.param == param
    assert refused.value.request_id


async def test_the_key_is_asked_for_in_either_way_and_checked(partner: Partner) -> None:
    address = f"{partner.simulator.url}/v1/payment_intents"
    basic = base64.b64encode(f"{partner.settings['secret_key']}:".encode()).decode()
    async with httpx.AsyncClient() as client:
        for header, status in (
            (f"Basic {basic}", 200),
            ("Basic !!!", 401),
            ("Bearer sk_test_wrong", 401),
            ("Digest x", 401),
            ("", 401),
        ):
            answer = await client.get(address, headers={"authorization": header})
            assert answer.status_code == status
    with pytest.raises(stripe.AuthenticationError) as refused:
        await stripe.StripeClient(
            "sk_test_of_somebody_else",
            base_addresses={"api": partner.simulator.url},
            http_client=partner.http,
        ).v1.refunds.list_async()
    assert "somebody" not in str(refused.value)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "expand=latest_charge", "a[b]c=1", "created=x", "created[near]=1",
     "starting_after=pi_of_nobody", "customer[id]=1", "a[b]=1&a=2"],
)  # fmt: skip
async def test_a_wrong_query_is_refused(partner: Partner, query: str) -> None:
    key = {"authorization": f"Bearer {partner.settings['secret_key']}"}
    async with httpx.AsyncClient(headers=key) as client:
        answer = await client.get(f"{partner.simulator.url}/v1/payment_intents?{query}")
    assert answer.status_code in {400, 404}
    assert answer.json()["error"]["type"] == "invalid_request_error"


async def test_an_api_version_that_is_none_and_a_key_that_is_too_long_are_refused(partner: Partner) -> None:
    for options in ({"stripe_version": "latest"}, {"idempotency_key": "k" * 256}):
        with pytest.raises(stripe.InvalidRequestError):
            await partner.api.payment_intents.create_async(HELD, options)  # type: ignore[arg-type]
    assert partner.kinds() == []


async def test_unknown_things_are_not_there(partner: Partner) -> None:
    for call in (
        partner.api.payment_intents.retrieve_async("pi_of_nobody"),
        partner.api.payment_intents.capture_async("pi_of_nobody"),
        partner.api.refunds.create_async({"payment_intent": "pi_of_nobody"}),
        partner.api.charges.retrieve_async("ch_of_nobody"),
        partner.client.raw_request_async("get", "/v1/invoices"),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            await call
        assert refused.value.http_status == 404


async def test_lists_are_paged_from_the_newest_and_filtered(still: Partner) -> None:
    made = []
    for _ in range(25):
        made.append((await hold(still)).id)
        move(still, 60)
    listed = await still.api.payment_intents.list_async({"limit": 10, "expand": ["data.latest_charge"]})
    assert isinstance(listed.data[0].latest_charge, stripe.Charge)
    assert [intent.id async for intent in listed.auto_paging_iter()] == made[::-1]
    since = await still.api.payment_intents.list_async({"created": {"gte": int(NOW.timestamp()) + 60 * 20}})
    assert [intent.id for intent in since.data] == made[:19:-1]
    charges = await still.api.charges.list_async({"payment_intent": made[3]})
    assert [charge.payment_intent for charge in charges.data] == [made[3]]


# --- idempotency ---


async def test_a_key_gives_its_first_result_again_for_a_day(still: Partner) -> None:
    first = await still.api.payment_intents.create_async(HELD, {"idempotency_key": "a"})  # type: ignore[arg-type]
    move(still, DAY_S - 1)
    again = await still.api.payment_intents.create_async(HELD, {"idempotency_key": "a"})  # type: ignore[arg-type]
    assert again.id == first.id
    assert again.last_response is not None
    assert again.last_response.headers["idempotent-replayed"] == "true"
    assert first.last_response is not None
    assert again.last_response.headers["original-request"] == first.last_response.headers["request-id"]
    move(still, 1)
    later = await still.api.payment_intents.create_async(HELD, {"idempotency_key": "a"})  # type: ignore[arg-type]
    assert later.id != first.id


async def test_a_key_is_for_one_request_only(partner: Partner) -> None:
    intent = await partner.api.payment_intents.create_async(HELD, {"idempotency_key": "a"})  # type: ignore[arg-type]
    for call in (
        partner.api.payment_intents.create_async({**HELD, "amount": 4481}, {"idempotency_key": "a"}),  # type: ignore[typeddict-item]
        partner.api.payment_intents.capture_async(intent.id, options={"idempotency_key": "a"}),
    ):
        with pytest.raises(stripe.IdempotencyError):
            await call
    assert partner.kinds() == ["authorised"]


async def test_a_decline_is_a_result_and_is_kept(partner: Partner) -> None:
    declined = {**HELD, "payment_method": "pm_card_chargeDeclined"}
    said = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refused:
            await partner.api.payment_intents.create_async(declined, {"idempotency_key": "a"})  # type: ignore[arg-type]
        said.append(shown(refused.value)["id"])
    assert said[0] == said[1]
    assert partner.kinds() == ["declined"]


async def test_what_fails_validation_is_not_kept(partner: Partner) -> None:
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError):
            await partner.api.payment_intents.create_async({**HELD, "amount": 1}, {"idempotency_key": "a"})  # type: ignore[typeddict-item]
    intent = await partner.api.payment_intents.create_async(HELD, {"idempotency_key": "a"})  # type: ignore[arg-type]
    assert intent.status == "requires_capture"


@pytest.mark.parametrize(("fault", "kinds"), [("http_500", []), ("http_500_after", ["authorised"])])
async def test_a_server_error_is_kept_and_repeated(partner: Partner, fault: str, kinds: list[str]) -> None:
    partner.faults.plan[fault] = {"a"}
    for replayed in (None, "true"):
        with pytest.raises(stripe.APIError) as broken:
            await partner.api.payment_intents.create_async(HELD, {"idempotency_key": "a"})  # type: ignore[arg-type]
        assert broken.value.http_status == 500
        assert broken.value.headers is not None
        assert broken.value.headers.get("idempotent-replayed") == replayed
    assert partner.kinds() == kinds


async def test_of_two_requests_at_once_one_waits(still: Partner) -> None:
    still.simulator.api.latency_s = 1
    first = asyncio.create_task(
        still.api.payment_intents.create_async(HELD, {"idempotency_key": "a"})  # type: ignore[arg-type]
    )
    await until(lambda: still.simulator.api.keys.is_busy("a"))
    with pytest.raises(stripe.APIError) as refused:
        await still.api.payment_intents.create_async(HELD, {"idempotency_key": "a"})  # type: ignore[arg-type]
    assert (refused.value.http_status, refused.value.code) == (409, None)
    assert refused.value.error is not None
    assert refused.value.error.code == "idempotency_key_in_use"
    move(still, 1)
    assert (await first).status == "requires_capture"
    assert still.kinds() == ["authorised"]


# --- webhooks ---


async def test_events_are_signed_so_that_the_library_accepts_them(partner: Partner) -> None:
    intent = await hold(partner)
    await partner.api.payment_intents.capture_async(intent.id, {"amount_to_capture": 4000})
    await partner.simulator.all_delivered()
    assert sorted(partner.types()) == sorted(
        [
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.amount_capturable_updated",
            "refund.created",
            "charge.refunded",
            "charge.captured",
            "payment_intent.succeeded",
        ]
    )


async def test_an_event_names_the_request_that_caused_it_and_shows_its_object_as_it_was(
    partner: Partner,
) -> None:
    intent = await hold(partner)
    await partner.api.payment_intents.capture_async(intent.id, options={"idempotency_key": "take it"})
    events = (await partner.api.events.list_async({"limit": 50})).data
    by_type = {event.type: event for event in events}
    held, taken = by_type["payment_intent.amount_capturable_updated"], by_type["payment_intent.succeeded"]
    assert held.data.object["status"] == "requires_capture"
    assert taken.request is not None
    assert taken.request.idempotency_key == "take it"
    assert (await partner.api.events.retrieve_async(taken.id)).data.object["amount_received"] == 4480


async def test_a_capture_of_several_says_what_was_captured_before(several: Partner) -> None:
    intent = await hold(several, payment_method_options={"card": {"request_multicapture": "if_available"}})
    part = {"amount_to_capture": 1000, "final_capture": False}
    await several.api.payment_intents.capture_async(intent.id, part)  # type: ignore[arg-type]
    (event,) = (await several.api.events.list_async({"type": "charge.updated"})).data
    assert event.data["previous_attributes"]["amount_captured"] == 0
    assert event.data.object["amount_captured"] == 1000


async def test_a_rolled_secret_signs_beside_the_old_one(partner: Partner) -> None:
    partner.simulator.roll_webhook_secret("whsec_new")
    await hold(partner)
    await partner.simulator.all_delivered()
    for secret in (partner.settings["webhook_secrets"][0], "whsec_new"):
        assert all(partner.client.construct_event(body, mark, secret) for body, mark in partner.got)


async def let_time_pass(partner: Partner, seconds: float) -> None:
    """Move a clock that stands still, a little at a time, until nothing waits to be delivered."""
    for _ in range(1000):
        if not partner.simulator.delivery.waiting:
            return
        move(partner, seconds)
        await asyncio.sleep(0.01)


async def test_an_event_that_is_refused_comes_again_later_and_later(still: Partner) -> None:
    still.answers = [500, 404, 503] * 3
    await hold(still)
    await let_time_pass(still, 5)
    assert still.clock.monotonic() >= 5 + 30 + 300
    assert still.answers == []
    assert len(set(still.types())) == 3


async def test_an_endpoint_that_is_gone_is_given_up_after_three_days(still: Partner) -> None:
    still.answers = [500] * 100
    await hold(still, capture_method="automatic")  # nothing is left to expire meanwhile
    await let_time_pass(still, 43_200)
    assert still.simulator.delivery.waiting == {}
    assert still.got == []
    assert len(still.answers) == 100 - 3 * 11


@pytest.mark.parametrize(("fault", "times"), [("duplicate_webhook", 2), ("webhook_first", 1)])
async def test_webhooks_come_twice_or_before_the_answer_where_a_fault_says_so(
    partner: Partner, fault: str, times: int
) -> None:
    partner.faults.share[fault] = 1.0
    await hold(partner)
    if fault == "webhook_first":
        assert len(partner.got) == 3
    await partner.simulator.all_delivered()
    await asyncio.sleep(0.1)
    assert len(partner.got) == 3 * times
    assert len(set(partner.types())) == 3


# --- at Stripe's own desk, and away ---


async def test_a_stripe_that_was_away_knows_what_it_knew_and_delivers_what_waited(partner: Partner) -> None:
    intent = await hold(partner)
    await partner.simulator.all_delivered()
    partner.got.clear()
    await partner.simulator.stop()
    with pytest.raises(stripe.APIConnectionError):
        await hold(partner)
    partner.simulator.cancel_at_desk(intent.id)
    assert (await partner.simulator.start())["api_base"] == partner.settings["api_base"]
    await partner.simulator.all_delivered()
    assert "payment_intent.canceled" in partner.types()
    assert (await partner.api.payment_intents.retrieve_async(intent.id)).status == "canceled"


async def test_a_shops_checkout_ends_in_whatever_state_is_asked_for(partner: Partner) -> None:
    make = partner.simulator.create_intent_for_shop
    for outcome in (
        "requires_capture",
        "requires_payment_method",
        "requires_action",
        "succeeded",
        "canceled",
    ):
        intent_id = await make(1500, "usd", outcome=outcome, metadata={"order_id": "7"})
        intent = await partner.api.payment_intents.retrieve_async(intent_id)
        assert (intent.status, intent.metadata["order_id"]) == (outcome, "7")
    with pytest.raises(ValueError, match="no PaymentIntent over 1 usd"):
        await make(1, "usd")


async def test_a_dispute_takes_the_money_back_and_is_decided_once(partner: Partner) -> None:
    intent_id = await partner.simulator.create_intent_for_shop(1500, "usd", outcome="succeeded")
    dispute_id = partner.simulator.open_dispute(intent_id)
    assert (await partner.api.disputes.retrieve_async(dispute_id)).status == "needs_response"
    assert (await partner.api.disputes.close_async(dispute_id)).status == "lost"
    with pytest.raises(stripe.InvalidRequestError):
        await partner.api.disputes.close_async(dispute_id)
    assert partner.kinds() == ["captured", "disputed", "dispute_lost"]


@pytest.mark.parametrize(
    ("card", "first", "then"),
    [("pm_card_pendingRefund", "pending", "succeeded"), ("pm_card_refundFail", "succeeded", "failed")],
)
async def test_some_refunds_are_decided_late(still: Partner, card: str, first: str, then: str) -> None:
    intent = await hold(still, payment_method=card)
    await still.api.payment_intents.capture_async(intent.id)
    refund = await still.api.refunds.create_async({"payment_intent": intent.id})
    assert refund.status == first
    move(still, 10)
    await still.simulator.all_delivered()
    assert (await still.api.refunds.retrieve_async(refund.id)).status == then


@pytest.mark.parametrize(
    "fault", ["timeout_before", "reset_before", "timeout_after", "reset_after", "truncated"]
)
async def test_a_broken_call_has_its_effect_or_not_as_its_fault_says(partner: Partner, fault: str) -> None:
    partner.faults.plan[fault] = {"a"}
    impatient = stripe.StripeClient(
        partner.settings["secret_key"],
        base_addresses={"api": partner.simulator.url},
        http_client=(http := stripe.HTTPXClient(timeout=0.3)),
    )
    with pytest.raises(stripe.APIConnectionError):
        await impatient.v1.payment_intents.create_async(HELD, {"idempotency_key": "a"})  # type: ignore[arg-type]
    await http.close_async()  # type: ignore[no-untyped-call]
    assert partner.kinds() == ([] if fault.endswith("before") else ["authorised"])
    intent = await partner.api.payment_intents.create_async(HELD, {"idempotency_key": "a"})  # type: ignore[arg-type]
    assert intent.status == "requires_capture"
    assert partner.kinds() == ["authorised"]


# --- the shapes ---


async def test_objects_have_no_field_that_stripes_library_does_not_know(partner: Partner) -> None:
    intent = await hold(partner)
    await partner.api.payment_intents.capture_async(intent.id, {"amount_to_capture": 4000})
    await partner.api.refunds.create_async({"payment_intent": intent.id, "amount": 1})
    partner.simulator.open_dispute(intent.id)
    books = partner.simulator.books
    for shelf, known in (
        (books.intents, stripe.PaymentIntent),
        (books.charges, stripe.Charge),
        (books.refunds, stripe.Refund),
        (books.disputes, stripe.Dispute),
        (books.methods, stripe.PaymentMethod),
        (books.events, stripe.Event),
    ):
        assert shelf
        for made in shelf.values():
            assert set(made) <= set(known.__annotations__), known.__name__
