from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.signifyd import CONNECTOR
from connectors.signifyd.settings import SignifydSettings
from core.errors import RetryableError, UnauthorisedError
from core.ports import PORT_COMMANDS
from hub.mappings import canonical_models
from mappings import Environment, MappingRegistry
from tests.connectors.signifyd.stage import API_KEY, Stage

GOOD: dict[str, Any] = {"api_key": API_KEY}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = await Stage().open()
    yield stage
    await stage.close()


def test_it_declares_what_it_fills() -> None:
    assert CONNECTOR.name == "signifyd"
    assert CONNECTOR.settings is SignifydSettings
    assert CONNECTOR.ports == ("FraudGateway",)
    assert set(CONNECTOR.ports) <= set(PORT_COMMANDS)


def test_its_mapping_documents_are_in_order() -> None:
    (folder,) = CONNECTOR.mappings
    texts = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.yaml")}
    registry = MappingRegistry(Environment(models=canonical_models(), python=CONNECTOR.python_transforms))
    assert registry.lint(texts) == ()
    assert set(registry.load(texts)) == {"signifyd/decision", "signifyd/sale"}


def test_each_case_of_its_mapping_documents_is_read_as_its_file_says() -> None:
    (folder,) = CONNECTOR.mappings
    texts = {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.yaml")}
    loaded = MappingRegistry(Environment(models=canonical_models())).load(texts)
    seen = 0
    for name, cases in loaded.cases.items():
        for case in cases:
            (found,) = loaded[name].read_all((folder / case.input).read_bytes(), dict(case.context))
            said = type(found).model_validate_json((folder / case.expected).read_text(encoding="utf-8"))
            assert found == said, case.input
            seen += 1
    assert seen == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"api_key": ""}, "an API key is 16 or more"),
        ({"api_key": "short"}, "an API key is 16 or more"),
        ({"api_key": "key with spaces in it"}, "an API key is 16 or more"),
        ({"api_key": "user:aKeyOfNobodyAtAll00"}, "an API key is 16 or more"),
        ({"former_api_keys": ["short"]}, "an API key is 16 or more"),
        ({"api_base": "http://api.signifyd.com"}, "https"),
        ({"api_base": "https://key@api.signifyd.com"}, "scheme and host only"),
        ({"api_base": "https://api.signifyd.com/v3"}, "scheme and host only"),
        ({"coverage": []}, "at least 1"),
        ({"coverage": ["THEFT"]}, "FRAUD"),
        ({"decision": "LATER"}, "SYNC"),
        ({"paid_by": "BARTER"}, "CREDIT_CARD"),
        ({"deadline_s": 0}, "greater than 0"),
        ({"settle_s": -1}, "greater than or equal to 0"),
        ({"team": "x"}, "Extra inputs"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        SignifydSettings.model_validate({**GOOD, **change})


def test_settings_show_no_secret() -> None:
    settings = SignifydSettings.model_validate({**GOOD, "former_api_keys": ["theKeyOfLastYear00"]})
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert API_KEY not in shown
    assert "theKeyOfLastYear00" not in shown


async def test_it_says_whether_the_account_answers(stage: Stage) -> None:
    assert stage.settings.api_base in await stage.connector.test()
    wrong = stage.settings.model_copy(update={"api_key": SecretStr("anotherTeamsApiKey00")})
    with pytest.raises(UnauthorisedError):
        await stage.connect(wrong).test()
    await stage.simulator.stop()
    with pytest.raises(RetryableError):
        await stage.connector.test()
