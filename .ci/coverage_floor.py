"""Holds branch coverage to a floor that only rises.

`check` compares what the last whole test run measured with `.ci/coverage-floor.json`, package by package, and
fails where one fell. `raise` writes what was measured as the new floor where it is higher. A run in which
some tests could not run measures nothing, so neither is done then.
"""

import argparse
import json
import sys
from collections import Counter
from math import floor
from pathlib import Path

import coverage

FLOOR_FILE = Path(__file__).parent / "coverage-floor.json"
SLACK_POINTS = 0.2
"""Tasks that race take one branch in one run and another in the next."""


def main(arguments: list[str] | None = None) -> int:
    """Run `check` or `raise`; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["check", "raise"])
    parser.add_argument(
        "--not-run-file", type=Path, required=True, help="the tests that could not run, one a line"
    )
    parser.add_argument("--data-file", default=".coverage")
    parser.add_argument("--floor-file", type=Path, default=FLOOR_FILE)
    asked = parser.parse_args(arguments)

    if not asked.not_run_file.exists():
        print("coverage floor: no whole test run to go by; `make test` makes one")
        return 1
    if not_run := asked.not_run_file.read_text().splitlines():
        print(f"coverage floor: not looked at, since {len(not_run)} tests did not run")
        return 0 if asked.verb == "check" else 1
    measured = measure(asked.data_file)
    floors: dict[str, float] = json.loads(asked.floor_file.read_text()) if asked.floor_file.exists() else {}
    if asked.verb == "raise":
        asked.floor_file.write_text(json.dumps(raised(floors, measured), indent=2, sort_keys=True) + "\n")
        return 0
    fallen = below(floors, measured)
    print(
        "coverage: "
        + ", ".join(f"{package} {percent:.1f} %" for package, percent in sorted(measured.items()))
    )
    for package, percent in fallen.items():
        print(f"coverage of {package} fell to {percent:.2f} %, below its floor of {floors[package]} %")
    return 1 if fallen else 0


def measure(data_file: str) -> dict[str, float]:
    """Return the branch coverage of each package, in percent."""
    report = Path(f"{data_file}.json")
    measured = coverage.Coverage(data_file=data_file)
    measured.load()
    measured.json_report(outfile=str(report))
    files = json.loads(report.read_text())["files"]
    report.unlink()
    return by_package({name: file["summary"] for name, file in files.items()})


def by_package(files: dict[str, dict[str, int]]) -> dict[str, float]:
    """Add up coverage.py's summaries of files to a percentage for each top-level package."""
    covered: Counter[str] = Counter()
    coverable: Counter[str] = Counter()
    for name, summary in files.items():
        package = Path(name).parts[0]
        # A run that covered nothing at all has no branches to tell of.
        covered[package] += summary["covered_lines"] + summary.get("covered_branches", 0)
        coverable[package] += summary["num_statements"] + summary.get("num_branches", 0)
    return {package: 100 * covered[package] / count for package, count in coverable.items() if count}


def below(floors: dict[str, float], measured: dict[str, float]) -> dict[str, float]:
    """Return the packages that are covered less than their floor says; one that is gone has no coverage."""
    now = {package: measured.get(package, 0.0) for package in floors}
    return {package: percent for package, percent in now.items() if percent + SLACK_POINTS < floors[package]}


def raised(floors: dict[str, float], measured: dict[str, float]) -> dict[str, float]:
    """Return the floors, each at least what it was."""
    reached = {package: floor(percent * 10) / 10 for package, percent in measured.items()}
    return {package: max(floors.get(package, 0.0), percent) for package, percent in reached.items()}


if __name__ == "__main__":
    sys.exit(main())
