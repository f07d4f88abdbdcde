"""Schemas as OpenAPI writes them (2.0 and 3.0), checked by `jsonschema`.

They are JSON Schema, draft 4, with `nullable`. Stricter than the vendors are: a field that the schema doesn't know is a
problem too, unless the schema says that any may come, for a field that a simulator makes up is what this looks for.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from jsonschema import Draft4Validator, FormatChecker  # type: ignore[import-untyped] # it has no types
from jsonschema.exceptions import ValidationError, best_match  # type: ignore[import-untyped] # as above
from jsonschema.validators import extend  # type: ignore[import-untyped] # as above
from referencing import Registry
from referencing.jsonschema import DRAFT4

Obj = dict[str, Any]
_SPEC = "urn:orderhub:vendor-spec"
UNKNOWN = "is not known"
"""How a problem with a field ends that no schema has."""
_Check = Callable[[Any, Any, Any, Obj], Iterator[ValidationError]]
_KNOWN = cast("Mapping[str, _Check]", Draft4Validator.VALIDATORS)
FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", ValueError)  # type: ignore[untyped-decorator] # as above
def _date_time(value: object) -> bool:
    """Hold with RFC 3339: a moment has its offset."""
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@dataclass(frozen=True, slots=True)
class Younger:
    """What a vendor has brought in since the document was written: names of fields, and values of closed lists."""

    fields: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()


class Schemas:
    """All schemas of one document, and what is younger than it."""

    def __init__(self, document: Mapping[str, Any], younger: Younger = Younger()) -> None:
        self.document = cast("Obj", _absolute(dict(document)))
        registry = Registry[Any]().with_resource(_SPEC, DRAFT4.create_resource(self.document))
        self._registry, self._dialect = registry, _dialect(younger)

    def resolved(self, node: Obj) -> Obj:
        """Follow references to what they mean."""
        while "$ref" in node:
            found: Any = self.document
            for part in str(node["$ref"]).removeprefix(f"{_SPEC}#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    def problems(self, value: object, schema: Obj) -> Iterator[str]:
        """Yield what is wrong, each with its path: `orders[].proceeds.total: …`."""
        for error in self._validator(schema).iter_errors(value):
            inner = cast("ValidationError", best_match([error]))
            yield f"{_path(inner.absolute_path)}: {_short(inner.message)}"

    def fits(self, value: object, schema: Obj) -> bool:
        """Say whether nothing is wrong."""
        return next(iter(self._validator(schema).iter_errors(value)), None) is None

    def _validator(self, schema: Obj) -> Any:
        return self._dialect(schema, registry=self._registry, format_checker=FORMATS)


def _absolute(node: Any) -> Any:
    """Make references good from anywhere, so that any part of the document can be checked with."""
    if isinstance(node, dict):
        told = cast("Obj", node)
        return {
            key: f"{_SPEC}{value}" if key == "$ref" and str(value).startswith("#") else _absolute(value)
            for key, value in told.items()
        }
    if isinstance(node, list):
        return [_absolute(one) for one in node]
    return node


def _dialect(younger: Younger) -> Any:
    nullable = {name: _unless_null(name) for name in ("type", "anyOf", "oneOf", "allOf")}
    listed = _unless_null("enum")

    def enum(validator: Any, told: Any, value: Any, schema: Obj) -> Iterator[ValidationError]:
        if not (isinstance(value, str) and value in younger.values):
            yield from listed(validator, told, value, schema)

    def properties(validator: Any, told: Obj, value: Any, schema: Obj) -> Iterator[ValidationError]:
        yield from _KNOWN["properties"](validator, told, value, schema)
        if isinstance(value, dict) and not schema.get("additionalProperties"):
            for name in sorted(cast("Obj", value).keys() - told.keys() - younger.fields):
                yield ValidationError(f"the field {name!r} {UNKNOWN}")

    own = {"enum": enum, "properties": properties, "additionalProperties": _additional}
    return extend(Draft4Validator, {**nullable, **own})


def _unless_null(keyword: str) -> _Check:
    def check(validator: Any, told: Any, value: Any, schema: Obj) -> Iterator[ValidationError]:
        if value is not None or not (schema.get("nullable") or schema.get("x-nullable")):
            yield from _KNOWN[keyword](validator, told, value, schema)

    return check


def _additional(validator: Any, told: Any, value: Any, schema: Obj) -> Iterator[ValidationError]:
    if told is not False:  # what is not allowed is told with the properties
        yield from _KNOWN["additionalProperties"](validator, told, value, schema)


def _path(parts: Any) -> str:
    written = "".join("[]" if isinstance(part, int) else f".{part}" for part in parts)
    return written.removeprefix(".") or "it"


def _short(message: str) -> str:
    text = re.sub(r"\s+", " ", message)
    return text if len(text) <= 160 else f"{text[:100]} … {text[-60:]}"
