import importlib.util
import json
from pathlib import Path
from types import ModuleType

import coverage
import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def coverage_floor() -> ModuleType:
    spec = importlib.util.spec_from_file_location("coverage_floor", ROOT / ".ci" / "coverage_floor.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def summary(covered: int, statements: int, branches: int = 0, covered_branches: int = 0) -> dict[str, int]:
    return {
        "covered_lines": covered,
        "num_statements": statements,
        "covered_branches": covered_branches,
        "num_branches": branches,
    }


def test_lines_and_branches_of_a_package_count_together(coverage_floor: ModuleType) -> None:
    files = {
        "core/bus.py": summary(8, 10, branches=10, covered_branches=2),
        "core/store/rows.py": summary(5, 5),
        "routes/stage.py": summary(1, 1),
        "hub/__init__.py": summary(0, 0),
    }
    assert coverage_floor.by_package(files) == {"core": 60.0, "routes": 100.0}


@pytest.mark.parametrize(
    ("measured", "fallen"),
    [
        ({"core": 90.0}, {}),
        ({"core": 95.0, "hub": 10.0}, {}),
        ({"core": 89.9}, {}),
        ({"core": 89.0}, {"core": 89.0}),
        ({}, {"core": 0.0}),
    ],
)
def test_a_package_is_held_to_its_floor(
    coverage_floor: ModuleType, measured: dict[str, float], fallen: dict[str, float]
) -> None:
    assert coverage_floor.below({"core": 90.0}, measured) == fallen


def test_a_floor_only_rises(coverage_floor: ModuleType) -> None:
    floors = {"core": 90.0, "hub": 70.0, "gone": 50.0}
    measured = {"core": 91.27, "hub": 60.0, "routes": 99.99}
    assert coverage_floor.raised(floors, measured) == {"core": 91.2, "hub": 70.0, "routes": 99.9}


class TestTheCommand:
    @pytest.fixture
    def arguments(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """A project in a folder of its own, whose run took one of two branches in `core`."""
        monkeypatch.chdir(tmp_path)
        source = tmp_path / "core" / "some.py"
        source.parent.mkdir()
        source.write_text("import sys\nif sys.argv:\n    print()\n")
        data = coverage.CoverageData(str(tmp_path / ".coverage"))
        data.add_arcs({str(source): [(-1, 1), (1, 2), (2, 3), (3, -1)]})
        data.write()
        (tmp_path / "not-run").touch()
        (tmp_path / "floor.json").write_text('{"core": 80.0}')
        return ["--floor-file=floor.json", "--not-run-file=not-run"]

    def test_it_passes_at_the_floor(self, coverage_floor: ModuleType, arguments: list[str]) -> None:
        assert coverage_floor.main(["check", *arguments]) == 0

    def test_it_fails_below_the_floor_and_names_the_package(
        self,
        coverage_floor: ModuleType,
        arguments: list[str],
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        (tmp_path / "floor.json").write_text('{"core": 80.0, "hub": 80.0}')
        assert coverage_floor.main(["check", *arguments]) == 1
        assert "coverage of hub fell to 0.00 %, below its floor of 80.0 %" in capsys.readouterr().out

    def test_a_run_that_lacked_a_server_is_not_looked_at(
        self,
        coverage_floor: ModuleType,
        arguments: list[str],
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        (tmp_path / "not-run").write_text("tests/test_a.py::test_b\n")
        (tmp_path / "floor.json").write_text('{"hub": 80.0}')
        assert coverage_floor.main(["check", *arguments]) == 0
        assert "not looked at, since 1 tests did not run" in capsys.readouterr().out
        assert coverage_floor.main(["raise", *arguments]) == 1

    def test_a_run_that_never_was_is_a_failure(
        self, coverage_floor: ModuleType, arguments: list[str], tmp_path: Path
    ) -> None:
        (tmp_path / "not-run").unlink()
        assert coverage_floor.main(["check", *arguments]) == 1

    def test_raising_writes_what_was_reached(
        self, coverage_floor: ModuleType, arguments: list[str], tmp_path: Path
    ) -> None:
        (tmp_path / "floor.json").write_text("{}")
        assert coverage_floor.main(["raise", *arguments]) == 0
        assert json.loads((tmp_path / "floor.json").read_text()) == {"core": 80.0}
