"""Read every file of a corpus of EDI, and hold what is said of it against what the corpus says.

    python -m tests.edi_corpus DIR          (or ORDERHUB_EDI_CORPUS=DIR)

DIR has `SOURCES.csv` with the columns `file`, `valid_or_malformed` and `problems` (`UNZ ref`, `SE01 4 != 3`), and the
files of X12 and EDIFACT below `x12` and `edifact`. At the level of envelopes a valid file has no error, a malformed one
the codes that its problems name, and as many sets and segments are found as a plain split finds. No test: it is no part
of the project, and says for each file that differs how.
"""

import csv
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from mappings.errors import Severity
from mappings.syntax.edi.events import InterchangeBegin, SetBegin, SetEnd
from mappings.syntax.edi.model import Fault
from mappings.syntax.edi.opened import Reading
from mappings.syntax.edi.reading import read_events

CODES = (
    (r"ISA not 106", "ISA-width"), (r"trailing data", "trailing-data|unterminated-segment"), (r"SE01", "SE01-count"),
    (r"(SE02|GE02|IEA02) mismatch", r"\1-mismatch"), (r"(GE01|IEA01) count", r"\1-count"),
    (r"(UNT|UNE|UNZ) count.*", r"\1-count"), (r"(UNT|UNE|UNZ) ref", r"\1-ref"), (r"no (\w+)", r"no-\1"),
)  # fmt: skip


def wanted(problems: str) -> list[str]:
    """The codes that the corpus's words name."""
    found: list[str] = []
    for words in problems.split("; "):
        pattern, code = next(one for one in CODES if re.match(one[0], words))
        match = re.match(pattern, words)
        found.append(code if match is None else match.expand(code))
    return found


def differences(raw: bytes, *, valid: bool, problems: str) -> Iterator[str]:
    """What we say otherwise than the corpus."""
    found = list(read_events([raw], Reading(strict=False)))
    faults = [
        one
        for event in found
        for one in ([event] if isinstance(event, Fault) else getattr(event, "faults", ()))
    ]
    errors = {one.code for one in faults if one.severity is Severity.ERROR}
    if valid and errors:
        yield f"valid, and we find {', '.join(sorted(errors))}"
    if not valid and not errors:
        yield "malformed, and we find nothing"
    if not valid:
        missing = [code for code in wanted(problems) if not errors & set(code.split("|"))]
        if missing:
            yield f"we don't find {', '.join(missing)}, but {', '.join(sorted(errors))}"
    if valid and (counted := plainly(raw)) is not None:
        sets = [event for event in found if isinstance(event, SetBegin)]
        segments = [event.segments for event in found if isinstance(event, SetEnd)]
        if counted != (len(sets), sum(segments)):
            yield f"{len(sets)} sets of {sum(segments)} segments, and a plain split finds {counted}"


def plainly(raw: bytes) -> tuple[int, int] | None:
    """Sets and their segments by splitting at terminators; None where that can't tell."""
    head = next((one for one in read_events([raw]) if isinstance(one, InterchangeBegin)), None)
    if head is None:
        return None
    text, marks = raw.decode("latin-1"), head.delimiters
    if marks.release is not None:
        text = re.sub(
            re.escape(marks.release) + ".", "..", text[head.start + len(head.written) :], flags=re.DOTALL
        )
    tags = [piece.strip().split(marks.element)[0] for piece in text.split(marks.segment)]
    first, last = ("ST", "SE") if marks.release is None and "ISA" in text[:200] else ("UNH", "UNT")
    sets = segments = 0
    inside = False
    for tag in tags:
        sets += tag == first
        inside = inside or tag == first
        segments += inside
        inside = inside and tag != last
    return sets, segments


def main() -> int:
    """Go through the corpus; exit status 1 if anything differs."""
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ORDERHUB_EDI_CORPUS")
    if not given or not (Path(given) / "SOURCES.csv").is_file():
        sys.stderr.write("usage: python -m tests.edi_corpus DIR, where DIR/SOURCES.csv lists the files\n")
        return 2
    root = Path(given)
    with (root / "SOURCES.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith(("x12/", "edifact/"))]
    differing = 0
    for row in rows:
        valid = row["valid_or_malformed"] == "valid"
        said = [*differences((root / row["file"]).read_bytes(), valid=valid, problems=row["problems"])]
        differing += bool(said)
        sys.stdout.writelines(f"{row['file']}: {one}\n" for one in said)
    sys.stdout.write(f"{len(rows)} files, {differing} differ\n")
    return 1 if differing else 0


if __name__ == "__main__":
    raise SystemExit(main())
