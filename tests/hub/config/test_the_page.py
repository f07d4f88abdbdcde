"""docs/configuration.md says what is so: its files are right, and it leaves no key out."""

from pathlib import Path

import pytest

from hub.catalogue import catalogue
from hub.config import load_config
from hub.config.checking import check
from hub.config.sections import ConnectorSection, HubSection, LimitsSection
from routes.workflow import WORKFLOW_FILE
from tests.hub.cli.guide import ROOT, blocks
from tests.hub.config.building import KEY, SECRET, write

PAGE = ROOT / "docs" / "configuration.md"
ENVIRONMENT = {
    "ORDERHUB_MASTER_KEY": KEY, "STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRET": "whsec_1",
    "SMTP_PASSWORD": "x", "AMAZON_CLIENT_ID": "a", "AMAZON_CLIENT_SECRET": "b", "AMAZON_REFRESH_TOKEN": "c",
    "EASYPOST_API_KEY": "EZTKpage", "SHOPIFY_CLIENT_SECRET": "d", "SIGNIFYD_API_KEY": "0123456789abcdef",
    "ACME_TOKEN": "e",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the page writes, with the secrets that it speaks of."""
    for block in blocks(PAGE):
        if block.about:
            write(tmp_path, block.text, block.about)
    write(tmp_path, SECRET, "secrets/shop.key")
    write(tmp_path, SECRET, "secrets/erp.key")
    write(tmp_path, SECRET, "secrets/easypost.key")
    write(tmp_path, "p", "secrets/postgres")
    write(tmp_path, "r", "secrets/rabbitmq")
    write(tmp_path, WORKFLOW_FILE.read_text(encoding="utf-8"), "workflow.yaml")
    return tmp_path


def test_the_whole_file_is_right(folder: Path) -> None:
    found = check(folder / "hub.yaml", values=folder / "values.yaml", environ=ENVIRONMENT)
    assert [str(problem) for problem in found.problems] == []
    assert found.library is not None
    assert found.library.current["shop/order"].reads


def test_the_file_of_values_is_used(folder: Path) -> None:
    config = load_config(folder / "hub.yaml", values=folder / "values.yaml", environ=ENVIRONMENT)
    assert config.sections.api.port == 8080
    assert config.store_url.startswith("postgresql://orderhub:p@")


@pytest.mark.parametrize("key", [*HubSection.model_fields, "connectors"])
def test_every_key_is_on_the_page(key: str) -> None:
    assert f"| `{key}` |" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("key", [*ConnectorSection.model_fields, *LimitsSection.model_fields])
def test_what_every_connector_has_is_on_the_page(key: str) -> None:
    assert f"`{key}`" in PAGE.read_text(encoding="utf-8")


def test_the_whole_file_shows_every_type_of_connector(folder: Path) -> None:
    config = load_config(folder / "hub.yaml", values=folder / "values.yaml", environ=ENVIRONMENT)
    assert {one.connector.name for one in config.connectors.values()} == set(catalogue())
