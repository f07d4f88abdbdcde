"""Shapes learnt from examples: which fields each kind of object has been seen with, and of which types."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, cast

from tests.vendor_specs.schemas import UNKNOWN, Obj


class Shapes:
    """`kind_field` names the field that says an object's kind; without it, an object is of the kind of its place."""

    def __init__(self, kind_field: str | None) -> None:
        self._kind_field = kind_field
        self._seen: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))

    def learn(self, value: Any, place: str) -> None:
        """Take an example for true."""
        for one, where in _objects(value, place):
            for name, inner in one.items():
                self._seen[self._kind(one, where)][name].add(_type(inner))

    def problems(self, value: Any, place: str) -> Iterator[str]:
        """Yield fields that no example has, and types that it has otherwise. Where examples are null, any type does."""
        for one, where in _objects(value, place):
            kind = self._kind(one, where)
            if kind not in self._seen:
                if self._kind_field in one:
                    yield f"{where}: no example has a {kind}"
                continue
            for name, inner in one.items():
                types = self._seen[kind].get(name)
                if types is None:
                    yield f"{kind}: the field {name!r} {UNKNOWN}"
                elif _type(inner) not in {*types, "null"} and types != {"null"}:
                    yield f"{kind}.{name}: {_type(inner)}, where examples have {' or '.join(sorted(types))}"

    def _kind(self, one: Obj, where: str) -> str:
        return str(one.get(self._kind_field, where)) if self._kind_field else where


def _objects(value: Any, place: str) -> Iterator[tuple[Obj, str]]:
    """Yield every object with the name of the field that it is in."""
    if isinstance(value, dict):
        told = cast("Obj", value)
        yield told, place
        for name, inner in told.items():
            yield from _objects(inner, name)
    elif isinstance(value, list):
        for one in value:
            yield from _objects(one, place)


def _type(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "truth value"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list():
            return "list"
        case _:
            return "object"
