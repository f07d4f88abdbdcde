"""What stands in a segment: repetitions, components, release characters taken away, bytes made characters."""

from mappings.errors import Position
from mappings.syntax.edi.model import Delimiters, Segment

FIXED = frozenset({"ISA"})
"""Segments whose elements are never split: ISA16 is the mark between components itself."""


def split(text: str, mark: str, release: str | None) -> list[str]:
    """Return the parts between marks that aren't released; release characters stay in them."""
    parts = text.split(mark)
    if release is None or release + mark not in text:
        return parts
    return joined(parts, mark, release)


def joined(parts: list[str], mark: str, release: str) -> list[str]:
    """Return the parts put together again where the mark between them was released."""
    out: list[str] = []
    held = ""
    for part in parts:
        whole = held + part if held else part
        if whole[-1:] == release and is_open(whole, release):
            held = whole + mark
        else:
            out.append(whole)
            held = ""
    if held:
        out.append(held[:-1])
    return out


def is_open(text: str, release: str) -> bool:
    """Say whether the release character at the end is meant for what comes behind: `a?` is, `a??` isn't."""
    return (len(text) - len(text.rstrip(release))) % 2 == 1


def plain(text: str, release: str | None) -> str:
    """Return the text that is meant: each release character taken away, what it releases kept."""
    if release is None or release not in text:
        return text
    parts = iter(text.split(release))
    return next(parts) + "".join(part or release + next(parts, "") for part in parts)


def raw(segment: Segment, element: int) -> str:
    """Return an element as it is written; empty where it is missing."""
    return segment.fields[element] if element < len(segment.fields) else ""


def components(segment: Segment, element: int, delimiters: Delimiters) -> list[str]:
    """Return the components of the first repetition of an element; one empty text where it is missing."""
    fields = segment.fields
    if element >= len(fields):
        return [""]
    text = fields[element]
    if fields[0] in FIXED:
        return [text]
    if delimiters.repetition is not None:
        text = split(text, delimiters.repetition, delimiters.release)[0]
    return components_of(text, delimiters)


def components_of(text: str, delimiters: Delimiters) -> list[str]:
    """Return the components of one repetition of an element, as they are meant."""
    release = delimiters.release
    return [plain(part, release) for part in split(text, delimiters.component, release)]


def repetitions(segment: Segment, element: int, delimiters: Delimiters) -> list[list[str]]:
    """Return the components of each repetition of an element; an element that is missing has none."""
    fields = segment.fields
    if element >= len(fields) or not fields[element]:
        return []
    text = fields[element]
    if fields[0] in FIXED:
        return [[text]]
    if delimiters.repetition is None:
        return [components_of(text, delimiters)]
    return [
        components_of(part, delimiters) for part in split(text, delimiters.repetition, delimiters.release)
    ]


def value(segment: Segment, element: int, delimiters: Delimiters, component: int = 1) -> str:
    """Return a component of an element; empty where it is missing."""
    found = components(segment, element, delimiters)
    return found[component - 1] if component <= len(found) else ""


def place(segment: Segment, element: int | None = None, number: int | None = None) -> Position:
    """Return where an element (or a segment) stands; `number` is that of the segment in its set."""
    offset = segment.offset
    if element is not None:
        before = segment.fields[:element]
        offset += sum(map(len, before)) + len(before)
        offset -= element >= len(segment.fields)  # it would begin with the mark that isn't there
    return Position(offset=offset, segment=number, element=element)
