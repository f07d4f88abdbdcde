"""The JSON Schema of `hub.yaml`, for editors: made from the same models that check the file."""

from collections.abc import Mapping
from typing import Any, cast

from core.connector import Connector
from hub.config.descriptions import add_descriptions
from hub.config.files import file_model

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_PLACEHOLDER: Mapping[str, str] = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_.:/-]*\}"}
_NOT_TEXT = frozenset({"integer", "number", "boolean"})
_TEXT_RULES = frozenset({"enum", "pattern", "minLength"})


def json_schema(catalogue: Mapping[str, Connector]) -> dict[str, Any]:
    """Return the schema, with every type of connector's settings, and placeholders wherever a value may stand."""
    model = file_model(catalogue)
    schema = model.model_json_schema()
    add_descriptions(schema, model)
    schema["$defs"] = _named(schema.get("$defs", {}))
    return {"$schema": DRAFT, **_with_placeholders(schema), "title": "hub.yaml"}


def _named(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return schemas by name: a name may be `type` or `default`, and is then no keyword."""
    return {name: _with_placeholders(part) for name, part in parts.items()}


def _with_placeholders(part: Any) -> Any:
    """Return a schema that also takes `${NAME}` where it takes a number, a truth value or a text with rules."""
    if isinstance(part, list):
        return [_with_placeholders(one) for one in part]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(part, dict):
        return part
    known = cast("dict[str, Any]", part)
    changed = {key: _changed(key, value) for key, value in known.items()}
    kind = changed.get("type")
    if "const" in changed or not (kind in _NOT_TEXT or (kind == "string" and _TEXT_RULES & changed.keys())):
        return changed
    kept = {key: changed.pop(key) for key in ("description", "default", "title") if key in changed}
    return {**kept, "anyOf": [changed, dict(_PLACEHOLDER)]}


def _changed(key: str, value: Any) -> Any:
    if key == "properties":
        return _named(value)
    return value if key in {"default", "$defs", "discriminator"} else _with_placeholders(value)
