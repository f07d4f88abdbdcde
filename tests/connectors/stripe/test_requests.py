import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from canonical.commands import AuthorisePayment, CapturePayment, Command, RefundPayment, VoidPayment
from canonical.money import Money
from canonical.payment import Outcome, Payment, PaymentEntry, PaymentKind, PaymentMethod
from connectors.stripe import labels
from connectors.stripe.client import StripeClient
from connectors.stripe.requests import write_request
from connectors.stripe.settings import API_VERSION, StripeSettings
from core.clock import SystemClock
from core.errors import OutcomeUnknownError, RejectedError, RetryableError
from core.loopback import LoopbackServer
from core.ports import Outgoing
from tests.connectors.stripe.stage import SECRET_KEY, WEBHOOK_SECRET
from tests.contracts.building import NOON, an_order, somebody

ORDER = an_order()
EUROS = Money.of("24.80", "EUR")


def authorise(method: PaymentMethod, reference: str, customer: str | None = None) -> AuthorisePayment:
    return AuthorisePayment(
        order_id=ORDER.id, connector="stripe", key="authorise:A&B=C:1:1", tender=1, method=method,
        reference=reference, customer_reference=customer, amount=EUROS,
    )  # fmt: skip


def capture(*, final: bool = True, reference: str = "pi_1", key: str = "capture:1") -> CapturePayment:
    return CapturePayment(
        order_id=ORDER.id, connector="stripe", key=key, reference=reference, amount=EUROS, final=final
    )


COMMANDS: tuple[Command, ...] = (
    authorise(PaymentMethod.ADOPT, "pi_1"),
    authorise(PaymentMethod.STORED, "pm_1", "cus_1"),
    capture(),
    VoidPayment(order_id=ORDER.id, connector="stripe", key="void:1", reference="pi_1", amount=EUROS),
    RefundPayment(order_id=ORDER.id, connector="stripe", key="refund:1", reference="pi_1", amount=EUROS),
)


class RecordingStripe:
    """Writes down what it is sent, byte by byte, and answers with an empty object."""

    def __init__(self) -> None:
        self.server = LoopbackServer(self)
        self.got: list[tuple[str, dict[str, str], bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.got.append((request.url.path, dict(request.headers), await request.body()))
        await JSONResponse({})(scope, receive, send)


@pytest.fixture
async def recording() -> AsyncIterator[RecordingStripe]:
    recording = RecordingStripe()
    await recording.server.start()
    yield recording
    await recording.server.stop()


def settings(**more: Any) -> StripeSettings:
    return StripeSettings.model_validate(
        {"secret_key": SECRET_KEY, "webhook_secrets": [WEBHOOK_SECRET], **more}
    )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
async def test_the_library_sends_the_stored_bytes_as_they_are(
    recording: RecordingStripe, command: Command
) -> None:
    client = StripeClient(settings(api_base=recording.server.url), SystemClock())
    outgoing = write_request(command, ORDER, API_VERSION)
    await client.post(outgoing, command.key)
    await client.close()
    ((path, headers, body),) = recording.got
    assert (path, body) == (outgoing.target, outgoing.body)
    assert headers["idempotency-key"] == command.key
    assert headers["stripe-version"] == API_VERSION
    assert headers["content-type"] == outgoing.media_type


async def test_stripe_is_told_nothing_about_the_machine(recording: RecordingStripe) -> None:
    client = StripeClient(settings(api_base=recording.server.url), SystemClock())
    await asyncio.gather(*(client.get("/v1/payment_intents") for _ in range(2)))
    await client.close()
    assert all(not name.startswith("x-stripe") for _, headers, _ in recording.got for name in headers)


async def test_a_resend_keeps_the_version_that_it_was_written_for(recording: RecordingStripe) -> None:
    client = StripeClient(settings(api_base=recording.server.url), SystemClock())
    outgoing = Outgoing(b"", target="/v1/refunds", headers={"stripe-version": "2025-09-30.clover"})
    await client.post(outgoing, "refund:1")
    await client.close()
    assert recording.got[0][1]["stripe-version"] == "2025-09-30.clover"


def test_an_authorisation_asks_for_a_hold_in_the_customers_absence() -> None:
    body = write_request(authorise(PaymentMethod.STORED, "pm_1", "cus_1"), ORDER, API_VERSION).body.decode()
    assert body.startswith("amount=2480&currency=eur&customer=cus_1&payment_method=pm_1&")
    for part in ("confirm=true", "off_session=true", "capture_method=manual"):
        assert part in body
    assert "payment_method_options[card][request_multicapture]=if_available" in body
    assert "metadata[orderhub_authorise_key]=authorise%3AA%26B%3DC%3A1%3A1" in body
    assert f"metadata[orderhub_order_id]={ORDER.id}" in body


def test_a_capture_notes_in_the_same_call_what_it_took_and_for_which_wish() -> None:
    body = write_request(capture(), ORDER, API_VERSION).body.decode()
    assert body.startswith("amount_to_capture=2480&")
    assert "24.80+EUR+capture%3A1" in body
    assert "final_capture" not in body


def test_a_capture_that_is_not_the_last_needs_an_authorisation_that_allows_several() -> None:
    with pytest.raises(RejectedError, match="pi_1 can be captured once") as refused:
        write_request(capture(final=False), ORDER, API_VERSION)
    assert refused.value.code == "multicapture_unavailable"
    held = PaymentEntry(
        key="authorise:1", kind=PaymentKind.AUTHORISE, outcome=Outcome.SUCCEEDED, gateway="stripe",
        reference="pi_1", amount=EUROS, at=NOON, multicapture=True,
    )  # fmt: skip
    order = an_order(payment=Payment(entries=(held,)))
    assert b"final_capture=false" in write_request(capture(final=False), order, API_VERSION).body


@pytest.mark.parametrize(
    "reference",
    [
        "pi_1/cancel",
        "../v1/refunds",
        "pi_1?expand[]=x",
        "pi_",
        "ch_1",
        "pi_1\n2",
        "pi_ä",
        "pi_" + "x" * 101,
    ],
)
def test_what_is_no_payment_intent_never_becomes_an_address(reference: str) -> None:
    with pytest.raises(RejectedError, match="not a Stripe id"):
        write_request(authorise(PaymentMethod.ADOPT, reference), ORDER, API_VERSION)


@pytest.mark.parametrize(("method", "customer"), [("pi_1", None), ("visa", None), ("pm_1", "pm_2")])
def test_a_stored_method_and_its_customer_are_checked_likewise(method: str, customer: str | None) -> None:
    with pytest.raises(RejectedError, match="not a Stripe id"):
        write_request(authorise(PaymentMethod.STORED, method, customer), ORDER, API_VERSION)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_stripe_is_told_nothing_about_people(command: Command) -> None:
    outgoing = write_request(command, ORDER, API_VERSION)
    sent = unquote_plus(outgoing.body.decode()) + outgoing.target + str(outgoing.headers)
    person = somebody()
    for private in (person.name, person.email, person.city, person.postcode, *person.address_lines):
        assert str(private) not in sent


def test_money_that_the_channel_has_already_is_not_authorised() -> None:
    with pytest.raises(RejectedError, match="prepaid"):
        write_request(authorise(PaymentMethod.PREPAID, "pi_1"), ORDER, API_VERSION)


@given(st.text(min_size=1, max_size=200))
def test_every_effect_key_becomes_a_header_of_its_own_and_is_found_again(key: str) -> None:
    for again in (None, 2, 11):
        sent = labels.idempotency_key(key, again)
        assert sent.isascii()
        assert sent.isprintable()
        assert len(sent) <= 255
        assert labels.effect_key(sent) == key or sent.startswith("sha256:")


def test_a_key_and_its_repetition_never_meet_another_key() -> None:
    keys = ("a", "a#2", "a%232", "a 2", "ä", "%C3%A4", "№" * 100, "№" * 101)
    sent = {labels.idempotency_key(key, again) for key in keys for again in (None, 2)}
    assert len(sent) == 2 * len(keys)


@pytest.mark.parametrize("letter", ["k", "№"])
def test_every_key_that_the_hub_can_have_fits_into_stripes_limits(letter: str) -> None:
    longest = letter * 200
    form = write_request(capture(key=longest), ORDER, API_VERSION).body.decode().split("&")
    notes = [part for part in form if part.startswith("metadata[orderhub_capture_")]
    name, _, value = notes[0].partition("=")
    assert len(name.removeprefix("metadata[").removesuffix("]")) <= 40
    assert len(unquote_plus(value)) <= 500


class OddStripe:
    """Answers every call with the same odd thing."""

    def __init__(self, answer: object) -> None:
        self.server = LoopbackServer(self)
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        await JSONResponse(self._answer)(scope, receive, send)


async def odd(answer: object) -> tuple[OddStripe, StripeClient]:
    partner = OddStripe(answer)
    base = await partner.server.start()
    return partner, StripeClient(settings(api_base=base), SystemClock())


async def test_an_answer_that_is_no_object_leaves_a_wish_in_doubt_and_a_question_open() -> None:
    partner, client = await odd(["a list"])
    with pytest.raises(OutcomeUnknownError):
        await client.post(write_request(capture(), ORDER, API_VERSION), "capture:1")
    with pytest.raises(RetryableError):
        await client.get("/v1/payment_intents/pi_1")
    await client.close()
    await partner.server.stop()


async def test_a_list_without_end_is_not_taken_for_an_answer() -> None:
    partner, client = await odd({"object": "list", "data": [{"id": "pi_1"}], "has_more": True})
    with pytest.raises(OutcomeUnknownError, match="it may be among them"):
        async for _ in client.every("/v1/payment_intents", {}):
            pass
    await client.close()
    await partner.server.stop()
