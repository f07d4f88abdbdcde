"""Names of places in trees of dict and list."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import TypeAlias

from mappings.data import Data, is_list, is_object

TreePlace: TypeAlias = tuple[str | int, ...]
"""Keys and indexes (from zero), from the root on."""

LONGEST_NUMBER = 40
"""Digits; a number with a huge exponent takes gigabytes when it is written out."""

EXACT = frozenset({str, int, bool, NoneType, Decimal})
"""The kinds of values that are written as they are."""

_LONGEST_KEY = 60
_PLAIN = re.compile(r"[A-Za-z0-9_]+")


def tree_name(place: TreePlace) -> str:
    """Return a place as its path: `lines[2].sku`; keys that aren't plain words are quoted, as in JMESPath."""
    out = ""
    for step in place:
        if isinstance(step, int) or step == "*":
            out += f"[{step}]"
        else:
            dot = "." if out else ""
            key = step if len(step) <= _LONGEST_KEY else f"{step[:_LONGEST_KEY]}…"
            out += dot + (key if _PLAIN.fullmatch(key) else f'"{key}"')
    return out or "@"


def children_of(node: Data) -> Iterable[tuple[str | int, Data]]:
    """Return what a dict or list holds, with keys or indexes; a scalar holds nothing."""
    if is_object(node):
        return node.items()
    return enumerate(node) if is_list(node) else ()


def child_of(node: Data, step: str | int) -> Data:
    """Return what stands at a key or index; None where nothing does."""
    if isinstance(step, int):
        return node[step] if is_list(node) and 0 <= step < len(node) else None
    return node.get(step) if is_object(node) else None


def find_nodes(root: Data, nodes: list[Data]) -> list[TreePlace | None]:
    """Return where each dict or list of `nodes` itself stands in `root`; it walks the whole tree once."""
    wanted = {id(node) for node in nodes if is_object(node) or is_list(node)}
    found: dict[int, TreePlace] = {}
    stack: list[tuple[Data, TreePlace]] = [(root, ())] if wanted else []
    while stack:
        node, place = stack.pop()
        if id(node) in wanted:
            found[id(node)] = place
        stack += [(child, (*place, key)) for key, child in children_of(node)]
    return [found.get(id(node)) for node in nodes]


def check_exact(tree: object) -> None:
    """Raise TypeError for a float anywhere: it would be written without a word, and NaN as null."""
    stack: list[Data] = [tree]
    while stack:
        value = stack.pop()
        kind = value.__class__
        if kind is dict:
            stack += [child for child in value.values() if child.__class__ not in EXACT]
        elif kind is list or kind is tuple:
            stack += [child for child in value if child.__class__ not in EXACT]
        elif isinstance(value, float) or (isinstance(value, Enum) and isinstance(value.value, float)):
            raise TypeError(f"the float {value} isn't exact; make a decimal or a text of it")


def scalar_text(value: object) -> str:
    """Return the text of a scalar as partners expect it; raise TypeError for what has no text of its own."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return str(value)
    for kind, text_of in _TEXTS:
        if isinstance(value, kind):
            return text_of(value)
    raise TypeError(f"a {type(value).__name__} has no agreed text; add a transform that makes one")


def decimal_text(value: Decimal) -> str:
    """Return all digits of a number, without an exponent."""
    if not value.is_finite() or abs(value.adjusted()) > LONGEST_NUMBER:
        raise TypeError("the number is not one that can be written out")
    return f"{value:f}"


def datetime_text(value: datetime) -> str:
    """Return an aware time as UTC in ISO 8601 with a `Z`; a naive one is an error."""
    if value.tzinfo is None:
        raise TypeError("a time without a zone can't be written")
    text = value.astimezone(UTC).isoformat()
    return text.replace("+00:00", "Z")


_TEXTS: tuple[tuple[type, Callable[[Data], str]], ...] = (
    (bool, lambda value: "true" if value else "false"),
    (int, str),
    (Decimal, decimal_text),
    (datetime, datetime_text),
    (date, date.isoformat),
)
"""The first that fits counts: a truth value is an int to Python, and a time a date."""
