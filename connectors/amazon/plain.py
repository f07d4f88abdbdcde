"""Looks into parsed JSON of which nothing is certain: what is not there, or is something else, is empty."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

Obj = Mapping[str, Any]


def obj(node: object) -> Obj:
    """Return an object, an empty one for anything else."""
    return cast("Obj", node) if isinstance(node, Mapping) else {}


def each(node: object) -> list[Any]:
    """Return a list, an empty one for anything else."""
    return [*cast("Iterable[Any]", node)] if isinstance(node, list) else []
