"""The catalogue of connectors: explicit for those of this repository, by entry point for those from outside."""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from connectors import mailer, webstore
from core.connector import Connector
from hub.catalogue import CONNECTORS, GROUP, Catalogue, CatalogueError, catalogue

ROOT = Path(__file__).parent.parent.parent


class Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Open(BaseModel):
    pass


class Taken(Closed):
    limits: int = 1


def a_connector(name: str, settings: type[BaseModel] = Closed) -> Connector:
    return Connector(name, "One", settings, webstore.CONNECTOR.open, webstore.CONNECTOR.simulator)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A package from outside, which a test puts connectors into."""
    module = ModuleType("outside_package")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def point(name: str, attribute: str = "CONNECTOR") -> EntryPoint:
    return EntryPoint(name, f"outside_package:{attribute}", GROUP)


def test_every_folder_of_the_repository_is_listed() -> None:
    folders = {file.parent.name for file in (ROOT / "connectors").glob("*/__init__.py")}
    assert {module.rpartition(".")[2] for module in CONNECTORS} == folders


def test_every_listed_connector_can_be_used() -> None:
    assert [name for name, connector in catalogue().items() if connector.name != name] == []


def test_one_from_outside_is_listed_beside_them(outside: Any) -> None:
    outside.CONNECTOR = a_connector("acme")
    found = Catalogue(outside=[point("acme")])
    assert found["acme"] is outside.CONNECTOR
    assert found["mailer"] is mailer.CONNECTOR


def test_a_connector_that_is_not_used_is_not_imported() -> None:
    assert "acme" in Catalogue(("connectors.acme",), ())


@pytest.mark.parametrize(
    ("settings", "said"), [(Open, "must forbid what it does not know"), (Taken, "has a field 'limits'")]
)
def test_settings_that_would_mislead_are_refused(outside: Any, settings: type[BaseModel], said: str) -> None:
    outside.CONNECTOR = a_connector("acme", settings)
    with pytest.raises(CatalogueError, match=said):
        Catalogue((), [point("acme")])["acme"]


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(CatalogueError, match="already"):
        Catalogue(outside=[point("mailer")])


def test_a_connector_is_listed_under_its_own_name(outside: Any) -> None:
    outside.CONNECTOR = a_connector("acme")
    with pytest.raises(CatalogueError, match="the two must be the same"):
        Catalogue((), [point("other")])["other"]


def test_what_is_no_connector_says_where_it_is(outside: Any) -> None:
    outside.CONNECTOR = "not one"
    with pytest.raises(CatalogueError, match="outside_package:CONNECTOR is a str"):
        Catalogue((), [point("acme")])["acme"]


def test_a_package_that_can_not_be_loaded_is_named() -> None:
    with pytest.raises(CatalogueError, match="mend or uninstall"):
        Catalogue((), [EntryPoint("acme", "nowhere_at_all:CONNECTOR", GROUP)])["acme"]
