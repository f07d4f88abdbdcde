"""The contracts in pyproject.toml refuse what the architecture's table of packages forbids."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ["canonical", "mappings", "routes", "core", "connectors", "hub"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The six packages, and a connector or two, with nothing in them, under this project's contracts."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in [*PACKAGES, "connectors/warehouse", "connectors/webstore"]:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    return tmp_path


def broken_contracts(tree: Path) -> list[str]:
    lint: list[str | Path] = [Path(sys.executable).parent / "lint-imports", "--no-logo", "--no-cache"]
    done = subprocess.run(
        lint, cwd=tree, env={"PYTHONPATH": str(tree)}, capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    broken = [line.removesuffix(" BROKEN") for line in done.stdout.splitlines() if line.endswith(" BROKEN")]
    assert bool(broken) == bool(done.returncode), done.stdout + done.stderr
    return broken


def test_what_the_table_allows_is_allowed(tree: Path) -> None:
    (tree / "canonical" / "order.py").write_text("import pydantic\n")
    for package in ("mappings", "routes", "core"):
        (tree / package / "some.py").write_text("import canonical.order\n")
    (tree / "core" / "bus.py").write_text("import faststream, sqlalchemy, asyncio\n")
    (tree / "connectors" / "webstore" / "door.py").write_text("import core.some, mappings.some, httpx\n")
    (tree / "hub" / "cli.py").write_text("import connectors.webstore.door, routes.some, typer\n")
    assert broken_contracts(tree) == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("canonical/order.py", "import mappings"),
        ("canonical/order.py", "import lxml"),
        ("mappings/engine.py", "import core"),
        ("mappings/engine.py", "import routes"),
        ("mappings/engine.py", "from pathlib import Path\nimport httpx"),
        ("routes/stage.py", "import mappings"),
        ("routes/stage.py", "import asyncio"),
        ("routes/stage.py", "from time import time"),
        ("routes/stage.py", "def rule() -> None:\n    import sqlalchemy"),
        ("core/bus.py", "import connectors"),
        ("core/bus.py", "import routes"),
        ("core/bus.py", "import stripe"),
        ("connectors/webstore/door.py", "import connectors.warehouse"),
        ("connectors/webstore/door.py", "import routes"),
        (
            "connectors/webstore/door.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import hub",
        ),
    ],
)
def test_what_the_table_forbids_is_refused(tree: Path, module: str, line: str) -> None:
    (tree / module).write_text(line + "\n")
    assert broken_contracts(tree) != []


def test_two_modules_that_need_each_other_are_refused(tree: Path) -> None:
    (tree / "core" / "bus.py").write_text("import core.store\n")
    (tree / "core" / "store.py").write_text("import core.bus\n")
    assert broken_contracts(tree) == ["No two modules of a package need each other"]


def test_no_import_is_excepted() -> None:
    assert "ignore_imports" not in (ROOT / "pyproject.toml").read_text()
