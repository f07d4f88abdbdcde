"""The pins fit what pyproject.toml asks for."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
FILES = ["requirements.txt", "requirements-run.txt"]


def read_pins(name: str) -> dict[str, set[str]]:
    """Return the versions that a file pins each package to; there can be one for each Python."""
    pins: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text().splitlines():
        if pin := re.match(r"([\w.-]+)==([^\s;]+)", line):
            pins.setdefault(canonicalize_name(pin[1]), set()).add(pin[2])
    return pins


def asked(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = project["dependencies"] + [line for e in extras for line in project["optional-dependencies"][e]]
    return [requirement for requirement in map(Requirement, lines) if requirement.name != project["name"]]


@pytest.mark.parametrize(
    ("name", "extras"), [("requirements.txt", ["build", "dev"]), ("requirements-run.txt", ["build"])]
)
def test_all_that_is_asked_for_is_pinned_to_a_version_that_will_do(name: str, extras: list[str]) -> None:
    pins = read_pins(name)
    unfit = [
        str(requirement)
        for requirement in asked(*extras)
        if not (versions := pins.get(canonicalize_name(requirement.name)))
        or not all(requirement.specifier.contains(version) for version in versions)
    ]
    assert unfit == [], "run `make lock`"


@pytest.mark.parametrize("name", [*FILES, "benchmarks/linuxforhealth/requirements.txt"])
def test_every_pin_has_hashes(name: str) -> None:
    blocks = re.split(r"\n(?=\S)", (ROOT / name).read_text().strip())
    assert [block for block in blocks if not re.search(r"--hash=sha256:[0-9a-f]{64}", block)] == []


def test_the_image_runs_what_was_tested() -> None:
    tested, image = read_pins("requirements.txt"), read_pins("requirements-run.txt")
    assert {name: versions for name, versions in image.items() if tested.get(name) != versions} == {}
