"""`orderhub new connector`: whoever follows docs/add-a-connector.md has a connector at its end."""

import subprocess
import sys
from pathlib import Path

import pytest

from hub.scaffold import ScaffoldError, write_connector
from hub.scaffold.ports import PORTS
from tests.hub.cli.guide import ROOT, Checkout, blocks

PAGE = ROOT / "docs" / "add-a-connector.md"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_page_works_to_the_letter(tmp_path: Path) -> None:
    checkout = Checkout.make(tmp_path)
    steps = [block for block in blocks(PAGE) if block.language != "toml"]
    for block in steps:
        checkout.do(block)
    assert len(steps) >= 12
    assert "acme" in checkout.run("orderhub connectors list --types", fails=False)
    assert "pong" not in checkout.run("orderhub translate acme/order hub.yaml --set channel=acme", fails=True)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout.make(tmp_path_factory.mktemp("checkout"))


@pytest.mark.parametrize("port", PORTS)
def test_what_is_made_is_well_formed(checkout: Checkout, port: str) -> None:
    name = f"made_{port}"
    folders = f"connectors/{name} tests/connectors/{name}"
    checkout.run(f"orderhub new connector {name} --port {port}", fails=False)
    checkout.run(f"ruff check --fix --quiet {folders}", fails=False)
    checkout.run(f"ruff format --quiet {folders}", fails=False)
    for file in (checkout.folder / "connectors" / name).rglob("*.py"):
        assert "%%" not in file.read_text(encoding="utf-8")
    said = checkout.run(f"pytest -q -p no:randomly tests/connectors/{name}", fails=True)
    assert "step" in said or "NotImplementedError" in said


@pytest.mark.slow
def test_what_is_made_has_types(checkout: Checkout) -> None:
    write_connector("typed", "channel", checkout.folder)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "connectors/typed"],
        cwd=checkout.folder,
        env=checkout.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "connectors/typed" not in done.stdout, done.stdout


@pytest.mark.parametrize("name", ["Acme", "a", "1st", "two words", "class", "../up", "a-b"])
def test_a_name_that_is_none_is_refused(checkout: Checkout, name: str) -> None:
    with pytest.raises(ScaffoldError, match="no name of a connector"):
        write_connector(name, "channel", checkout.folder)


def test_nothing_is_written_over_a_connector_that_is_there(checkout: Checkout) -> None:
    before = (checkout.folder / "connectors" / "webstore" / "__init__.py").read_text(encoding="utf-8")
    with pytest.raises(ScaffoldError, match="there already"):
        write_connector("webstore", "channel", checkout.folder)
    assert (checkout.folder / "connectors" / "webstore" / "__init__.py").read_text(encoding="utf-8") == before


def test_outside_a_checkout_it_says_where_to_go(tmp_path: Path) -> None:
    with pytest.raises(ScaffoldError, match="--root"):
        write_connector("acme", "channel", tmp_path)
    assert list(tmp_path.iterdir()) == []
