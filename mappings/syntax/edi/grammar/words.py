"""The words of grammar files: `BEG!`, `REF:*`, `353!`, `1..22`, `P0304`."""

import re

from mappings.errors import Mark
from mappings.syntax.edi.grammar.shapes import ANY, Element, Kind, Note, Rule
from mappings.syntax.edi.grammar.text import Complaints, Line

_USE = re.compile(r"([A-Z0-9]{1,6}|_[a-z0-9]{1,5})(!)?(?::(\*|[1-9][0-9]{0,7}))?")
_LENGTHS = re.compile(r"([0-9]{1,7})(?:\.\.([0-9]{1,7}|\*))?")
_UN_FORMAT = re.compile(r"(an|a|n)(\.\.)?([0-9]{1,5})")
_X12_NOTE = re.compile(r"([PRECL])((?:[0-9]{2}){2,})")
_UN_NOTE = re.compile(r"(D[1-7])\(([0-9]{3}(?:,[0-9]{3})+)\)")
_X12_KINDS = {
    "AN": Kind.TEXT, "ID": Kind.CODE, "R": Kind.DECIMAL, "DT": Kind.DATE, "TM": Kind.TIME, "B": Kind.BINARY,
    **{f"N{decimals}": Kind.NUMBER for decimals in range(10)},
}  # fmt: skip
_UN_RULES = {
    "D1": Rule.EXACTLY_ONE, "D2": Rule.ALL_OR_NONE, "D3": Rule.SOME, "D4": Rule.AT_MOST_ONE,
    "D5": Rule.FIRST_NEEDS_ALL, "D6": Rule.FIRST_NEEDS_SOME, "D7": Rule.FIRST_FORBIDS,
}  # fmt: skip


def read_use(word: str, mark: Mark, complaints: Complaints) -> tuple[str, bool, int]:
    """Return name, whether it is mandatory, and how often it may stand, of `NAME`, `NAME!`, `NAME!:5`, `NAME:*`."""
    match = _USE.fullmatch(word)
    if match is None:
        complaints.add(
            mark, f"{word!r} can't be read: write NAME, NAME! (mandatory), NAME:5, NAME!:5 or NAME:*"
        )
        return "", False, 1
    name, required, most = match.groups()
    return name, required is not None, ANY if most == "*" else int(most or 1)


def read_lengths(word: str) -> tuple[int, int] | None:
    """Return least and most of `2`, `1..22`, `1..*`; None if it is none of them."""
    match = _LENGTHS.fullmatch(word)
    if match is None:
        return None
    least = int(match[1])
    most = least if match[2] is None else ANY if match[2] == "*" else int(match[2])
    return (least, most) if least <= most else None


def read_element(line: Line, complaints: Complaints) -> Element | None:
    """Return the element of a line `element 324 AN 1..22 | title`, or `element 3039 an..35 personal | title`."""
    words = [word for word in line.words[1:] if word != "personal"]
    personal = len(words) < len(line.words) - 1
    form = _read_form(words[1:])
    if not words or form is None:
        complaints.add(
            line.mark,
            "write `element NUMBER TYPE LENGTHS | title`: `element 324 AN 1..22`, `element 3039 an..35`",
        )
        return None
    return Element(words[0], *form, title=line.title, personal=personal)


def _read_form(words: list[str]) -> tuple[Kind, int, int] | None:
    if len(words) == 1 and (match := _UN_FORMAT.fullmatch(words[0])):
        most = int(match[3])
        return Kind(match[1]), 1 if match[2] else most, most
    if len(words) == 2 and words[0] in _X12_KINDS and (lengths := read_lengths(words[1])):  # noqa: PLR2004
        return _X12_KINDS[words[0]], *lengths
    return None


def read_note(word: str, count: int, mark: Mark, complaints: Complaints) -> Note | None:
    """Return the rule of `P0304` (X12) or `D2(010,020)` (EDIFACT) between elements of a segment of `count`."""
    if match := _X12_NOTE.fullmatch(word):
        places = tuple(int(match[2][i : i + 2]) for i in range(0, len(match[2]), 2))
        note = Note(Rule(match[1]), places, word)
    elif match := _UN_NOTE.fullmatch(word):
        note = Note(_UN_RULES[match[1]], tuple(int(place) // 10 for place in match[2].split(",")), word)
    else:
        complaints.add(mark, f"{word!r} is no rule between elements: write P0304 or D2(010,020)")
        return None
    if max(note.places) > count or min(note.places) < 1:
        complaints.add(mark, f"the rule {word} names element {max(note.places)}, and the segment has {count}")
        return None
    return note
