"""The type of what passes through a mapping."""

from collections.abc import Sequence
from typing import Any, TypeAlias, TypeGuard

Data: TypeAlias = Any
"""Plain data out of a document, whose shape only the mapping's author knows: the engine looks before it takes."""


def is_object(value: Data) -> TypeGuard[dict[str, Data]]:
    """Say whether a value is an object: names with values."""
    return isinstance(value, dict)


def is_list(value: Data) -> TypeGuard[list[Data]]:
    """Say whether a value is a list."""
    return isinstance(value, list)


def is_sequence(value: Data) -> TypeGuard[Sequence[Data]]:
    """Say whether a value is a list, or a tuple, as the fields of models are."""
    return isinstance(value, list | tuple)
