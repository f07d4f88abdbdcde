"""`orderhub bench`: runs the benchmarks of a checkout. They are programs beside the packages, not part of them."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from core.errors import HubError

PROGRAM = Path(__file__).parent.parent / "benchmarks" / "run.py"


class NoBenchmarksError(HubError):
    """The hub was installed without its source."""


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """What `orderhub bench` was asked for."""

    json: bool = False
    quick: bool = False
    write: bool = True


async def run_bench(options: BenchOptions) -> int:
    """Run every measurement, and return the program's exit status."""
    if not PROGRAM.exists():
        raise NoBenchmarksError("the benchmarks come with the source: run this in a clone of the repository")
    wanted = {"--json": options.json, "--quick": options.quick, "--no-write": not options.write}
    arguments = [flag for flag, on in wanted.items() if on]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.run", *arguments, cwd=PROGRAM.parent.parent
    )
    return await process.wait()
