"""Names of places in trees of dict and list."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import TypeAlias

from mappings.data import Data

TreePlace: TypeAlias = tuple[str | int, ...]
"""Keys and indexes (from zero), from the root on."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def tree_name(place: TreePlace) -> str:
    """Return a place as its path: `lines[2].sku`; keys that aren't plain words are quoted, as in JMESPath."""
    out = ""
    for step in place:
        if isinstance(step, int) or step == "*":
            out += f"[{step}]"
        else:
            dot = "." if out else ""
            key = step if len(step) <= 60 else f"{step[:59]}…"
            out += dot + (key if _PLAIN.fullmatch(key) else f'"{key}"')
    return out or "@"


def find_nodes(root: Data, nodes: list[Data]) -> list[TreePlace | None]:
    """Return where each dict or list of `nodes` itself stands in `root`; it walks the whole tree once."""
    wanted = {id(node) for node in nodes if isinstance(node, dict | list)}
    found: dict[int, TreePlace] = {}
    stack: list[tuple[Data, TreePlace]] = [(root, ())] if wanted else []
    while stack:
        node, place = stack.pop()
        if id(node) in wanted:
            found[id(node)] = place
        pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        stack += [(child, (*place, key)) for key, child in pairs if isinstance(child, dict | list)]
    return [found.get(id(node)) for node in nodes]


def scalar_text(value: object) -> str:
    """Return the text of a scalar as partners expect it; raise TypeError for what has no text of its own."""
    if value.__class__ is int:
        return str(value)
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return datetime_text(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} has no agreed text; add a transform that makes one")


def decimal_text(value: Decimal) -> str:
    """Return all digits of a number, without an exponent."""
    if not value.is_finite() or abs(value.adjusted()) > 40:
        raise TypeError("the number is not one that can be written out")
    return f"{value:f}"


def datetime_text(value: datetime) -> str:
    """Return an aware time as UTC in ISO 8601 with a `Z`; a naive one is an error."""
    if value.tzinfo is None:
        raise TypeError("a time without a zone can't be written")
    text = value.astimezone(UTC).isoformat()
    return text.replace("+00:00", "Z")
