"""Each connector's `quality.yaml` answers every rule, and what it calls done is a test that there is."""

import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent.parent
CONNECTORS = sorted(path.parent.name for path in (ROOT / "connectors").glob("*/__init__.py"))
SHORTEST_REASON = 15


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return document


RULES = read(ROOT / "connectors" / "quality_rules.yaml")["rules"]


def ledger(connector: str) -> dict[str, Any]:
    path = ROOT / "connectors" / connector / "quality.yaml"
    assert path.is_file(), (
        f"{connector} has no quality.yaml: answer the rules of connectors/quality_rules.yaml there"
    )
    return read(path)


def done(entry: dict[str, Any]) -> list[str]:
    named = entry.get("done", [])
    return [named] if isinstance(named, str) else list(named)


@lru_cache
def collected(files: tuple[str, ...]) -> frozenset[str]:
    """Return the ids of all tests in some files, without their parameters, and those of their files and classes."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "--no-cov",
        "-p",
        "no:cacheprovider",
        *files,
    ]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    tests = [line.partition("[")[0].split("::") for line in found.stdout.splitlines() if "::" in line]
    return frozenset("::".join(test[:length]) for test in tests for length in range(1, len(test) + 1))


@pytest.mark.parametrize("connector", CONNECTORS)
def test_a_ledger_answers_every_rule(connector: str) -> None:
    assert [rule for rule in RULES if rule not in ledger(connector)] == []


@pytest.mark.parametrize("connector", CONNECTORS)
def test_an_answer_is_a_test_or_a_reason(connector: str) -> None:
    for rule, entry in ledger(connector).items():
        assert isinstance(entry, dict), rule
        assert set(entry) in ({"done"}, {"exempt"}), rule
        assert done(entry) or len(entry["exempt"]) >= SHORTEST_REASON, rule


@pytest.mark.parametrize("connector", CONNECTORS)
def test_what_is_done_is_a_test_that_there_is(connector: str) -> None:
    named = {test for entry in ledger(connector).values() for test in done(entry)}
    files = tuple(sorted({test.partition("::")[0] for test in named}))
    assert [file for file in files if not (ROOT / file).is_file()] == []
    assert sorted(named - collected(files)) == []
