"""Runs the checks of a set over its text, and shows what they found in short."""

from collections.abc import Sequence

from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary
from mappings.syntax.edi.model import Delimiters, Fault, Place, Segment, SetKey, Standard
from mappings.syntax.edi.values import split

FOLDERS = GrammarFolders()
LIBRARY = GrammarLibrary(FOLDERS)

X12_MARKS = Delimiters("~", "*", ":", "^")
EDIFACT_MARKS = Delimiters("'", "+", ":", None, "?")


def segments_of(text: str, marks: Delimiters) -> list[Segment]:
    """Return the segments of a text; lines and indentation between them are left out, and offsets are as written."""
    found: list[Segment] = []
    offset = 0
    for raw in split(text, marks.segment, marks.release)[:-1]:
        inner = raw.lstrip()
        found.append(Segment(split(inner, marks.element, marks.release), offset + len(raw) - len(inner)))
        offset += len(raw) + 1
    return found


def checked(
    key: SetKey, text: str, marks: Delimiters, library: GrammarLibrary = LIBRARY
) -> tuple[list[Fault], list[Place | None]]:
    """Return all faults of a set, and the place of each segment."""
    check = library.check_for(key, marks)
    assert check is not None, f"there is no grammar for {key}"
    found: list[Fault] = []
    places: list[Place | None] = []
    for number, segment in enumerate(segments_of(text, marks), 1):
        found += check.take(segment, number)
        places.append(check.place)
    return [*found, *check.close()], places


def x12(text: str, version: str = "004010", library: GrammarLibrary = LIBRARY) -> list[Fault]:
    """Return the faults of an X12 set, whose type ST01 says."""
    key = SetKey(Standard.X12, segments_of(text, X12_MARKS)[0].fields[1], version)
    return checked(key, text, X12_MARKS, library)[0]


def edifact(text: str, version: str = "D96A", library: GrammarLibrary = LIBRARY) -> list[Fault]:
    """Return the faults of an EDIFACT message, whose type UNH says."""
    type_ = segments_of(text, EDIFACT_MARKS)[0].fields[2].split(":")[0]
    return checked(SetKey(Standard.EDIFACT, type_, version), text, EDIFACT_MARKS, library)[0]


def short(faults: Sequence[Fault]) -> list[str]:
    """Return `3 REF02-1 element-missing 1` for each fault: segment, place, what it is, and the standard's number."""
    shown: list[str] = []
    for fault in faults:
        at = fault.position
        place = fault.tag or ""
        if at.element is not None:
            place += f"{at.element:02}" + (f"-{at.component}" if at.component else "")
        shown.append(f"{at.segment} {place} {fault.code} {fault.standard_code}")
    return shown
