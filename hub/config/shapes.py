"""Questions to a JSON Schema: what may stand under a path, what is a secret, and what is a path of a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.config.tree import Step

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """A JSON Schema with its definitions."""

    schema: Schema

    def at(self, path: Sequence[Step], plain: Any) -> list[Schema]:
        """Return every schema that may hold for the value under `path` in the data `plain`."""
        found = [*self._choices(self.schema, plain)]
        for step in path:
            plain = _under(plain, step)
            found = [
                choice
                for schema in found
                for inner in _inner(schema, step)
                for choice in self._choices(inner, plain)
            ]
        return found

    def keys(self, path: Sequence[Step], plain: Any) -> dict[str, Schema]:
        """Return the keys that may stand in the mapping under `path`."""
        return {
            key: inner
            for schema in self.at(path, plain)
            for key, inner in schema.get("properties", {}).items()
        }

    def formats(self, path: Sequence[Step], plain: Any) -> set[str]:
        """Return the formats of the value under `path`: `password`, `path`, ..."""
        return {str(schema["format"]) for schema in self.at(path, plain) if "format" in schema}

    def _choices(self, schema: Schema, plain: Any) -> Iterator[Schema]:
        """Yield the schema with references followed, and its alternatives: of a tagged union only the one meant."""
        if "$ref" in schema:
            name = str(schema["$ref"]).rpartition("/")[2]
            yield from self._choices(self.schema["$defs"][name], plain)
            return
        if "discriminator" in schema:
            tag = _under(plain, schema["discriminator"]["propertyName"])
            meant = schema["discriminator"]["mapping"].get(tag)
            if meant is not None:
                yield from self._choices({"$ref": meant}, plain)
            return
        yield schema
        for kind in ("anyOf", "oneOf", "allOf"):
            for inner in schema.get(kind, ()):
                yield from self._choices(inner, plain)


def _inner(schema: Schema, step: Step) -> Iterator[Schema]:
    if isinstance(step, int):
        ordered = schema.get("prefixItems", ())
        found = ordered[step] if step < len(ordered) else schema.get("items")
    else:
        found = schema.get("properties", {}).get(step) or schema.get("additionalProperties")
    if isinstance(found, dict):
        yield found


def _under(plain: Any, step: Step) -> Any:
    try:
        return plain[step]
    except (KeyError, IndexError, TypeError):
        return None
