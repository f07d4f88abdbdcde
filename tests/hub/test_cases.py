"""A failed message becomes a test that is red until its mapping is mended, and green from then on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.cases import CaseFailedError, read_case
from tests.hub.cli.calling import Said, a_hub, call

MENDED = """\
overlay: shop/order
base: webstore/order
version: 1
note: This shop calls the euro EURO.
change:
  currency: {from: currency, transform: [{replace: {text: EURO, with: EUR}}, currency]}
"""
ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A hub with a message that could not be read, for its currency."""
    return a_hub(tmp_path)


def fixture(folder: Path, *more: str) -> Said:
    failure = call(folder, "failures", "list", "--json").data["items"][0]["id"]
    return call(folder, "failures", "fixture", failure, "--to", "cases", *more)


def run_tests(folder: Path) -> tuple[int, str]:
    """Run the tests in the folder as somebody does who keeps them beside their mappings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "cases"],
        cwd=folder, env={**kept, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def mend(folder: Path) -> None:
    (folder / "own").mkdir()
    (folder / "own" / "order.yaml").write_text(MENDED, encoding="utf-8")
    text = (folder / "hub.yaml").read_text(encoding="utf-8")
    text = text.replace(
        "    type: webstore\n", "    type: webstore\n    mappings: {webstore/order: shop/order}\n"
    )
    (folder / "hub.yaml").write_text(f"{text}\nmappings: [own]\n", encoding="utf-8")


@pytest.mark.slow
def test_one_command_makes_a_test_that_is_red_until_the_mapping_is_mended(folder: Path) -> None:
    said = fixture(folder, "--name", "euro")
    assert said.status == 0, said.errors
    assert sorted(file.name for file in (folder / "cases").iterdir()) == [
        "euro.case.json", "euro.json", "test_euro.py",
    ]  # fmt: skip
    status, out = run_tests(folder)
    assert (status, "euro.json is not read yet" in out, "currency" in out) == (1, True, True)
    mend(folder)
    assert run_tests(folder)[0] == 0


def test_a_case_keeps_nobody_and_what_its_mapping_is_told(folder: Path) -> None:
    fixture(folder, "--name", "euro")
    facts = json.loads((folder / "cases" / "euro.case.json").read_text(encoding="utf-8"))
    assert (facts["reads"], facts["context"], facts["name"]) == (
        "webstore/order",
        {"channel": "shop"},
        "shop",
    )
    text = (folder / "cases" / "euro.json").read_text(encoding="utf-8")
    assert "A. Customer" not in text
    assert '"EURO"' in text


def test_what_is_read_must_be_what_is_expected_once_that_is_said(folder: Path) -> None:
    fixture(folder, "--name", "euro")
    mend(folder)
    case, config = folder / "cases" / "euro.case.json", folder / "hub.yaml"
    read = [document.model_dump(mode="json") for document in read_case(case, config=config)]
    expected = folder / "cases" / "euro.expected.json"
    expected.write_text(json.dumps(read), encoding="utf-8")
    read_case(case, config=config)
    expected.write_text("[]", encoding="utf-8")
    with pytest.raises(CaseFailedError, match=r"not as euro\.expected\.json says"):
        read_case(case, config=config)
    with pytest.raises(CaseFailedError, match="is not read yet"):
        read_case(case)
