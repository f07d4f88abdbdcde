"""What a mapping document says, read into values that know their lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mappings.data import Data
from mappings.engine.located import Node
from mappings.errors import Mark


class Kind(StrEnum):
    """Where an entry takes its value from; the word is the key that says so."""

    FROM = "from"
    NODE = "node"
    VALUE = "value"
    CONTEXT = "context"
    COUNTER = "counter"
    FIRST_OF = "first_of"
    LIST = "list"
    EACH = "each"
    FIELDS = "fields"


class WhenMissing(StrEnum):
    """What is written where there is no value."""

    OMIT = "omit"
    NULL = "null"
    BLANK = "blank"


class _Nothing:
    """No default is not the same as the default null."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()

MODIFIERS: Mapping[str, str] = {
    "when": "A condition; without it, as if the value weren't there. With `each`, it filters the items.",
    "transform": "Transforms, one after the other; with `each` and `list`, for every item.",
    "table": "A code table to look the value up in, after the transforms.",
    "finish": "Transforms of the whole list, with `each` and `list`.",
    "default": "What to take where there is no value; it isn't transformed.",
    "required": "true: no value is an error.",
    "personal": "true: personal data, masked in errors; counts for everything below.",
    "when_missing": "Writing: omit (the usual), null or blank.",
    "within": "With `each`: a path to another list; the items are those in each of its items, which `^` then means.",
    "one_or_many": "With `each`: true where a partner leaves the list out around one item.",
    "note": "A remark for people.",
}
SOURCES: Mapping[str, str] = {
    "from": "A path in the document that is read; with `fields`, the node that these start from.",
    "node": "XML: a path whose element itself is handed to a registered Python transform.",
    "value": "A constant.",
    "context": "Something that the caller says, declared under `context`; `name`, or a path in it: `name.field`.",
    "counter": "1, 2, 3 … for the items of the `each` around it, from the number given on.",
    "first_of": "Several entries; the first one that has a value counts.",
    "list": "Several entries that make a list; those without a value are left out.",
    "each": "A path to a list; the entry's `fields`, or the item itself, for every item.",
    "fields": "Entries that make an object.",
}


@dataclass(frozen=True, slots=True)
class Said:
    """A text in the document, and where it stands."""

    text: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class StepSpec:
    """A transform as written: its name and its arguments."""

    name: str
    arguments: Node | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Entry:
    """What fills one field. Which of its values mean something depends on its kind."""

    name: str
    mark: Mark
    kind: Kind
    path: Said | None = None
    """Of from, node, each, context, and of fields if these start elsewhere than at the node at hand."""
    from_context: bool = False
    """The path starts at what the caller says, not in the document."""
    value: Data = None
    """Of value: the constant; of counter: the first number."""
    entries: tuple["Entry", ...] = ()
    has_fields: bool = False
    when: Said | None = None
    steps: tuple[StepSpec, ...] = ()
    finish: tuple[StepSpec, ...] = ()
    default: Data = NOTHING
    required: bool = False
    personal: bool = False
    when_missing: WhenMissing = WhenMissing.OMIT
    one_or_many: bool = False
    within: Said | None = None
    """Of each: the list in whose items the path starts."""
