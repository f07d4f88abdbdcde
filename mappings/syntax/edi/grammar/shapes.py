"""What a grammar says, as plain values: elements, segments, loops, sets."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from mappings.errors import InvalidMappingError, Mark

ANY = 1_000_000_000
"""As often as one likes: X12 writes it `>1`."""


class InvalidGrammarError(InvalidMappingError):
    """A grammar or an overlay that can't be used; `findings` says everything that is wrong with it, by line."""


class Kind(StrEnum):
    """What an element's characters may be; the word is the one that grammar files use."""

    TEXT = "AN"
    CODE = "ID"
    NUMBER = "N"
    """A whole number; the implied decimals of N0…N9 mean nothing here."""
    DECIMAL = "R"
    DATE = "DT"
    TIME = "TM"
    BINARY = "B"
    LETTERS = "a"
    """EDIFACT: no digits."""
    DIGITS = "n"
    """EDIFACT: a number with an optional decimal mark."""
    ANY = "an"


@dataclass(frozen=True, slots=True)
class Element:
    """A data element of the dictionary. Lengths count characters, without sign and decimal mark in numbers."""

    reference: str
    """Its number in the standard's dictionary: `324`, `3039`."""
    kind: Kind
    least: int
    most: int
    title: str = ""
    personal: bool = False
    codes: frozenset[str] | None = None
    """The only values that it may have; None where any may come."""


@dataclass(frozen=True, slots=True)
class Part:
    """An element or composite at its place in a segment, or in a composite."""

    reference: str
    element: Element | None
    """None: it is a composite."""
    required: bool = False
    repeat: int = 1
    parts: tuple["Part", ...] = ()
    """Of a composite: its components."""
    title: str = ""
    forbidden: bool = False


class Rule(StrEnum):
    """What elements ask of each other."""

    ALL_OR_NONE = "P"
    SOME = "R"
    AT_MOST_ONE = "E"
    FIRST_NEEDS_ALL = "C"
    FIRST_NEEDS_SOME = "L"
    EXACTLY_ONE = "D1"
    FIRST_FORBIDS = "D7"


@dataclass(frozen=True, slots=True)
class Note:
    """A rule between the elements at some places of a segment, counted from one."""

    rule: Rule
    places: tuple[int, ...]
    text: str
    """As it is written in the standard: `P0304`, `D2(010,020)`."""


@dataclass(frozen=True, slots=True)
class SegmentShape:
    """A segment of the dictionary."""

    tag: str
    title: str
    parts: tuple[Part, ...]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Use:
    """A segment at its place in a set."""

    tag: str
    required: bool
    most: int
    mark: Mark
    shape: SegmentShape | None = None
    """Where a partner's differs from the dictionary's at this place."""
    forbidden: bool = False


@dataclass(frozen=True, slots=True)
class Loop:
    """A group of segments; its first one opens it, is mandatory in it and stands once."""

    name: str
    required: bool
    most: int
    items: tuple["Use | Loop", ...]
    mark: Mark
    forbidden: bool = False


Item = Use | Loop


@dataclass(frozen=True, slots=True)
class Need:
    """One of the segments or loops at a path must have one of some codes in an element."""

    path: tuple[str, ...]
    place: int
    component: int
    codes: frozenset[str]
    text: str
    """The element as it is written: `N101`."""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """The elements, composites and segments of one version."""

    elements: dict[str, Element] = field(default_factory=dict[str, Element])
    composites: dict[str, Part] = field(default_factory=dict[str, Part])
    segments: dict[str, SegmentShape] = field(default_factory=dict[str, SegmentShape])

    def copy(self) -> "Dictionary":
        """Return one that can be changed without changing this one."""
        return Dictionary(dict(self.elements), dict(self.composites), dict(self.segments))


@dataclass(frozen=True, slots=True)
class SetShape:
    """A transaction set or message: its segments in order, and the dictionary that they are from."""

    type: str
    title: str
    items: tuple[Item, ...]
    dictionary: Dictionary
    needs: tuple[Need, ...] = ()
    overlays: tuple[str, ...] = ()
    """The names of what was laid over it."""


def restricted(part: Part, **changes: object) -> Part:
    """Return the part with its element changed: `codes`, `least`, `most`."""
    if part.element is None:
        return part
    return replace(part, element=replace(part.element, **changes))  # type: ignore[arg-type]
