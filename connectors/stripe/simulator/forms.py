"""Stripe's request parameters: form-encoded, nested with brackets, and checked one by one."""

import re
from collections.abc import Collection, Iterable
from typing import Any, Self, cast
from urllib.parse import parse_qsl

from connectors.stripe.simulator.problems import invalid

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")
_PART = re.compile(r"\[([^\[\]]*)\]")
_MOST_KEYS, _LONGEST_KEY, _LONGEST_VALUE = 50, 40, 500


class Parameters(dict[str, Any]):
    """The parameters of one request; what is wrong with one is refused in Stripe's words."""

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read a form or a query: `metadata[a]=1&expand[]=x` is {"metadata": {"a": "1"}, "expand": ["x"]}."""
        found = cls()
        for name, value in parse_qsl(text, keep_blank_values=True):
            match = _NAME.match(name)
            if match is None:
                raise invalid(f"Invalid parameter name: {name}", param=name)
            parts = [match[1], *_PART.findall(match[2])]
            _put(found, parts, value)
        for name, value in found.items():
            if name != "metadata":  # its names are the caller's own, and may be numbers
                found[name] = _listed(value)
        return found

    def only(self, *names: str) -> Self:
        """Refuse every parameter that the endpoint does not have."""
        for name in self:
            if name not in {*names, "expand"}:
                raise invalid(f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
        return self

    def text(self, name: str) -> str | None:
        """Return a text, or None where it is absent or empty."""
        value = self.get(name)
        if value is not None and not isinstance(value, str):
            raise invalid("Invalid string", param=name)
        return value or None

    def required(self, name: str) -> str:
        """Return a text that must be there."""
        value = self.text(name)
        if value is None:
            raise invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)
        return value

    def word(self, name: str, words: Collection[str]) -> str | None:
        """Return one of `words`."""
        value = self.text(name)
        if value is not None and value not in words:
            raise invalid(f"Invalid {name}: must be one of {', '.join(sorted(words))}", param=name)
        return value

    def whole(self, name: str) -> int | None:
        """Return a whole number."""
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(r"-?\d{1,18}", value):
            raise invalid(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
        return int(value)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a truth value."""
        value = self.text(name)
        if value is None:
            return default
        if value not in {"true", "false"}:
            raise invalid(f"Invalid boolean: {value}", param=name)
        return value == "true"

    def nested(self, name: str) -> "Parameters":
        """Return a nested set of parameters."""
        value = self.get(name)
        if value in (None, ""):
            return Parameters()
        if not isinstance(value, dict):
            raise invalid("Invalid object", param=name)
        return Parameters(cast("dict[str, Any]", value))

    def metadata(self, before: dict[str, str]) -> dict[str, str]:
        """Return `before` with this request's metadata: an empty value takes a key away."""
        if self.get("metadata") == "":
            return {}
        after = dict(before)
        for key, value in self.nested("metadata").items():
            if len(key) > _LONGEST_KEY or not isinstance(value, str) or len(value) > _LONGEST_VALUE:
                message = f"Metadata keys have up to {_LONGEST_KEY} characters, values up to {_LONGEST_VALUE}"
                raise invalid(message, param=f"metadata[{key}]")
            after[key] = value
        after = {key: value for key, value in after.items() if value}
        if len(after) > _MOST_KEYS:
            raise invalid(f"Metadata can have up to {_MOST_KEYS} keys", param="metadata")
        return after

    def expansions(self) -> list[str]:
        """Return what is to be expanded."""
        value = self.get("expand", [])
        if not isinstance(value, list):
            raise invalid("Invalid array", param="expand")
        return [str(path) for path in cast("list[object]", value)]


def _put(target: dict[str, Any], parts: list[str], value: str) -> None:
    for part in parts[:-1]:
        inner: object = target.setdefault(part, {})
        if not isinstance(inner, dict):
            raise invalid("Invalid object", param=parts[0])
        target = cast("dict[str, Any]", inner)
    last = parts[-1] or str(len(target))
    target[last] = value


def _listed(value: object) -> object:
    """Turn {"0": a, "1": b} into [a, b], all the way down."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(one) for name, one in cast("dict[str, object]", value).items()}
    if inner and _are_positions(inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def _are_positions(names: Iterable[str]) -> bool:
    return all(name.isascii() and name.isdigit() for name in names)
