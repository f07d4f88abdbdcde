"""`orderhub new connector`: whoever follows docs/add-a-connector.md has a connector at its end."""

import re
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


SEVERAL = ("channel stock", "channel gateway stock", "gateway fraud", "fulfilment supplier courier")


@pytest.mark.parametrize("ports", [*PORTS, *SEVERAL])
def test_what_is_made_is_well_formed_and_red(checkout: Checkout, ports: str) -> None:
    name = f"made_{ports if ports in PORTS else ''.join(port[0] for port in ports.split())}"
    folders = f"connectors/{name} tests/connectors/{name}"
    asked = " ".join(f"--port {port}" for port in ports.split())
    checkout.run(f"orderhub new connector {name} {asked}", fails=False)
    checkout.run(f"ruff check --fix --quiet {folders}", fails=False)
    checkout.run(f"ruff format --quiet {folders}", fails=False)
    for file in (checkout.folder / "connectors" / name).rglob("*.py"):
        assert "%%" not in file.read_text(encoding="utf-8")
    said = checkout.run(f"pytest -q -p no:randomly tests/connectors/{name}", fails=True)
    assert "step" in said or "NotImplementedError" in said
    for suite in (checkout.folder / "tests" / "connectors" / name).glob("test_*.py"):
        assert re.search(rf"^(FAILED|ERROR) tests/connectors/{name}/{suite.name}", said, re.MULTILINE)


def test_a_connector_of_several_ports_fills_each_of_them(checkout: Checkout) -> None:
    files = write_connector("mall", ["channel", "gateway", "fraud", "stock"], checkout.folder)
    folder = checkout.folder / "connectors" / "mall"
    made = {file.name for file in files if file.parent == folder}
    assert {"updates.py", "payment_gateway.py", "fraud_gateway.py", "stock.py"} <= made
    declared = (folder / "__init__.py").read_text(encoding="utf-8")
    assert 'ports=("ChannelUpdates", "PaymentGateway", "FraudGateway", "StockSink",)' in declared
    opening = (folder / "opening.py").read_text(encoding="utf-8")
    assert "stock=MallStockSink(settings, client)," in opening
    for document in ("order", "payment", "decision"):
        assert f'"{document}": partial(_read_{document}, resources.mappings, name)' in opening
        assert checkout.folder / "mappings" / "mall" / f"{document}.yaml" in files
    suites = {file.name for file in files if file.parent == checkout.folder / "tests" / "connectors" / "mall"}
    assert {"test_updates.py", "test_payment_gateway.py", "test_fraud_gateway.py", "test_stock.py"} <= suites


@pytest.mark.parametrize(
    ("ports", "said"),
    [([], "at least one"), (["stock", "stock"], "once"), (["chanel"], "did you mean channel?")],
)
def test_ports_that_make_no_connector_are_refused(checkout: Checkout, ports: list[str], said: str) -> None:
    with pytest.raises(ScaffoldError) as refused:
        write_connector("portless", ports, checkout.folder)
    assert said in str(refused.value)
    assert not (checkout.folder / "connectors" / "portless").exists()


@pytest.mark.slow
def test_what_is_made_has_types(checkout: Checkout) -> None:
    write_connector("typed", ["channel", "gateway", "fraud", "supplier", "stock"], checkout.folder)
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
        write_connector(name, ["channel"], checkout.folder)


def test_nothing_is_written_over_a_connector_that_is_there(checkout: Checkout) -> None:
    before = (checkout.folder / "connectors" / "webstore" / "__init__.py").read_text(encoding="utf-8")
    with pytest.raises(ScaffoldError, match="there already"):
        write_connector("webstore", ["channel"], checkout.folder)
    assert (checkout.folder / "connectors" / "webstore" / "__init__.py").read_text(encoding="utf-8") == before


def test_outside_a_checkout_it_says_where_to_go(tmp_path: Path) -> None:
    with pytest.raises(ScaffoldError, match="--root"):
        write_connector("acme", ["channel"], tmp_path)
    assert list(tmp_path.iterdir()) == []
