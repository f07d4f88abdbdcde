"""Descriptions for editors: the docstrings under the fields of settings that pydantic was not told to read."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, get_args

from pydantic import BaseModel


def add_descriptions(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Put the docstrings of all fields into the JSON Schema of `model`, where there is no description yet."""
    definitions = schema.get("$defs", {})
    for known in reachable(model):
        described = schema if known is model else definitions.get(known.__name__, {})
        for base in reversed(known.__mro__):
            said = docstrings(base) if issubclass(base, BaseModel) else {}
            for name, part in described.get("properties", {}).items():
                if name in said:
                    part.setdefault("description", said[name])


def reachable(model: type[BaseModel]) -> set[type[BaseModel]]:
    """Return a model and all models in its fields."""
    found: set[type[BaseModel]] = set()
    todo = [model]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo.extend(inner for field in one.model_fields.values() for inner in _models(field.annotation))
    return found


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Return what stands under each field in the model's source; nothing where there is no source."""
    try:
        source = textwrap.dedent(inspect.getsource(model))
        body = ast.parse(source).body[0]
    except (OSError, TypeError, SyntaxError):
        return {}
    found: dict[str, str] = {}
    statements = body.body if isinstance(body, ast.ClassDef) else []
    for before, after in pairwise(statements):
        if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name):
            text = _text(after)
            if text:
                found[before.target.id] = text
    return found


def _text(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        value = statement.value.value
        return inspect.cleandoc(value) if isinstance(value, str) else None
    return None
