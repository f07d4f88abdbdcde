"""Run the connectors' tests, listened to; see the package."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.vendor_specs.vendors import VENDORS

TESTS = Path(__file__).parent.parent / "connectors"


class Heard:
    """A plugin of pytest that keeps which vendors nothing was heard of."""

    def __init__(self, names: list[str]) -> None:
        self.unheard = names

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Ask the one that listens (`tests/conftest.py`)."""
        listener: Any = session.config.pluginmanager.get_plugin("vendor-specs")
        self.unheard = [name for name in self.unheard if not listener.counted[name]]


def main() -> int:
    """Exit with 1 where a test failed or something is not as its vendor says, with 2 where there is nothing to read."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ORDERHUB_VENDOR_SPECS", "nowhere"))
    there = [name for name in VENDORS if (root / name).is_dir()]
    if not there:
        sys.stderr.write(f"usage: python -m tests.vendor_specs DIR, where DIR has {', '.join(VENDORS)}\n")
        return 2
    heard, tests = Heard(there), [str(TESTS / name) for name in there]
    status = pytest.main(["-q", "--vendor-specs", str(root), *tests, *sys.argv[2:]], plugins=[heard])
    sys.stdout.writelines(f"{name}: nothing was heard\n" for name in heard.unheard)
    return 1 if heard.unheard else int(status)


if __name__ == "__main__":
    raise SystemExit(main())
