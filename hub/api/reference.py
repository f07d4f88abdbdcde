"""The API and the bus, described: as OpenAPI and AsyncAPI documents, and as pages that need no internet."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response

from hub.api import doors, pages
from hub.api.gate import COOKIE, gate_of

router = APIRouter(include_in_schema=False)

_DEEPEST = 3
_METHODS = ("get", "post", "put", "delete")


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document: the desk's paths, and every connector's doors."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    document["paths"].update(doors.described(app.state.hub.desk.connectors))
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    document["security"] = [{"token": []}]
    app.openapi_schema = document
    return document


_PROBLEM: Mapping[str, Any] = {
    "title": "Problem",
    "description": "Problem details (RFC 9457), sent as application/problem+json by everything that refuses.",
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Its stable name."},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    """The OpenAPI document."""
    return Response(orjson.dumps(describe(request.app)), media_type="application/json")


@router.get("/asyncapi.json")
async def asyncapi_document(request: Request) -> Response:
    """The AsyncAPI document."""
    return Response(orjson.dumps(dict(request.app.state.hub.asyncapi())), media_type="application/json")


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The API, to be read."""
    document = describe(request.app)
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                shown = _operation(document, path, method, operations[method])
                groups.setdefault((operations[method].get("tags") or ["other"])[0], []).append(shown)
    return pages.render_loose(
        "docs.html", **await _frame(request), document=document, groups=list(groups.items())
    )


@router.get("/asyncapi")
async def asyncapi(request: Request) -> Response:
    """The bus, to be read."""
    document = request.app.state.hub.asyncapi()
    return pages.render_loose("asyncapi.html", **await _frame(request), document=document)


async def _frame(request: Request) -> dict[str, Any]:
    return {"who": await gate_of(request).look_in(request), "signed_in": COOKIE in request.cookies}


def _operation(document: Mapping[str, Any], path: str, method: str, op: Mapping[str, Any]) -> dict[str, Any]:
    answers: Mapping[str, Any] = op.get("responses", {})
    nothing: Mapping[str, Any] = {}
    answer = next((answers[code] for code in ("200", "201", "202") if code in answers), nothing)
    return {
        "path": path,
        "method": method,
        "summary": op.get("summary", ""),
        "description": op.get("description", ""),
        "parameters": op.get("parameters", []),
        "body": _outline(document, op.get("requestBody", {})),
        "answer": _outline(document, answer),
    }


def _outline(document: Mapping[str, Any], content: Mapping[str, Any]) -> str:
    """Return the shape of a JSON body, as an outline of names and types."""
    schema = content.get("content", {}).get("application/json", {}).get("schema")
    return "\n".join(_lines(document, schema, 0)) if schema else ""


def _lines(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> list[str]:
    resolved = _resolve(document, schema)
    if resolved.get("type") == "array":
        return [f"{'  ' * depth}list of", *_lines(document, resolved.get("items", {}), depth + 1)]
    properties: Mapping[str, Any] = resolved.get("properties", {})
    if not properties:
        return [f"{'  ' * depth}{pages.shape(schema)}"]
    found: list[str] = []
    required = set(resolved.get("required", ()))
    for name, inner in properties.items():
        optional = "" if name in required else "?"
        found.append(f"{'  ' * depth}{name}{optional}: {pages.shape(inner)}")
        nested = _resolve(document, inner)
        if nested.get("properties") and depth < _DEEPEST:
            found.extend(_lines(document, nested, depth + 1))
    return found


def _resolve(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    if not reference:
        return schema
    found: Mapping[str, Any] = document["components"]["schemas"][str(reference).rsplit("/", 1)[-1]]
    return found
