from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

import connectors.stripe
from canonical.documents import DOCUMENT_BY_NAME
from connectors.stripe import CONNECTOR
from connectors.stripe.reading import EVENT_TYPES
from connectors.stripe.settings import API_VERSION, StripeSettings
from connectors.stripe.simulator.server import API_VERSION as SIMULATED_VERSION
from core.errors import RetryableError, UnauthorisedError
from core.ports import PORT_COMMANDS
from mappings import Environment, MappingRegistry
from tests.connectors.stripe.stage import SECRET_KEY, WEBHOOK_SECRET, Stage

FOLDER = Path(connectors.stripe.__path__[0])
GOOD: dict[str, Any] = {"secret_key": SECRET_KEY, "webhook_secrets": [WEBHOOK_SECRET]}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = await Stage().open()
    yield stage
    await stage.close()


def test_it_declares_what_it_fills() -> None:
    assert CONNECTOR.name == "stripe"
    assert CONNECTOR.settings is StripeSettings
    assert set(CONNECTOR.ports) <= set(PORT_COMMANDS)


def test_its_mapping_documents_are_in_order() -> None:
    (folder,) = CONNECTOR.mappings
    texts = {file.name: file.read_text() for file in folder.glob("*.yaml")}
    environment = Environment(models=DOCUMENT_BY_NAME, python=CONNECTOR.python_transforms)
    assert MappingRegistry(environment).lint(texts) == ()
    assert {f"stripe/{Path(name).stem}" for name in texts} == set(MappingRegistry(environment).load(texts))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"secret_key": "pk_test_1"}, "sk_ or rk_"),
        ({"secret_key": ""}, "sk_ or rk_"),
        ({"webhook_secrets": [WEBHOOK_SECRET] * 6}, "at most 5"),
        ({"webhook_secrets": ["secret"]}, "whsec_"),
        ({"api_base": "http://api.stripe.com"}, "https"),
        ({"api_base": "https://key@api.stripe.com"}, "scheme and host only"),
        ({"api_base": "https://api.stripe.com/v1"}, "scheme and host only"),
        ({"api_version": "latest"}, "pattern"),
        ({"deadline_s": 0}, "greater than 0"),
        ({"tolerance_s": 100_000}, "less than or equal"),
        ({"api_key": "sk_test_1"}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        StripeSettings.model_validate({**GOOD, **change})


def test_without_a_signing_secret_it_starts_and_says_what_is_missing() -> None:
    settings = StripeSettings.model_validate({"secret_key": SECRET_KEY})
    assert "webhooks register" in CONNECTOR.unready(settings)["webhook_secrets"]
    assert CONNECTOR.unready(StripeSettings.model_validate(GOOD)) == {}


def test_settings_show_no_secret() -> None:
    settings = StripeSettings.model_validate(GOOD)
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert SECRET_KEY not in shown
    assert WEBHOOK_SECRET not in shown


def test_the_version_of_stripes_api_moves_with_this_code_and_not_with_the_library() -> None:
    assert StripeSettings.model_validate(GOOD).api_version == API_VERSION == SIMULATED_VERSION
    assert f"`{API_VERSION}`" in (FOLDER / "README.md").read_text()


def test_the_guide_names_every_event_that_is_read() -> None:
    guide = (FOLDER / "README.md").read_text()
    assert [kind for kind in EVENT_TYPES if f"`{kind}`" not in guide] == []


async def test_it_says_whether_the_account_answers(stage: Stage) -> None:
    said = await stage.connector.test()
    assert stage.settings.api_base in said
    assert "test mode" in said
    wrong = stage.settings.model_copy(update={"secret_key": SecretStr("sk_live_of_nobody")})
    with pytest.raises(UnauthorisedError):
        await stage.connect(wrong).test()
    await stage.simulator.stop()
    with pytest.raises(RetryableError):
        await stage.connector.test()
