"""One learned folder is all learned: what each connector's folder holds, and what its modules may import."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CONNECTORS = sorted(path.parent.name for path in (ROOT / "connectors").glob("*/__init__.py"))
FILES = ("__init__.py", "settings.py", "opening.py", "client.py", "README.md", "quality.yaml")
HEADINGS = ("## What it does", "## What it can't", "## Credentials, step by step", "## Limits")


def imports(path: Path) -> Iterator[str]:
    """Yield what a module imports, wherever in it that stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (node.module, *(f"{node.module}.{name.name}" for name in node.names))


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


@pytest.mark.parametrize("connector", CONNECTORS)
def test_each_folder_holds_the_same_files(connector: str) -> None:
    folder = ROOT / "connectors" / connector
    shared = {"client.py"} if "core.trading.opening" in imports(folder / "opening.py") else set[str]()
    assert [name for name in FILES if name not in shared and not (folder / name).is_file()] == []
    assert (folder / "simulator").is_dir() or (folder / "simulator.py").is_file()


@pytest.mark.parametrize("connector", CONNECTORS)
def test_the_readme_says_what_a_user_needs(connector: str) -> None:
    lines = (ROOT / "connectors" / connector / "README.md").read_text(encoding="utf-8").splitlines()
    assert [heading for heading in HEADINGS if not any(line.startswith(heading) for line in lines)] == []


@pytest.mark.parametrize("connector", CONNECTORS)
def test_connector_and_simulator_do_not_import_each_other(connector: str) -> None:
    package, folder = f"connectors.{connector}", ROOT / "connectors" / connector
    simulator = f"{package}.simulator"
    for path in folder.rglob("*.py"):
        inside = "simulator" in path.relative_to(folder).with_suffix("").parts
        for module in imports(path):
            if inside:
                assert not is_within(module, package) or is_within(module, simulator), path
            elif path != folder / "__init__.py":
                assert not is_within(module, simulator), path


@pytest.mark.parametrize("connector", CONNECTORS)
def test_the_connector_is_declared_without_loading_its_simulator(connector: str) -> None:
    program = (
        f"import sys; from connectors.{connector} import CONNECTOR; "
        f"print(CONNECTOR.name, any(m.startswith('connectors.{connector}.simulator') for m in sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == [connector, "False"]
