"""Parameters of a query or a form, read into what a schema speaks of: `a[b][]=1` is {"a": {"b": [1]}}."""

import re
from typing import Any, cast
from urllib.parse import parse_qsl

from tests.vendor_specs.schemas import Obj, Schemas


def unfolded(text: str) -> Obj:
    """Read bracketed names into objects and lists; every value is text."""
    tree: Obj = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        first, *rest = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", name) or [name]
        node, keys = tree, [first, *rest]
        for key, following in zip(keys, [*keys[1:], None], strict=True):
            at = key or str(len(node))
            if following is None:
                node[at] = value
            else:
                node = node.setdefault(at, {})
    return cast("Obj", _listed(tree))


def typed(schemas: Schemas, value: Any, schema: Obj) -> Any:
    """Give texts the types that a schema has for them; what fits none stays as it is."""
    schema = schemas.resolved(schema)
    for branch in schema.get("anyOf", []):
        if schemas.fits(tried := typed(schemas, value, branch), branch):
            return tried
    match value:
        case dict():
            named, other = schema.get("properties", {}), schema.get("additionalProperties")
            other = other if isinstance(other, dict) else {}
            items = cast("Obj", value).items()
            return {key: typed(schemas, one, named.get(key, other)) for key, one in items}
        case list():
            return [typed(schemas, one, schema.get("items", {})) for one in value]
        case str():
            return _typed_text(value, schema)
        case _:
            return value


def _typed_text(text: str, schema: Obj) -> Any:
    match schema.get("type"):
        case "integer" if re.fullmatch(r"-?\d+", text):
            return int(text)
        case "number" if re.fullmatch(r"-?\d+(\.\d+)?", text):
            return float(text)
        case "boolean" if text in {"true", "false"}:
            return text == "true"
        case "array":
            return [_typed_text(one, schema.get("items", {})) for one in text.split(",")]
        case _:
            return text


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    told = {key: _listed(value) for key, value in cast("Obj", node).items()}
    return list(told.values()) if told and all(key.isdigit() for key in told) else told
