"""Renders HTML. Everything is escaped, nothing is fetched from anywhere, and no page needs a script."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from jinja2 import ChainableUndefined, Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

TEMPLATES = Path(__file__).with_name("templates")
STYLE = (TEMPLATES / "style.css").read_text(encoding="utf-8")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_GOOD = frozenset(
    {
        "completed",
        "captured",
        "shipped",
        "delivered",
        "confirmed",
        "resolved",
        "done",
        "authorised",
        "closed",
        "sent",
    }
)
_WARN = frozenset(
    {
        "placed",
        "backordered",
        "waiting",
        "unknown",
        "replaying",
        "pending",
        "partially_shipped",
        "stale",
        "received",
        "running",
        "planned",
        "under_way",
    }
)
_BAD = frozenset(
    {
        "rejected",
        "declined",
        "failed",
        "parked",
        "open",
        "expired",
        "disputed",
        "discarded",
        "stopped",
        "failed_again",
        "refused",
    }
)


def words(name: str) -> str:
    """Write a name of the code as words: `partially_shipped`, `OrderPlaced`."""
    plain = _CAMEL.sub(" ", name).replace("_", " ").strip()
    return plain[:1].upper() + plain[1:].lower() if plain else plain


def tone(name: str) -> str:
    """Return the colour of a status."""
    return "good" if name in _GOOD else "warn" if name in _WARN else "bad" if name in _BAD else ""


def pretty(body: str | None) -> str:
    """Indent JSON that came on one line; everything else stays as it is."""
    text = body or ""
    if text[:1] in "{[" and text.count("\n") < 2:  # noqa: PLR2004 - one line, perhaps with its end
        try:
            return orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode()
        except orjson.JSONDecodeError:
            return text
    return text


def shape(schema: Mapping[str, Any]) -> str:
    """Say a JSON Schema in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    for joined in ("anyOf", "oneOf", "allOf"):
        if joined in schema:
            return " or ".join(shape(part) for part in schema[joined])
    if "enum" in schema or "const" in schema:
        return " | ".join(str(value) for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {shape(schema.get('items', {}))}"
    kind = str(schema.get("type", "any"))
    return f"{kind} ({schema['format']})" if "format" in schema else kind


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(words=words, tone=tone, pretty=pretty, shape=shape)


_NOBODY: Mapping[str, Any] = {"who": None, "signed_in": False, "may": {}, "said": ""}


def render(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page."""
    values = {**_NOBODY, **values}
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(**values), status)


def render_loose(template: str, **values: Any) -> HTMLResponse:
    """Return a page about a foreign document, in which fields may be missing."""
    values = {**_NOBODY, **values}
    return HTMLResponse(_LOOSE.get_template(template).render(**values))


_LOOSE = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=ChainableUndefined)
_LOOSE.filters.update(_ENVIRONMENT.filters)
