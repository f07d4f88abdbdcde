"""How fast X12 and EDIFACT are read, beside other readers, where these are installed.

    python -m benchmarks.edi [--megabytes 8] [--rounds 3]

Megabytes a second of processor time, which others on the machine disturb least; all readers one after the other, and
the medians of the rounds. "segments" is each segment split into elements, with its byte; "envelopes" adds counts and
control numbers, "grammar" each set by its grammar. `linuxforhealth-x12` does not import beside pydantic 2: it runs in
an environment of its own, which `make bench` sets up.
"""

import argparse
import io
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from mappings.syntax.edi.cutting import Batch
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary
from mappings.syntax.edi.opened import Reading
from mappings.syntax.edi.reading import read_events
from mappings.syntax.edi.scanning import Scanner

CHUNK = 65_536
LINES = 50
PEER_PYTHON = Path(__file__).parent.parent / "build/linuxforhealth/bin/python"
PEER_PROGRAM = Path(__file__).parent / "linuxforhealth/read.py"

ISA = "ISA*00*          *00*          *ZZ*ACME           *ZZ*HUB            *261120*0930*U*00401*000000007*0*P*>~\n"
X12_LINE = "PO1*{n}*5*EA*9.95**VN*CUP-{n}~\nPID*F****A cup with a handle~\nDTM*002*20261201~\n"
EDIFACT_LINE = (
    "LIN+{n}++4000862141404:EN'\nIMD+F++:::Ann?'s cup'\nQTY+21:48'\nDTM+2:20261201:102'\nPRI+AAA:14.58'\n"
)


def x12(size: int) -> Iterator[bytes]:
    """Yield an interchange of purchase orders of about `size` bytes, set by set."""
    yield f"{ISA}GS*PO*ACME*HUB*20261120*0930*7*X*004010~\n".encode()
    lines = "".join(X12_LINE.format(n=n) for n in range(1, LINES + 1))
    count = max(1, size // len(lines))
    for number in range(1, count + 1):
        body = f"BEG*00*SA*PO-{number}**20261120~\n{lines}CTT*{LINES}~\n"
        yield f"ST*850*{number:09d}~\n{body}SE*{body.count('~') + 2}*{number:09d}~\n".encode()
    yield f"GE*{count}*7~\nIEA*1*000000007~\n".encode()


def edifact(size: int) -> Iterator[bytes]:
    """Yield an interchange of ORDERS of about `size` bytes, message by message."""
    yield b"UNA:+.? '\nUNB+UNOC:3+4012345000009:14+4098765000010:14+261120:0930+7'\n"
    lines = "".join(EDIFACT_LINE.format(n=n) for n in range(1, LINES + 1))
    count = max(1, size // len(lines))
    for number in range(1, count + 1):
        body = f"BGM+220+PO-{number}+9'\nDTM+137:20261120:102'\nNAD+BY+4012345000009::9'\n{lines}UNS+S'\n"
        segments = 7 - 1 + 5 * LINES
        yield f"UNH+{number}+ORDERS:D:96A:UN'\n{body}UNT+{segments}+{number}'\n".encode()
    yield f"UNZ+{count}+7'\n".encode()


def chunks(raw: bytes) -> Iterator[bytes]:
    """Yield `raw` as a file is read."""
    for at in range(0, len(raw), CHUNK):
        yield raw[at : at + CHUNK]


def by_segments(raw: bytes) -> int:
    """Split only."""
    scanner = Scanner()
    found = 0
    for chunk in chunks(raw):
        found += sum(len(token.segments) for token in scanner.feed(chunk) if isinstance(token, Batch))
    return found + sum(len(token.segments) for token in scanner.close() if isinstance(token, Batch))


def by_events(reading: Reading) -> Callable[[bytes], int]:
    """Return a reader of events that fails where a fault is found: the files are sound."""

    def read(raw: bytes) -> int:
        found = 0
        for event in read_events(chunks(raw), reading):
            found += 1
            if getattr(event, "faults", ()):
                raise RuntimeError(f"a file that should be sound isn't: {getattr(event, 'faults', ())[0]}")
        return found

    return read


def ansi_x12(raw: bytes) -> int:
    """Read by ansi-x12: tokens and envelopes."""
    library: Any = import_module("x12")
    return bool(library.parse_x12_interchange(library.tokenize_x12(raw)))


def pyx12(raw: bytes) -> int:
    """Read by pyx12's reader, which checks envelopes."""
    library: Any = import_module("pyx12.x12file")
    return sum(1 for _ in library.X12Reader(io.StringIO(raw.decode())))


def linuxforhealth(raw: bytes) -> float:
    """Read by linuxforhealth-x12, segments without checks; return the processor time of its own process."""
    with tempfile.NamedTemporaryFile(suffix=".x12") as file:
        file.write(raw)
        file.flush()
        program = [str(PEER_PYTHON), str(PEER_PROGRAM), file.name]
        done = subprocess.run(program, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    if done.returncode:
        raise RuntimeError(done.stderr.strip().rpartition("\n")[2])
    return float(done.stdout.split()[1])


def pydifact(raw: bytes) -> int:
    """Read by pydifact's parser: segments."""
    library: Any = import_module("pydifact.parser")
    return sum(1 for _ in library.Parser().parse(raw.decode()))


def readers() -> dict[str, tuple[str, Callable[[bytes], float]]]:
    """Return all readers by name, each with its family."""
    grammars = GrammarLibrary(GrammarFolders())
    ours = {
        "segments": by_segments,
        "envelopes": by_events(Reading()),
        "grammar": by_events(Reading(grammars=grammars)),
    }
    found = {
        f"{family}_{name}": (family, read) for family in ("x12", "edifact") for name, read in ours.items()
    }
    return found | {
        "x12_ansi_x12": ("x12", ansi_x12), "x12_pyx12": ("x12", pyx12),
        "x12_linuxforhealth": ("x12", linuxforhealth), "edifact_pydifact": ("edifact", pydifact),
    }  # fmt: skip


def seconds_of(read: Callable[[bytes], float], raw: bytes) -> float:
    """Return the processor time of one reading; a reader that is a process of its own tells it itself."""
    if read is linuxforhealth:
        return read(raw)
    began = time.process_time()
    read(raw)
    return time.process_time() - began


def measure(size: int, rounds: int) -> tuple[dict[str, float], dict[str, str]]:
    """Return megabytes a second by name, and why what is missing is."""
    raw = {"x12": b"".join(x12(size)), "edifact": b"".join(edifact(size))}
    rates: dict[str, list[float]] = {}
    missing: dict[str, str] = {}
    for _ in range(rounds):
        for name, (family, read) in readers().items():
            if name in missing:
                continue
            try:
                seconds = seconds_of(read, raw[family])
            except Exception as error:
                if name.split("_", 1)[1] in ("segments", "envelopes", "grammar"):
                    raise
                missing[name] = f"{type(error).__name__}: {error}"
                continue
            rates.setdefault(name, []).append(len(raw[family]) / 1e6 / seconds)
    return {name: round(statistics.median(found), 2) for name, found in rates.items()}, missing


def main() -> None:
    """Measure, and print a line for each reader: its rate, and how many times as fast our checked reading is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one line of JSON instead")
    given = parser.parse_args()
    rates, missing = measure(int(given.megabytes * 1e6), given.rounds)
    if given.json:
        print(json.dumps({"rates": rates, "missing": missing}))
        return
    print(f"{'reader':<24} {'MB/s':>8} {'ours, envelopes checked, is':>30}")
    for name, rate in rates.items():
        ratio = rates[f"{name.split('_', 1)[0]}_envelopes"] / rate
        print(f"{name:<24} {rate:>8.2f} {ratio:>27.2f} ×")
    for name, why in missing.items():
        print(f"{name:<24} was not measured: {why}")


if __name__ == "__main__":
    main()
