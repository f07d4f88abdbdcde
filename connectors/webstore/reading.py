"""From raw bytes to a checked wire document, or to a refusal that names every problem with its place."""

import codecs
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from connectors.webstore.wire import Wire
from core.errors import DoorError, Problem
from mappings.errors import ErrorCode, MappingError, shown
from mappings.suggest import did_you_mean
from mappings.syntax.json import JsonOptions, JsonSyntax
from mappings.syntax.json_places import JsonWire

W = TypeVar("W", bound=Wire)
Place = tuple[str | int, ...]

_DEPTH = 16
"""The deepest order needs five levels."""
_MOST_PROBLEMS = 100
_PERSONAL = frozenset({"customer", "ship_to", "bill_to", "note", "attributes"})
"""What stands under these fields is not repeated in an error."""
_SYNTAX = JsonSyntax(JsonOptions(max_depth=_DEPTH))
_REASONS: Mapping[str, str] = {
    "missing": "it must be there",
    "model_type": "it must be an object",
    "string_type": "it must be a string",
    "int_type": "it must be a whole number, without quotes",
    "bool_type": "it must be true or false",
    "list_type": "it must be a list",
    "dict_type": "it must be an object",
}


class Posted(Generic[W]):
    """A document that came in, with the places of its values."""

    def __init__(self, document: W, wire: JsonWire) -> None:
        self.document, self._wire = document, wire

    def problem(self, place: Place, reason: str, value: object = None) -> Problem:
        """Return a problem at `place`, with its line and column."""
        return _problem(self._wire, place, reason, value)


def check_media_type(headers: Mapping[str, str]) -> None:
    """Refuse what isn't JSON in UTF-8: `DoorError` 415."""
    given = headers.get("content-type", "")
    kind, _, parameters = given.lower().partition(";")
    charset = next(
        (p.partition("=")[2] for p in parameters.split(";") if p.strip().startswith("charset")), "utf-8"
    )
    if kind.strip() != "application/json" or charset.strip(' "') not in {"utf-8", "utf8", "us-ascii"}:
        raise DoorError(
            415,
            "unsupported_media_type",
            "The body must be JSON in UTF-8",
            detail=f"content-type is {given[:80]!r}; send application/json",
            headers={"accept": "application/json"},
        )


def read(model: type[W], body: bytes) -> Posted[W]:
    """Return the document; `DoorError` 400 for what is not JSON, 422 for JSON that is not such a document."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        problem = Problem("the body is UTF-16; JSON between systems is UTF-8 (RFC 8259)", line=1, column=1)
        raise _unreadable("malformed_json", problem)
    try:
        wire = _SYNTAX.read(body)
    except MappingError as error:
        raise _malformed(error) from error
    try:
        document = model.model_validate_json(body.removeprefix(codecs.BOM_UTF8))
    except ValidationError as error:
        problems = (_translated(wire, found, model) for found in error.errors(include_url=False))
        raise invalid(problems) from None
    return Posted(document, wire)


def invalid(problems: Iterable[Problem]) -> DoorError:
    """Return the refusal of a document that is JSON, but not as agreed."""
    found = tuple(problems)
    more = f"; the first {_MOST_PROBLEMS} are listed" if len(found) > _MOST_PROBLEMS else ""
    count = "one problem" if len(found) == 1 else f"{len(found)} problems"
    return DoorError(
        422,
        "invalid_document",
        "The document is not as agreed",
        detail=f"{count}{more}: see `errors`, and the schema at GET /schema",
        problems=found[:_MOST_PROBLEMS],
    )


def pointer(place: Sequence[str | int]) -> str:
    """Return a place as a JSON Pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in place)


def _malformed(error: MappingError) -> DoorError:
    found = error.problem
    at = found.position
    problem = Problem(found.reason, line=at.line if at else None, column=at.column if at else None)
    return _unreadable("too_deep" if found.code is ErrorCode.LIMIT else "malformed_json", problem)


def _unreadable(code: str, problem: Problem) -> DoorError:
    return DoorError(400, code, "The body can't be read", detail=str(problem), problems=(problem,))


def _translated(wire: JsonWire, found: ErrorDetails, model: type[Wire]) -> Problem:
    place = tuple(step for step in found["loc"] if step != "[key]")
    kind = found["type"]
    if kind == "extra_forbidden":
        return _problem(wire, place, f"there is no such field{did_you_mean(str(place[-1]), _fields(model))}")
    reason = _REASONS.get(kind) or found["msg"]
    value = None if kind == "missing" else found["input"]
    return _problem(wire, place, reason, value)


def _problem(wire: JsonWire, place: Place, reason: str, value: object = None) -> Problem:
    at = wire.position(place)
    personal = bool(_PERSONAL.intersection(place))
    return Problem(
        reason,
        field=pointer(place)[:300] or "/",
        value=None if value is None else _printable(shown(value, personal=personal)),
        line=at.line if at else None,
        column=at.column if at else None,
    )


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text)


def _fields(model: type[Wire]) -> list[str]:
    """Return the names of all fields of a document and of what it holds, to guess what a wrong name meant."""
    schema: Any = model.model_json_schema()
    objects = [schema, *schema.get("$defs", {}).values()]
    return sorted({name for one in objects for name in one.get("properties", {})})
