"""From pydantic's errors to problems of a file: line, column, key, what stands there, and what was likely meant."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hub.config.problems import ConfigProblem
from hub.config.shapes import Shape
from hub.config.tree import Node, Step, path_text
from mappings.suggest import did_you_mean

LONGEST_SHOWN = 60
_WORDS: Mapping[str, str] = {
    "model_type": "here belong keys and values, indented",
    "model_attributes_type": "here belong keys and values, indented",
    "dict_type": "here belong keys and values, indented",
    "tuple_type": "here belongs a list",
    "list_type": "here belongs a list",
}


@dataclass(frozen=True, slots=True)
class Explainer:
    """Knows the file as it was read and the shape that it should have."""

    root: Node
    shape: Shape
    plain: Any

    def problems(self, error: ValidationError) -> Iterator[ConfigProblem]:
        """Yield what is wrong, in the words of somebody who looks at the file."""
        for details in error.errors(include_url=False):
            if not self._is_echo(details):
                yield self._problem(details)

    def is_secret(self, path: tuple[Step, ...]) -> bool:
        """Say whether what stands under `path` must not be shown."""
        return "password" in self.shape.formats(path, self.plain)

    def _is_echo(self, details: ErrorDetails) -> bool:
        """Say whether a list is called too short only because some of its entries are wrong, which is told too."""
        node = self._at(details["loc"])
        least: int = details.get("ctx", {}).get("min_length", 0)
        return details["type"] == "too_short" and isinstance(node.value, list) and len(node.value) >= least

    def _problem(self, details: ErrorDetails) -> ConfigProblem:
        path, node = self._walk(details["loc"])
        match details["type"]:
            case "extra_forbidden":
                return self._unknown(path[:-1], str(details["loc"][-1]), node)
            case "missing":
                return self._missing((*path, details["loc"][-1]), node)
            case kind:
                reason = _WORDS.get(kind) or _sentence(details)
                return ConfigProblem(self._mark(path, node), reason, path_text(path), self._found(path, node))

    def _unknown(self, parent: tuple[Step, ...], key: str, node: Node) -> ConfigProblem:
        known = self.shape.keys(parent, self.plain)
        here = f"under {path_text(parent)}" if parent else "at the top of the file"
        reason = f"there is no key {key!r} {here}{did_you_mean(key, known)}"
        return ConfigProblem(self._at(parent).keys.get(key, node.mark), reason, path_text((*parent, key)))

    def _missing(self, path: tuple[Step, ...], parent: Node) -> ConfigProblem:
        *above, key = path
        said = self.shape.keys(above, self.plain).get(str(key), {}).get("description", "")
        reason = f"the key {str(key)!r} is missing" + (f": {said}" if said else "")
        return ConfigProblem(self._mark(tuple(above), parent), reason, path_text(path))

    def _walk(self, loc: tuple[Step, ...]) -> tuple[tuple[Step, ...], Node]:
        """Follow pydantic's location through the file; steps that name models or unions are not in it."""
        path: list[Step] = []
        node = self.root
        for step in loc:
            child = node.child(step)
            if child is not None:
                path.append(step)
                node = child
        return tuple(path), node

    def _at(self, path: tuple[Step, ...]) -> Node:
        return self._walk(path)[1]

    def _mark(self, path: tuple[Step, ...], node: Node) -> Any:
        """Return where a person looks: a block of keys is known by the key above it."""
        if path and isinstance(node.value, dict | list):
            return self._at(path[:-1]).keys.get(str(path[-1]), node.mark)
        return node.mark

    def _found(self, path: tuple[Step, ...], node: Node) -> str | None:
        if node.written is not None:
            return repr(node.written)
        if self.is_secret(path):
            return None
        if isinstance(node.value, dict):
            return f"{len(node.value)} keys"
        if isinstance(node.value, list):
            return f"a list of {len(node.value)}"
        text = repr(node.value)
        return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"


def _sentence(details: ErrorDetails) -> str:
    """Return pydantic's sentence, or that of a validator of ours, to be read after a colon."""
    context = details.get("ctx", {})
    if details["type"] == "too_short":
        return f"here belong {context['min_length']} or more, not {context['actual_length']}"
    if details["type"] == "too_long":
        return f"here belong {context['max_length']} or fewer, not {context['actual_length']}"
    message = details["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return message[:1].lower() + message[1:]
