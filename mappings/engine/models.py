"""Canonical models as trees: what is written is read from them field by field, not printed out first."""

from collections.abc import Callable
from enum import Enum
from operator import attrgetter
from typing import cast

from pydantic import BaseModel

from mappings.data import Data, is_list, is_object


def view(value: Data) -> Data:
    """Return a model as the dict of its fields, a tuple or set as a list, anything else as it is; one level only."""
    return WAYS[value.__class__](value)


class _Ways(dict[type, Callable[[Data], Data]]):
    """How values of each kind are looked at. To ask a model whether it is one takes longer than all the rest."""

    def __missing__(self, kind: type) -> Callable[[Data], Data]:
        way = self[kind] = _way_of(kind)
        return way


def _way_of(kind: type) -> Callable[[Data], Data]:
    if issubclass(kind, list | tuple):
        return list
    if issubclass(kind, BaseModel):
        return attrgetter("__dict__")
    if issubclass(kind, frozenset | set):
        # Sets have no order of their own, and what is written must not change from run to run.
        return lambda value: sorted(cast("set[Data]", value), key=str)
    return lambda value: value


WAYS = _Ways()


def deep_view(value: Data) -> Data:
    """Return a value as dict, list and scalars all through."""
    value = view(value)
    if is_object(value):
        return {key: deep_view(child) for key, child in value.items()}
    if is_list(value):
        return [deep_view(child) for child in value]
    return value.value if isinstance(value, Enum) else value
