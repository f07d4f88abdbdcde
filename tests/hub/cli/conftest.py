"""A hub's folder for each test: made once, and copied."""

import shutil
from pathlib import Path

import pytest

from tests.hub.cli.calling import a_hub


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub with two orders, and one message that could not be read."""
    return a_hub(tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    """A copy of it, of the test's own."""
    shutil.copytree(prepared, tmp_path / "hub")
    return tmp_path / "hub"
