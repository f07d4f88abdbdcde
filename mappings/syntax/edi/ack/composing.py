"""Plain values to segments, and segments to an interchange with its envelopes, numbers and counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mappings.errors import ErrorCode, MappingError, Problem
from mappings.syntax.edi.charsets import Charset
from mappings.syntax.edi.model import Delimiters, Standard

Element = str | tuple[str, ...]
"""A simple element, or a composite one's components."""
Plain = tuple[Element, ...]
"""A segment before delimiters: its tag, then its elements."""
USUAL_X12_ENVELOPE, _USUAL_SYNTAX = "00401", "UNOC:3"
"""ISA12, and UNB's syntax, where nothing is agreed."""
LONGEST_CONTROL_NUMBER = 14
"""EDIFACT's 0020, 0048 and 0062; X12's have nine digits."""


@dataclass(frozen=True, slots=True)
class X12Envelope:
    """What stands in ISA and GS, but for the numbers. Ids are (qualifier, id)."""

    sender: tuple[str, str]
    receiver: tuple[str, str]
    group_sender: str
    group_receiver: str
    at: datetime
    delimiters: Delimiters
    version: str = USUAL_X12_ENVELOPE
    """ISA12."""
    group_version: str = "004010"
    """GS08."""
    test: bool = False
    wants_ta1: bool = False


@dataclass(frozen=True, slots=True)
class EdifactEnvelope:
    """What stands in UNB, but for the number. Ids are (qualifier, id)."""

    sender: tuple[str, str]
    receiver: tuple[str, str]
    at: datetime
    delimiters: Delimiters
    charset: tuple[str, str] = ("UNOC", "3")
    """Syntax identifier and version."""
    test: bool = False
    wants_contrl: bool = False
    una: bool = False
    """Whether UNA leads; it must when the delimiters are others than the standard's own."""


@dataclass(frozen=True, slots=True)
class Body:
    """One set without header and trailer."""

    type: str
    segments: tuple[Plain, ...]
    functional_id: str = ""
    """GS01; X12 only."""
    version: str = ""
    """X12: ST03. EDIFACT: version, release, agency and association code as in UNH, with colons."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The control numbers of one interchange: its own, one for each group, one for each set, all in order."""

    interchange: int
    groups: tuple[int, ...] = ()
    sets: tuple[int, ...] = ()


def usual_delimiters(standard: Standard, envelope: str) -> Delimiters:
    """Return what a standard is usually written with; `envelope` is ISA12, or UNB's syntax such as `UNOC:3`."""
    if standard is Standard.X12:
        return Delimiters("~", "*", ">", "^" if envelope >= "00402" else None)
    return Delimiters("'", "+", ":", "*" if envelope.endswith("4") else None, "?")


def syntax_of(envelope: str) -> tuple[str, str]:
    """Return syntax identifier and version out of `UNOC:3`, which is what is usual where nothing is said."""
    identifier, _, version = (envelope or _USUAL_SYNTAX).partition(":")
    return identifier, version


def raw_segments(segments: Iterable[Plain], charset: Charset) -> tuple[Plain, ...]:
    """Return segments with one byte in each character; raise ValueError for what the character set lacks."""
    return tuple(
        tuple(charset.raw(e) if isinstance(e, str) else tuple(map(charset.raw, e)) for e in segment)
        for segment in segments
    )


def counts(bodies: Sequence[Body]) -> tuple[int, int]:
    """Return how many groups and sets an X12 interchange of `bodies` has."""
    return len({(body.functional_id, body.version) for body in bodies}), len(bodies)


def compose(plain: Plain, delimiters: Delimiters) -> str:
    """Write one segment with its terminator; what is empty at the end is left out.

    Raises `MappingError` where a value holds a delimiter that can't be released (X12 has no release character).
    """
    elements = [_element(element, delimiters, plain) for element in plain[1:]]
    while elements and not elements[-1]:
        elements.pop()
    return delimiters.element.join([str(plain[0]), *elements]) + delimiters.segment


def _element(element: Element, delimiters: Delimiters, plain: Plain) -> str:
    if isinstance(element, str):
        return _released(element, delimiters, plain)
    parts = [_released(part, delimiters, plain) for part in element]
    while parts and not parts[-1]:
        parts.pop()
    return delimiters.component.join(parts)


def _released(text: str, delimiters: Delimiters, plain: Plain) -> str:
    marks = special(delimiters)
    if not marks.intersection(text):
        return text
    if delimiters.release is None:
        found = "".join(sorted(marks.intersection(text)))
        reason = (
            f"the value holds {found!r}, which is a delimiter of this interchange: agree on other delimiters"
        )
        raise MappingError(Problem(reason, ErrorCode.VALUE, target=str(plain[0])))
    return "".join(delimiters.release + c if c in marks else c for c in text)


def special(delimiters: Delimiters) -> frozenset[str]:
    """Return every character that a value can't hold as it is."""
    known = (
        delimiters.segment, delimiters.element, delimiters.component, delimiters.repetition, delimiters.release,
    )  # fmt: skip
    return frozenset(mark for mark in known if mark)


# --- X12 -------------------------------------------------------------------------------------------------------


def write_x12(
    envelope: X12Envelope, numbers: Numbers, bodies: Sequence[Body], ta1: Plain | None = None
) -> bytes:
    """Write an X12 interchange: bodies of one functional id and version share a group, in the order of the first."""
    marks = envelope.delimiters
    by_group: dict[tuple[str, str], list[tuple[Body, int]]] = {}
    for body, number in zip(bodies, numbers.sets, strict=True):
        by_group.setdefault((body.functional_id, body.version), []).append((body, number))
    text = [_isa(envelope, numbers.interchange)]
    if ta1 is not None:
        text.append(compose(ta1, marks))
    for ((functional_id, version), members), number in zip(by_group.items(), numbers.groups, strict=True):
        text.append(compose(_gs(envelope, functional_id, version, number), marks))
        for body, set_number in members:
            text.extend(_x12_set(body, f"{set_number:04d}", marks))
        text.append(compose(("GE", str(len(members)), str(number)), marks))
    text.append(compose(("IEA", str(len(by_group)), f"{numbers.interchange:09d}"), marks))
    return "".join(text).encode("latin-1")


def _isa(envelope: X12Envelope, number: int) -> str:
    marks, at = envelope.delimiters, envelope.at
    repeats = marks.repetition if envelope.version >= "00402" and marks.repetition else "U"
    fields = [
        "ISA", "00", " " * 10, "00", " " * 10,
        f"{envelope.sender[0]:<2}", f"{envelope.sender[1]:<15}",
        f"{envelope.receiver[0]:<2}", f"{envelope.receiver[1]:<15}",
        f"{at:%y%m%d}", f"{at:%H%M}", repeats, envelope.version, f"{number:09d}",
        "1" if envelope.wants_ta1 else "0", "T" if envelope.test else "P", marks.component,
    ]  # fmt: skip
    return marks.element.join(fields) + marks.segment


def _gs(envelope: X12Envelope, functional_id: str, version: str, number: int) -> Plain:
    at = envelope.at
    return (
        "GS", functional_id, envelope.group_sender, envelope.group_receiver, f"{at:%Y%m%d}", f"{at:%H%M}",
        str(number), "X", version or envelope.group_version,
    )  # fmt: skip


def _x12_set(body: Body, number: str, marks: Delimiters) -> Iterable[str]:
    """ST03 is there from 005010 on, where the version names an implementation guide."""
    reference = (body.version,) if "X" in body.version else ()
    yield compose(("ST", body.type, number, *reference), marks)
    for plain in body.segments:
        yield compose(plain, marks)
    yield compose(("SE", str(len(body.segments) + 2), number), marks)


# --- EDIFACT ---------------------------------------------------------------------------------------------------


def write_edifact(envelope: EdifactEnvelope, numbers: Numbers, bodies: Sequence[Body], codec: str) -> bytes:
    """Write an EDIFACT interchange without groups, in the character set that `codec` is Python's name of."""
    marks = envelope.delimiters
    text = [_una(marks)] if envelope.una else []
    text.append(compose(_unb(envelope, numbers.interchange), marks))
    for body, number in zip(bodies, numbers.sets, strict=True):
        text.append(compose(("UNH", str(number), (body.type, *body.version.split(":"))), marks))
        text.extend(compose(plain, marks) for plain in body.segments)
        text.append(compose(("UNT", str(len(body.segments) + 2), str(number)), marks))
    text.append(compose(("UNZ", str(len(bodies)), str(numbers.interchange)), marks))
    return "".join(text).encode(codec)


def _una(marks: Delimiters) -> str:
    marked = (marks.component, marks.element, marks.decimal, marks.release or " ", marks.repetition or " ")
    return "UNA" + "".join(marked) + marks.segment


def _unb(envelope: EdifactEnvelope, number: int) -> Plain:
    at = envelope.at
    date = f"{at:%Y%m%d}" if envelope.charset[1] >= "4" else f"{at:%y%m%d}"
    return (
        "UNB", envelope.charset, envelope.sender[::-1], envelope.receiver[::-1], (date, f"{at:%H%M}"),
        str(number), "", "", "", "1" if envelope.wants_contrl else "", "", "1" if envelope.test else "",
    )  # fmt: skip
