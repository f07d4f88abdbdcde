import ast
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from ruamel.yaml import YAML

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
ROOT = FOLDER.parent.parent
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
        ({"webhook_secrets": []}, "at least 1"),
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


def test_a_hub_in_production_never_loads_the_simulator() -> None:
    loaded = (
        "import connectors.stripe, sys; print([m for m in sys.modules if 'simulator' in m and 'stripe' in m])"
    )
    run = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, cwd=ROOT, check=True)
    assert run.stdout.strip() == "[]"


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def test_connector_and_simulator_never_import_each_other() -> None:
    simulator = FOLDER / "simulator"
    for file in FOLDER.rglob("*.py"):
        ours = [name for name in imports(file) if name.startswith("connectors.stripe")]
        inside = [name for name in ours if name.startswith("connectors.stripe.simulator")]
        if simulator in file.parents:
            assert ours == inside
        elif file.name != "__init__.py":
            assert inside == []


def rules() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = YAML(typ="safe").load(FOLDER / "quality.yaml")
    return found


@pytest.mark.parametrize("rule", sorted(rules()))
def test_each_rule_of_quality_is_shown_by_a_test_that_exists_or_says_why_not(rule: str) -> None:
    ((kind, said),) = rules()[rule].items()
    if kind == "exempt":
        assert len(said) > 20
        return
    assert kind == "done"
    path, *names = said.split("::")
    tree: ast.AST = ast.parse((ROOT / path).read_text())
    for name in names[:-1]:
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    if names:
        tests = ROOT.glob("tests/contracts/*.py") if len(names) > 1 else [ROOT / path]
        functions = ast.FunctionDef | ast.AsyncFunctionDef
        known = {
            node.name
            for file in tests
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, functions)
        }
        assert names[-1] in known
