"""Canonical models as trees: what is written is read from them field by field, without printing them out whole first."""

from enum import Enum

from pydantic import BaseModel

from mappings.data import Data


def view(value: Data) -> Data:
    """Return a model as the dict of its fields, a tuple or set as a list, anything else as it is; one level only."""
    kind = value.__class__
    if kind is dict or kind is str or value is None:
        return value
    if kind is tuple:
        return list(value)
    if isinstance(value, BaseModel):
        return value.__dict__
    if isinstance(value, frozenset | set):
        return sorted(value, key=str)
    return value


def deep_view(value: Data) -> Data:
    """Return a value as dict, list and scalars all through."""
    value = view(value)
    if isinstance(value, dict):
        return {key: deep_view(child) for key, child in value.items()}
    if isinstance(value, list):
        return [deep_view(child) for child in value]
    return value.value if isinstance(value, Enum) else value
