"""Registering at the simulated Stripe; what stands there is looked at with Stripe's own library as it is."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
import stripe
from pydantic import SecretStr
from stripe.params import WebhookEndpointCreateParams

from connectors.stripe.reading import EVENT_TYPES
from connectors.stripe.settings import API_VERSION
from core.connector import OpenConnector
from core.errors import OutcomeUnknownError, RejectedError, RetryableError, UnauthorisedError
from core.simulator import Faults
from tests.connectors.stripe.stage import Stage

BASE = "https://hub.example.com/connectors/stripe"
URL = f"{BASE}/webhook"

# The library gives httpx its form as text by an argument that httpx would rather have as bytes.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")


class Account:
    """A simulated account, the library as anyone would use it, and the connector."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.connector = stage, stage.connector
        self._http = stripe.HTTPXClient()
        client = stripe.StripeClient(
            stage.settings.secret_key.get_secret_value(),
            base_addresses={"api": stage.settings.api_base},
            max_network_retries=0,
            http_client=self._http,
        )
        self.endpoints = client.v1.webhook_endpoints

    async def close(self) -> None:
        await self._http.close_async()  # type: ignore[no-untyped-call]
        await self.stage.close()

    async def register(self, base: str = BASE, connector: OpenConnector | None = None) -> str:
        register = (connector or self.connector).register
        assert register is not None
        return await register(base)

    async def all(self) -> list[stripe.WebhookEndpoint]:
        return list((await self.endpoints.list_async({"limit": 100})).data)

    async def make(
        self, url: str = URL, api_version: str | None = API_VERSION, **more: Any
    ) -> stripe.WebhookEndpoint:
        version = {} if api_version is None else {"api_version": api_version}
        wanted: Any = {"url": url, "enabled_events": ["charge.succeeded"], **version, **more}
        return await self.endpoints.create_async(wanted)


async def open_account(**more: Any) -> Account:
    return Account(await Stage(**more).open())


@pytest.fixture
async def account() -> AsyncIterator[Account]:
    account = await open_account()
    yield account
    await account.close()


def secret_in(said: str) -> str:
    (secret,) = [line for line in said.splitlines() if line.startswith("whsec_")]
    return secret


def test_stripe_knows_every_event_that_is_asked_for() -> None:
    known = str(WebhookEndpointCreateParams.__annotations__["enabled_events"])
    assert [kind for kind in EVENT_TYPES if f"{kind!r}" not in known.replace('"', "'")] == []


async def test_the_endpoint_has_exactly_the_events_that_are_read(account: Account) -> None:
    await account.register()
    (made,) = await account.all()
    assert (made.url, made.api_version, made.status) == (URL, API_VERSION, "enabled")
    assert sorted(made.enabled_events) == sorted(EVENT_TYPES)


async def test_the_secret_is_said_once_with_where_it_belongs(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        said = await account.register()
        again = await account.register()
    assert "webhook_secrets" in said
    assert "${STRIPE_WEBHOOK_SECRET}" in said
    assert secret_in(said) not in again
    assert secret_in(said) not in caplog.text
    assert len(await account.all()) == 1


async def test_events_come_signed_with_the_secret_that_was_said() -> None:
    account = await open_account()
    try:
        door = account.stage.simulator.webhook_url
        assert door is not None
        account.stage.simulator.webhook_url = None
        said = await account.register(door.removesuffix("/webhook"))
        opened = account.stage.settings.model_copy(update={"webhook_secrets": (SecretStr(secret_in(said)),)})
        account.stage.connector = account.stage.connect(opened)
        await account.stage.simulator.create_intent_for_shop(4480, "EUR")
        await account.stage.all_told()
        kinds = {str(event["type"]) for event in account.stage.simulator.books.events.values()}
        assert "payment_intent.amount_capturable_updated" in kinds
        assert len(account.stage.desk.kept) == 1  # charge.succeeded; the other was not asked for
    finally:
        await account.close()


async def test_what_differs_at_an_endpoint_is_corrected(account: Account) -> None:
    before = await account.make(enabled_events=["*"])
    await account.endpoints.update_async(before.id, {"disabled": True})
    said = await account.register()
    (after,) = await account.all()
    assert (after.id, after.status) == (before.id, "enabled")
    assert sorted(after.enabled_events) == sorted(EVENT_TYPES)
    assert "events were corrected" in said
    assert "enabled again" in said
    assert "nothing was to be changed" in await account.register()


async def test_an_address_written_otherwise_is_the_same(account: Account) -> None:
    await account.make("https://HUB.example.com:443/connectors/stripe/webhook/")
    await account.register()
    assert len(await account.all()) == 1


async def test_endpoints_of_others_are_left_alone(account: Account) -> None:
    other = await account.make("https://shop.example.com/hook")
    await account.register()
    urls = {one.url: list(one.enabled_events) for one in await account.all()}
    assert set(urls) == {URL, other.url}
    assert urls[other.url] == ["charge.succeeded"]


async def test_two_endpoints_of_one_address_are_for_somebody_to_decide(account: Account) -> None:
    ids = [(await account.make()).id for _ in range(2)]
    with pytest.raises(RejectedError, match="delete all but one") as refused:
        await account.register()
    assert all(one in str(refused.value) for one in ids)
    assert len(await account.all()) == 2


@pytest.mark.parametrize("version", ["2020-08-27", None])
async def test_an_endpoint_of_another_version_is_for_somebody_to_decide(
    account: Account, version: str | None
) -> None:
    before = await account.make(api_version=version)
    with pytest.raises(RejectedError, match="delete it in Stripe's Workbench") as refused:
        await account.register()
    assert before.id in str(refused.value)
    assert (version or "the account's default") in str(refused.value)


async def test_a_hub_without_a_secret_learns_where_to_find_that_of_an_endpoint(account: Account) -> None:
    await account.make(enabled_events=list(EVENT_TYPES))
    settings = account.stage.settings.model_copy(update={"webhook_secrets": ()})
    said = await account.register(connector=account.stage.connect(settings))
    assert "webhook_secrets is empty: reveal it" in said


@pytest.mark.parametrize(
    "base",
    ["http://hub.example.com/connectors/stripe", "ftp://hub.example.com", "hub.example.com", "",
     "https://", "https://key@hub.example.com", "https://hub.example.com?a=1", "https://hub.example.com/#a"],
)  # fmt: skip
async def test_an_address_that_stripe_cannot_call_is_refused_here(account: Account, base: str) -> None:
    with pytest.raises(RejectedError) as refused:
        await account.register(base)
    assert refused.value.code == "url_invalid"
    assert await account.all() == []


async def test_a_wrong_key_is_told_without_it(account: Account) -> None:
    wrong = account.stage.settings.model_copy(update={"secret_key": SecretStr("sk_test_of_nobody")})
    with pytest.raises(UnauthorisedError, match="Webhook Endpoints") as refused:
        await account.register(connector=account.stage.connect(wrong))
    assert "sk_test_of_nobody" not in str(refused.value)


@pytest.mark.parametrize("permission", ["none", "read"])
async def test_a_key_without_the_permission_is_told_which(permission: str) -> None:
    account = await open_account(options={"webhook_permission": permission})
    try:
        with pytest.raises(UnauthorisedError, match="may write Webhook Endpoints"):
            await account.register()
        assert account.stage.simulator.books.endpoints == {}
    finally:
        await account.close()


async def test_a_full_account_is_told_what_to_do(account: Account) -> None:
    for number in range(16):
        await account.make(f"https://shop{number}.example.com/hook")
    with pytest.raises(RejectedError, match=r"maximum of 16.*delete an endpoint"):
        await account.register()
    assert len(await account.all()) == 16


async def test_a_lost_answer_makes_no_second_endpoint() -> None:
    faults = Faults(plan={"reset_after": {"GET /v1/webhook_endpoints"}})
    account = await open_account(faults=faults)
    try:
        with pytest.raises(RetryableError):
            await account.register()
        faults.share = {"reset_after": 1.0}
        with pytest.raises(OutcomeUnknownError, match="reveal the signing secret"):
            await account.register()
        faults.share = {}
        assert "nothing was to be changed" in await account.register()
        assert len(await account.all()) == 1
    finally:
        await account.close()


@pytest.mark.parametrize(
    ("wanted", "param"),
    [
        ({"enabled_events": []}, "enabled_events"),
        ({"enabled_events": ["no type"]}, "enabled_events[0]"),
        ({"enabled_events": "*"}, "enabled_events"),
        ({"url": ""}, "url"),
        ({"url": "hub"}, "url"),
        ({"url": "http://hub.example.com"}, "url"),
        ({"api_version": "latest"}, "api_version"),
        ({"description": "a" * 5001}, "description"),
        ({"status": "enabled"}, "status"),
    ],
)
async def test_the_simulator_refuses_what_stripe_would(
    account: Account, wanted: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await account.make(**{"url": URL, **wanted})
    assert refused.value.param == param
    assert await account.all() == []


async def test_the_simulators_endpoints_are_changed_and_deleted_as_stripes(account: Account) -> None:
    made = await account.make(description="one", metadata={"team": "payments"})
    assert made.secret is not None
    shown = await account.endpoints.retrieve_async(made.id)
    assert "secret" not in shown
    other = "https://other.example.com/hook"
    changed = await account.endpoints.update_async(
        made.id, {"url": other, "description": "", "metadata": {"team": ""}}
    )
    assert changed.metadata is not None
    assert (changed.url, changed.description, changed.metadata.to_dict()) == (other, None, {})
    assert (await account.endpoints.delete_async(made.id)).deleted
    with pytest.raises(stripe.InvalidRequestError, match="No such webhook endpoint"):
        await account.endpoints.retrieve_async(made.id)
