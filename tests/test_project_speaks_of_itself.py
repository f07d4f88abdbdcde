"""What is kept in this repository is about orderhub: nothing in it tells of the machine it was written on."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ["canonical", "mappings", "routes", "core", "connectors", "hub"]

ELSEWHERE = {
    "the address of a package registry": r"(pypi|pythonhosted|npmjs|debian)\.(org|com)",
    "an option that names a package registry": r"--(extra-)?index-url|--find-links|--trusted-host|--registry",
    "a path of somebody's machine": r"(?<![\w.:/-])/(home|work|Users)/\w|/root/\.|[A-Z]:\\\\?Users",
}


def kept_files() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def sayings(name: str) -> Iterator[str]:
    if ROOT / name == Path(__file__):
        return
    try:
        text = (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    for number, line in enumerate(text.splitlines(), 1):
        for what, pattern in ELSEWHERE.items():
            if found := re.search(pattern, line):
                yield f"{name}:{number}: {what}: {found.group()}"


def test_no_file_tells_of_the_machine_it_was_written_on() -> None:
    assert [saying for name in kept_files() for saying in sayings(name)] == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--index-url https://example.com/simple", True),
        ("see https://pypi.org/project/x", True),
        ('File "/home/someone/orderhub/core/bus.py"', True),
        ("https://example.com/home/orders", False),
        ("//Order/home/Address", False),
        ("/var/lib/orderhub", False),
    ],
)
def test_the_patterns_know_what_they_look_for(line: str, *, said: bool) -> None:
    assert any(re.search(pattern, line) for pattern in ELSEWHERE.values()) is said


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_tells_type_checkers_that_it_has_types(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()
