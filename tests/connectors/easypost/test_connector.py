"""The connector as a whole: settings, reachability, registering, mapping documents."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from canonical.documents import LabelDocument, TrackingDocument
from connectors.easypost import CONNECTOR
from connectors.easypost.settings import EasyPostSettings
from core.errors import UnauthorisedError
from core.ports import PORT_COMMANDS
from tests.connectors.easypost.stage import API_KEY, MAPPINGS, SENDER, WEBHOOK_SECRET, Stage


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    opened = await Stage().open()
    yield opened
    await opened.close()


def settings(**more: Any) -> EasyPostSettings:
    told = {"api_key": API_KEY, "webhook_secrets": [WEBHOOK_SECRET], "senders": {"berlin": SENDER}}
    return EasyPostSettings.model_validate({**told, **more})


def test_it_fills_the_port_that_it_declares() -> None:
    assert set(CONNECTOR.ports) <= set(PORT_COMMANDS)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"api_key": "sk_live_1"}, "begins with EZAK"),
        ({"webhook_secrets": []}, "at least 1 item"),
        ({"webhook_secrets": ["short"]}, "16 characters or more"),
        ({"senders": {}}, "at least 1 item"),
        ({"senders": {"berlin": {**SENDER, "country": "Germany"}}}, "pattern"),
        ({"senders": {"berlin": {**SENDER, "phone": ""}}}, "at least 1 character"),
        ({"api_base": "http://api.easypost.com/v2"}, "called by https"),
        ({"api_base": "https://user@api.easypost.com/v2"}, "scheme, host and path only"),
        ({"carrier_accounts": ["DHL"]}, "pattern"),
        ({"collections": {"zone": "Europe/Berlin2"}}, "no time zone 'Europe/Berlin2'"),
        ({"collections": {"zone": "../etc"}}, "no time zone"),
        ({"collections": {"earliest": "17:00", "latest": "09:00"}}, "must be before"),
        ({"api_kee": "x"}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        settings(**wrong)


def test_a_base_address_may_end_with_a_slash() -> None:
    assert settings(api_base="https://api.easypost.com/v2/").api_base == "https://api.easypost.com/v2"
    assert settings(api_base="http://127.0.0.1:8000/v2").api_base == "http://127.0.0.1:8000/v2"


async def test_it_says_whether_the_account_answers(stage: Stage) -> None:
    assert await stage.connector.test() == f"{stage.settings.api_base} answers in test mode"
    other = stage.connect(stage.settings.model_copy(update={"api_key": SecretStr("EZAKnobody")}))
    with pytest.raises(UnauthorisedError) as refused:
        await other.test()
    assert "EZAKnobody" not in str(refused.value)


async def test_it_has_its_webhooks_sent_to_the_hub_once(stage: Stage) -> None:
    register = stage.connector.register
    assert register is not None
    first = await register("https://hub.example.com/connectors/easypost/")
    assert first.startswith(
        "EasyPost sends its events to https://hub.example.com/connectors/easypost/webhook,"
    )
    again = await register("https://hub.example.com/connectors/easypost")
    assert "already" in again
    assert WEBHOOK_SECRET not in first + again
    hooks = [hook for hook in stage.simulator.books.webhooks.values() if "hub.example.com" in hook["url"]]
    assert [hook["secret"] for hook in hooks] == [WEBHOOK_SECRET]


def test_its_mapping_documents_are_in_order() -> None:
    targets = {name: MAPPINGS.every[name].model for name in MAPPINGS.every}
    assert targets == {
        "easypost/booked": LabelDocument,
        "easypost/voided": LabelDocument,
        "easypost/collection": LabelDocument,
        "easypost/manifest": LabelDocument,
        "easypost/tracked": TrackingDocument,
    }
