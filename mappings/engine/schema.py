"""The JSON Schema of mapping files, generated from what the engine knows, so that editors complete and check them."""

from collections.abc import Mapping

from mappings.data import Data, is_list, is_object
from mappings.engine.document import MODIFIERS, SOURCES, WhenMissing
from mappings.engine.environment import Environment
from mappings.engine.loading import KEYS, LIBRARY_KEYS
from mappings.engine.transforms.base import NoArgs, Transform
from mappings.engine.transforms.catalogue import TRANSFORMS

Schema = dict[str, Data]

_ID = "https://json-schema.org/draft/2020-12/schema"
_SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
_TEXT: Schema = {"type": "string", "minLength": 1}
_PATH: Schema = {"type": ["string", "number"]}
_TRUE: Schema = {"type": "boolean"}
_NAMES: Schema = {"type": "array", "items": _TEXT}
_ENTRY: Schema = {"$ref": "#/$defs/entry"}
_ENTRIES: Schema = {"type": "array", "items": _ENTRY, "minItems": 1}
_FIELDS: Schema = {"type": "object", "additionalProperties": _ENTRY, "minProperties": 1}
_STEPS: Schema = {"$ref": "#/$defs/steps"}
_TABLES: Schema = {"type": "object", "additionalProperties": {"$ref": "#/$defs/table"}}

_ENTRY_KEYS: Mapping[str, Schema] = {
    "from": _PATH, "node": _PATH, "value": {}, "context": _TEXT, "counter": {"type": "integer"},
    "first_of": _ENTRIES, "list": _ENTRIES, "each": _PATH, "fields": _FIELDS, "when": _TEXT, "transform": _STEPS,
    "table": _TEXT, "finish": _STEPS, "default": {}, "required": _TRUE, "personal": _TRUE,
    "when_missing": {"enum": [*WhenMissing, None]}, "one_or_many": _TRUE, "within": _PATH, "note": _TEXT,
}  # fmt: skip

_TABLE: Schema = {
    "type": "object",
    "required": ["source", "codes"],
    "additionalProperties": False,
    "properties": {
        "source": {**_TEXT, "description": "Where the codes are from, and as of when."},
        "codes": {"type": "object", "additionalProperties": _SCALAR, "minProperties": 1},
        "ignore_case": _TRUE,
        "write_as": {"type": "object", "additionalProperties": _SCALAR},
        "note": _TEXT,
    },
}


def mapping_schema(environment: Environment) -> Schema:
    """Return the JSON Schema of mappings, overlays and libraries, with the names that `environment` knows."""
    return {
        "$schema": _ID,
        "title": "orderhub mapping",
        "oneOf": [_mapping(environment), _overlay(), _library()],
        "$defs": {"entry": _entry(), "steps": _steps(), "table": _TABLE}
        | _transforms()
        | _syntaxes(environment),
    }


def _mapping(environment: Environment) -> Schema:
    syntaxes, models = {"enum": sorted(environment.syntaxes)}, {"enum": sorted(environment.models)}
    keys: dict[str, Schema] = {
        "mapping": _TEXT, "version": {"type": ["string", "number"]}, "note": _TEXT, "reads": syntaxes,
        "writes": syntaxes, "target": models, "source": models, "documents": {"anyOf": [_PATH, _NAMES]},
        "syntax": {"anyOf": [{"$ref": f"#/$defs/{name} options"} for name in sorted(environment.syntaxes)]},
        "blank": {"enum": ["missing", "keep"]}, "context": _NAMES,
        "python": {"type": "array", "items": {"enum": sorted(environment.python)}}, "use": _NAMES,
        "tables": _TABLES, "fields": _FIELDS, "finish": _STEPS,
        "tests": {"type": "array", "items": {"type": "object", "required": ["input", "expected"]}},
    }  # fmt: skip
    return {
        **_closed({key: {**schema, "description": KEYS[key]} for key, schema in keys.items()}),
        "required": ["mapping", "version", "fields"],
        "oneOf": [{"required": ["reads", "target"]}, {"required": ["writes", "source"]}],
    }


def _overlay() -> Schema:
    keys: dict[str, Schema] = {
        "overlay": _TEXT, "base": _TEXT, "version": {"type": ["string", "number"]}, "note": _TEXT,
        "change": _FIELDS, "add": _FIELDS, "remove": _NAMES, "tables": {"type": "object"},
        "syntax": {"type": "object"}, "context": _NAMES, "python": _NAMES, "use": _NAMES, "tests": {"type": "array"},
    }  # fmt: skip
    return {**_closed(keys), "required": ["overlay", "base", "version"]}


def _library() -> Schema:
    keys: dict[str, Schema] = dict(zip(LIBRARY_KEYS, (_TEXT, _TEXT, _TABLES), strict=True))
    return {**_closed(keys), "required": ["library", "tables"]}


def _entry() -> Schema:
    described = {**SOURCES, **MODIFIERS}
    keys = {key: {**schema, "description": described[key]} for key, schema in _ENTRY_KEYS.items()}
    long_form = {**_closed(keys), "anyOf": [{"required": [key]} for key in SOURCES]}
    return {"anyOf": [_PATH, _ENTRIES, long_form]}


def _steps() -> Schema:
    bare = [name for name, one in TRANSFORMS.items() if not _needs_arguments(one)]
    one: Schema = {
        "anyOf": [
            {"enum": bare},
            {
                **_closed({name: {"$ref": f"#/$defs/transform {name}"} for name in TRANSFORMS}),
                "minProperties": 1,
                "maxProperties": 1,
            },
        ],
    }
    return {"anyOf": [one, {"type": "array", "items": one}]}


def _transforms() -> Schema:
    """Return the arguments of each transform: by name, or the main one alone."""
    found: Schema = {}
    for name, transform in TRANSFORMS.items():
        arguments = _inlined(transform.args.model_json_schema())
        forms = [arguments, {"type": "null"}]
        if transform.main is not None:
            forms.append({"type": ["string", "number", "boolean", "array"]})
        found[f"transform {name}"] = {"description": transform.says, "anyOf": forms}
    return found


def _needs_arguments(transform: Transform) -> bool:
    if transform.args is NoArgs:
        return False
    return bool(transform.args.model_json_schema().get("required"))


def _syntaxes(environment: Environment) -> Schema:
    return {
        f"{name} options": _inlined(kind.options.model_json_schema())
        for name, kind in environment.syntaxes.items()
    }


def _closed(keys: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": dict(keys)}


def _inlined(schema: Schema) -> Schema:
    """Return a schema without definitions of its own, which couldn't be referred to from where it is put."""
    definitions = schema.pop("$defs", {})

    def resolved(node: Data) -> Data:
        if is_list(node):
            return [resolved(child) for child in node]
        if not is_object(node):
            return node
        if "$ref" in node:
            return resolved(definitions[node["$ref"].rpartition("/")[2]])
        return {key: resolved(child) for key, child in node.items()}

    found: Schema = resolved(schema)
    return found
