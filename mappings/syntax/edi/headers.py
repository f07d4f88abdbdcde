"""The beginning of an interchange: where it is, which family it is of, and what its delimiters are."""

import re
from dataclasses import dataclass

from mappings.errors import Position
from mappings.syntax.edi.faults import warning
from mappings.syntax.edi.model import Delimiters, Fault, Level, Segment, Standard
from mappings.syntax.edi.values import is_open, split

LOOK_AHEAD = 2048
"""Characters: a header that isn't whole by then is none."""

ISA_WIDTH = 106
_SHORTEST = 4
"""A tag and a delimiter."""
_ISA_ELEMENTS = 16
_UNA_WIDTH = 9
_REPETITION_FROM = "00402"
"""The first version of ISA in which ISA11 is a separator; before, `U` names the standard."""

START = re.compile(r"(?<!\w)(?:ISA[^\w \t\r\n]|UNA(?=[^\w \t\r\n]{2})|UNB[+\x1d])", re.DOTALL)
"""Where an interchange begins among other things."""

_IN_NAMES = frozenset(" ._-:")
"""What stands in the elements of GS and ST besides letters and digits."""
_BLANK = " \t\r\n"
"""Not `str.isspace`: that has the control characters that some partners separate with."""
_UNUSABLE = re.compile(r"[\w ]")
_LEVEL_B = Delimiters("\x1c", "\x1d", "\x1f")
"""The control characters that ISO 9735 names for syntax level B; nothing is released there."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a reader knows when an interchange begins."""

    standard: Standard
    delimiters: Delimiters
    segment: Segment | None
    """ISA or UNB; None where the file begins with what should stand in an interchange."""
    start: int
    written: str = ""
    """UNA as it stands in the file."""
    faults: tuple[Fault, ...] = ()
    wrapped: bool = False
    """Line breaks within the segment were taken away."""


@dataclass(frozen=True, slots=True)
class Found:
    """A head, and where in the text the segments behind it begin."""

    head: Head
    behind: int


class More(Exception):  # noqa: N818 - it is no error
    """The text ends before the header does."""


def read_head(text: str, at: int, base: int, *, last: bool) -> Found | None:
    """Return what begins at `at`; None if it is no interchange. `base` is the offset of the text in its file.

    Raises `More` where that can't be said before more of the file is there; never when it is the `last` of it.
    """
    tag = text[at : at + 3]
    ready = last or len(text) - at >= LOOK_AHEAD
    if not ready and len(text) - at < _SHORTEST:
        raise More
    if tag == "ISA":
        return _isa(text, at, base, ready=ready)
    if tag == "UNA":
        return _una(text, at, base, ready=ready)
    if tag == "UNB":
        return _unb(text, at, base, None, ready=ready)
    return _headless(text, at, base, ready=ready)


# --- X12 -------------------------------------------------------------------------------------------------------


def _isa(text: str, at: int, base: int, *, ready: bool) -> Found | None:
    mark = text[at + 3 : at + 4]
    if mark and (mark.isalnum() or mark in _BLANK):
        return None
    end = at
    for _ in range(_ISA_ELEMENTS):
        end = text.find(mark, end + 1, at + LOOK_AHEAD) if mark else -1
        if end < 0:
            break
    stop = _isa_end(text, end, mark) if end >= 0 else -1
    if stop < 0:
        if not ready:
            raise More
        return None
    fields = [_one_line(field) for field in text[at:stop].split(mark)]
    delimiters = Delimiters(text[stop], mark, text[end + 1], _repetition(fields))
    faults = [*_width(stop + 1 - at, base + at), *_unusable(delimiters, base + at, "ISA")]
    head = Head(Standard.X12, delimiters, Segment(fields, base + at), base + at, faults=tuple(faults))
    return Found(head, stop + 1)


def _isa_end(text: str, last: int, mark: str) -> int:
    """Return where ISA's terminator is: the second character of its last element; -1 where the text is too short.

    Somebody may have put elements behind the last: then it is the next character that no element holds.
    """
    stop = last + 2
    if text[stop : stop + 1] != mark:
        return stop if stop < len(text) else -1
    rest = range(stop, min(len(text), last + LOOK_AHEAD))
    return next((i for i in rest if text[i] != mark and not text[i].isalnum() and text[i] != " "), -1)


def _repetition(fields: list[str]) -> str | None:
    mark, version = fields[11], fields[12]
    usable = len(mark) == 1 and not mark.isalnum() and mark not in _BLANK
    return mark if usable and version >= _REPETITION_FROM else None


def _width(width: int, offset: int) -> list[Fault]:
    if width == ISA_WIDTH:
        return []
    message = f"ISA has {width} characters, and it is always {ISA_WIDTH} wide: fill its elements with spaces"
    position = Position(offset=offset)
    return [Fault("ISA-width", message, Level.INTERCHANGE, position, tag="ISA", standard_code="024")]


def _unusable(delimiters: Delimiters, offset: int, tag: str) -> list[Fault]:
    marks = [delimiters.segment, delimiters.element, delimiters.component]
    marks += [mark for mark in (delimiters.repetition, delimiters.release) if mark]
    wrong = [mark for mark in marks if _UNUSABLE.match(mark)] or [m for m in marks if marks.count(m) > 1]
    if not wrong:
        return []
    message = f"{wrong[0]!r} can't be a delimiter: it is a letter or a digit, or has another meaning already"
    code = "026" if tag == "ISA" else "22"
    return [
        Fault("bad-delimiter", message, Level.INTERCHANGE, Position(offset=offset), tag, standard_code=code)
    ]


# --- EDIFACT ---------------------------------------------------------------------------------------------------


def _una(text: str, at: int, base: int, *, ready: bool) -> Found | None:
    behind = _next(text, at + _UNA_WIDTH)
    if not ready and len(text) < behind + 3:
        raise More
    marks, faults = text[at + 3 : at + _UNA_WIDTH], list[Fault]()
    if text[at + 8 : at + 10] == "UN":  # a space was lost on the way
        marks, behind = f"{marks[:4]} {marks[4:5]}", at + 8
        position = Position(offset=base + at)
        faults = [
            Fault(
                "UNA-width", "UNA has five characters behind it, and needs six", Level.INTERCHANGE, position
            )
        ]
    if len(marks) < _UNA_WIDTH - 3 or marks[0] == marks[1]:
        return None
    component, element, decimal, release, repetition, segment = tuple(marks)
    given = Delimiters(
        segment, element, component, None if repetition.isspace() else repetition,
        None if release.isspace() else release, decimal,
    )  # fmt: skip
    written = text[at:behind]
    if text[behind : behind + 3] == "UNB":
        return _unb(text, behind, base, given, ready=ready, written=written, faults=faults)
    head = Head(Standard.EDIFACT, _below_4(given), None, base + at, written, tuple(faults))
    return Found(head, behind)


def _unb(
    text: str, at: int, base: int, given: Delimiters | None, *, ready: bool, written: str = "",
    faults: list[Fault] | None = None,
) -> Found | None:  # fmt: skip
    mark = text[at + 3 : at + 4]
    if given is None:
        given = _LEVEL_B if mark == _LEVEL_B.element else Delimiters("'", "+", ":", "*", "?")
    if mark and mark != given.element:
        return None
    end = _end(text, at, given)
    if end < 0 or end - at > LOOK_AHEAD:
        if not ready:
            raise More
        return None
    whole = text[at:end].rstrip("\r\n")
    line = _one_line(whole)
    fields = split(line, given.element, given.release)
    version = fields[1].partition(given.component)[2][:1] if len(fields) > 1 else ""
    delimiters = given if version >= "4" else _below_4(given)
    start = base + at - len(written)
    found = [*(faults or ()), *_unusable(delimiters, start, "UNB")]
    head = Head(
        Standard.EDIFACT,
        delimiters,
        Segment(fields, base + at),
        start,
        written,
        tuple(found),
        len(line) < len(whole),
    )
    return Found(head, end + 1)


def _below_4(given: Delimiters) -> Delimiters:
    """Nothing repeats before syntax version 4; UNA's fifth character is reserved there."""
    return Delimiters(given.segment, given.element, given.component, None, given.release, given.decimal)


def _end(text: str, at: int, given: Delimiters) -> int:
    end = text.find(given.segment, at)
    while (
        end > at and given.release and text[end - 1] == given.release and is_open(text[at:end], given.release)
    ):
        end = text.find(given.segment, end + 1)
    return end


# --- neither ---------------------------------------------------------------------------------------------------


def _headless(text: str, at: int, base: int, *, ready: bool) -> Found | None:
    """Return a head without a segment for GS, ST, UNG or UNH. The delimiters of X12 are guessed from its first line."""
    tag, mark = text[at : at + 2], text[at + 2 : at + 3]
    if tag == "UN":
        if text[at + 2 : at + 4] not in ("G+", "H+"):
            return None
        return Found(Head(Standard.EDIFACT, Delimiters("'", "+", ":", None, "?"), None, base + at), at)
    if tag not in ("GS", "ST") or mark.isalnum() or mark in _BLANK:
        return None
    allowed = _IN_NAMES | {mark}
    line = text[at + 3 : at + LOOK_AHEAD]
    terminator = next((found for found in line if not found.isalnum() and found not in allowed), None)
    if terminator is None:
        if not ready:
            raise More
        return None
    component = next(found for found in ":>|" if found not in (mark, terminator))
    message = "the delimiters are guessed: ISA, which names them, is missing"
    fault = warning("guessed-delimiters", message, Level.INTERCHANGE, Position(offset=base + at))
    head = Head(Standard.X12, Delimiters(terminator, mark, component), None, base + at, faults=(fault,))
    return Found(head, at)


def _next(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _one_line(text: str) -> str:
    """Return the text without line breaks: somebody wrapped it on the way."""
    return text.replace("\r", "").replace("\n", "")
