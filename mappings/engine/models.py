"""Canonical models as trees: what is written is read from them field by field, not printed out first."""

from enum import Enum
from typing import cast

from pydantic import BaseModel

from mappings.data import Data, is_list, is_object, is_sequence


def view(value: Data) -> Data:
    """Return a model as the dict of its fields, a tuple or set as a list, anything else as it is; one level only."""
    kind = value.__class__
    if kind is dict or kind is str or value is None:
        return value
    if is_sequence(value):
        return list(value)
    if isinstance(value, BaseModel):
        return value.__dict__
    if isinstance(value, frozenset | set):
        # Sets have no order of their own, and what is written must not change from run to run.
        return sorted(cast("set[Data]", value), key=str)
    return value


def deep_view(value: Data) -> Data:
    """Return a value as dict, list and scalars all through."""
    value = view(value)
    if is_object(value):
        return {key: deep_view(child) for key, child in value.items()}
    if is_list(value):
        return [deep_view(child) for child in value]
    return value.value if isinstance(value, Enum) else value
