"""The JSON Schema for editors: it knows every key, transform, syntax and model."""

from collections.abc import Iterator

from mappings import mapping_schema
from mappings.data import Data
from mappings.engine.document import MODIFIERS, SOURCES
from mappings.engine.transforms.catalogue import TRANSFORMS
from mappings.syntax import SYNTAXES
from tests.mappings.shop import environment

SCHEMA = mapping_schema(environment({"magic": str}))


def references(node: Data) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield str(node["$ref"])
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def test_every_reference_leads_somewhere() -> None:
    found = set(references(SCHEMA))
    assert found
    assert {name.removeprefix("#/$defs/") for name in found} <= set(SCHEMA["$defs"])


def test_entries_transforms_and_syntaxes_are_all_there() -> None:
    _, _, entry = SCHEMA["$defs"]["entry"]["anyOf"]
    assert set(entry["properties"]) == set(SOURCES) | set(MODIFIERS)
    assert entry["properties"]["from"]["description"] == SOURCES["from"]
    assert {f"transform {name}" for name in TRANSFORMS} <= set(SCHEMA["$defs"])
    assert {f"{name} options" for name in SYNTAXES} <= set(SCHEMA["$defs"])
    bare, _ = SCHEMA["$defs"]["steps"]["anyOf"][0]["anyOf"]
    assert "upper" in bare["enum"]
    assert "datetime" in bare["enum"]
    assert "pad" not in bare["enum"]


def test_names_of_models_and_registered_transforms_are_offered() -> None:
    mapping, overlay, library = SCHEMA["oneOf"]
    assert mapping["properties"]["target"]["enum"] == ["Line", "Order", "Person"]
    assert mapping["properties"]["python"]["items"]["enum"] == ["magic"]
    assert mapping["additionalProperties"] is False
    assert overlay["required"] == ["overlay", "base", "version"]
    assert library["required"] == ["library", "tables"]
