"""One OpenAPI document (2.0 or 3.0): its operations, and what in an exchange is otherwise than it says."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.vendor_specs.exchange import Exchange
from tests.vendor_specs.forms import typed, unfolded
from tests.vendor_specs.schemas import Obj, Schemas, Younger

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    name: str
    method: str
    pattern: re.Pattern[str]
    told: Obj
    parameters: tuple[Obj, ...]


class OpenApi:
    """A document of a vendor's. `younger` is what came after it."""

    def __init__(self, document: Mapping[str, Any], younger: Younger = Younger()) -> None:  # noqa: B008 - it is frozen
        self.schemas = Schemas(document, younger)
        base = str(document.get("basePath", "")).rstrip("/")
        self.operations = [
            one for path, told in self.schemas.document["paths"].items() for one in self._of(base, path, told)
        ]
        # A path that is written out goes before one with a name in its place.
        self.operations.sort(key=lambda one: one.pattern.pattern.count("(?P"))

    def _of(self, base: str, path: str, told: Obj) -> Iterator[Operation]:
        pattern = re.compile(base + re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))
        shared = told.get("parameters", [])
        for method in told.keys() & {"get", "post", "put", "patch", "delete"}:
            operation = told[method]
            asked = [self.schemas.resolved(one) for one in [*shared, *operation.get("parameters", [])]]
            name = operation.get("operationId", f"{method} {path}")
            yield Operation(name, method.upper(), pattern, operation, tuple(asked))

    def find(self, exchange: Exchange) -> Operation | None:
        """Return the operation that was called."""
        for one in self.operations:
            if one.method == exchange.method and one.pattern.fullmatch(exchange.path):
                return one
        return None

    def wrong_in_request(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        """Yield what is otherwise in the request."""
        matched = operation.pattern.fullmatch(exchange.path)
        path = matched.groupdict() if matched else {}
        values = {"path": {name: unquote(value) for name, value in path.items()}}
        values |= {"query": unfolded(exchange.query), "header": dict(exchange.headers)}
        for place in ("path", "query"):
            schema = _object_of(operation.parameters, place)
            value = typed(self.schemas, values[place], schema)
            yield from (f"{place} {one}" for one in self.schemas.problems(value, schema))
        for one in operation.parameters:
            if one["in"] == "header" and one.get("required") and one["name"].lower() not in exchange.headers:
                yield f"header {one['name']}: it is missing"
        yield from (f"body {one}" for one in self._wrong_in_body(operation, exchange))

    def wrong_in_answer(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        """Yield what is otherwise in the answer."""
        answers = operation.told["responses"]
        told = answers.get(str(exchange.status), answers.get("default"))
        if told is None:
            yield f"status: there is no answer {exchange.status}"
            return
        told, media = self.schemas.resolved(told), _media(exchange.answer_headers)
        schema, allowed = told.get("schema"), {"application/json"}
        if "content" in told:
            allowed, schema = set(told["content"]), told["content"].get(media, {}).get("schema")
        if exchange.answer and media not in allowed:
            yield f"content-type: {media or 'none'} is not {' or '.join(sorted(allowed))}"
        elif schema is None and exchange.answer:
            yield "body: there should be none"
        elif schema is not None:
            yield from self._wrong_in_json(exchange.answer, schema)

    def _wrong_in_body(self, operation: Operation, exchange: Exchange) -> Iterator[str]:
        schema, media = next((one["schema"] for one in operation.parameters if one["in"] == "body"), None), ""
        if "requestBody" in operation.told:
            content = self.schemas.resolved(operation.told["requestBody"])["content"]
            media = next(iter(content))
            schema = content[media]["schema"]
        if exchange.body and (given := _media(exchange.headers)) != (media or "application/json"):
            yield f"content-type: {given or 'none'} is not {media or 'application/json'}"
        elif schema is None and exchange.body:
            yield "there should be none"
        elif media == _FORM and schema is not None:
            form = unfolded(exchange.body.decode())
            yield from self.schemas.problems(typed(self.schemas, form, schema), schema)
        elif schema is not None:
            yield from self._wrong_in_json(exchange.body, schema)

    def _wrong_in_json(self, raw: bytes, schema: Obj) -> Iterator[str]:
        try:
            value = json.loads(raw)
        except ValueError:
            yield "it is not JSON"
            return
        yield from self.schemas.problems(value, schema)


def _object_of(parameters: tuple[Obj, ...], place: str) -> Obj:
    """Return a schema of all parameters of one place together."""
    here = {one["name"]: one for one in parameters if one["in"] == place}
    # In version 2.0 a parameter is its own schema, but for `required`, which says something else there.
    plain = {name: {k: v for k, v in one.items() if k != "required"} for name, one in here.items()}
    asked = [name for name, one in here.items() if one.get("required")]
    schema: Obj = {
        "type": "object",
        "properties": {name: here[name].get("schema", one) for name, one in plain.items()},
    }
    return {**schema, "required": asked} if asked else schema


def _media(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
