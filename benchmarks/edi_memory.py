"""How much memory a process takes that reads a file of X12 or EDIFACT, with envelopes and grammars checked.

    python -m benchmarks.edi_memory x12 --megabytes 100

The file is made while it is read, so that it is nowhere whole. Prints the peak in megabytes; a process has one peak, so
each size is read by a process of its own.
"""

import argparse
from pathlib import Path

from benchmarks.edi import edifact, x12
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary
from mappings.syntax.edi.opened import Reading
from mappings.syntax.edi.reading import read_events

FILES = {"x12": x12, "edifact": edifact}


def read(family: str, size: int) -> None:
    """Read about `size` bytes; a fault ends it: the file is sound."""
    for event in read_events(FILES[family](size), Reading(grammars=GrammarLibrary(GrammarFolders()))):
        faults = getattr(event, "faults", ())
        if faults:
            raise RuntimeError(f"a file that should be sound isn't: {faults[0]}")


def peak_mb() -> float:
    """Return the most memory that this process had; not `ru_maxrss`, which begins with that of its parent."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def main() -> None:
    """Read, and print the peak."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("family", choices=sorted(FILES))
    parser.add_argument("--megabytes", type=float, default=100)
    given = parser.parse_args()
    read(given.family, int(given.megabytes * 1e6))
    print(round(peak_mb(), 1))


if __name__ == "__main__":
    main()
