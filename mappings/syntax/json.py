"""JSON (RFC 8259), strictly: exact numbers, no duplicate keys, no NaN, bounded depth."""

import json
import re
from decimal import Decimal
from typing import Literal, NoReturn

import orjson
from pydantic import BaseModel

from mappings.data import Data, is_list, is_object
from mappings.errors import ErrorCode, MappingError, Position
from mappings.syntax.base import (
    SyntaxOptions,
    check_mark,
    check_size,
    codec_of,
    decode,
    position_of,
    refuse,
    split_bom,
)
from mappings.syntax.json_places import JsonWire, first_duplicate, first_string
from mappings.syntax.trees import (
    LONGEST_NUMBER,
    TreePlace,
    check_exact,
    children_of,
    decimal_text,
    scalar_text,
)

_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_BAD_ESCAPE = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")

_AS_IT_IS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


class JsonOptions(SyntaxOptions):
    """How a partner writes JSON."""

    encoding: Literal["utf-8", "utf-16", "latin-1", "cp1252", "shift_jis"] = "utf-8"
    """RFC 8259 says UTF-8; some partners do not."""
    indent: bool = False
    """Write it for people, with two spaces a level."""


class _DuplicateKeyError(Exception):
    """An object names one key twice; which value holds differs from reader to reader."""


def _unique(pairs: list[tuple[str, Data]]) -> dict[str, Data]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DuplicateKeyError
    return found


def _exact(text: str) -> Decimal:
    """Return a number that isn't whole. One with a huge exponent is a bomb: writing it out takes gigabytes."""
    number = Decimal(text)
    if len(text) > LONGEST_NUMBER or abs(number.adjusted()) > LONGEST_NUMBER:
        raise ValueError(f"the number {text[:20]}… has more than {LONGEST_NUMBER} digits")
    return number


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_exact, parse_constant=_no_constant)


class JsonSyntax:
    """JSON text ⇄ dict, list, str, int, Decimal, bool, None."""

    paths: Literal["jmespath"] = "jmespath"

    def __init__(self, options: JsonOptions | None = None) -> None:
        self._options = options or JsonOptions()
        self._codec = codec_of(self._options.encoding)
        self._layout = _AS_IT_IS | (orjson.OPT_INDENT_2 if self._options.indent else 0)

    def read(self, raw: bytes) -> JsonWire:
        """Return the parsed document."""
        check_size(raw, self._options)
        named, body = split_bom(raw)
        check_mark(named, self._codec, self._options.encoding)
        text = decode(body, named or self._codec)
        wire = JsonWire(self._parse(text), text)
        if _may_be_deeper(text, self._options.max_depth):
            _check_depth(wire, self._options.max_depth)
        if _BAD_ESCAPE.search(text):
            _check_escapes(text)
        return wire

    def _parse(self, text: str) -> Data:
        try:
            return _DECODER.decode(text)
        except json.JSONDecodeError as error:
            reason = f"this is not JSON: {error.msg[0].lower()}{error.msg[1:]}"
            raise refuse(_with_hint(reason, text, error.pos), position_of(text, error.pos)) from None
        except _DuplicateKeyError:
            key, offset = first_duplicate(text)
            reason = f"the key {key[:40]!r} stands twice in one object"
            raise refuse(reason, position_of(text, offset)) from None
        except RecursionError:
            raise _too_deep(self._options.max_depth, None) from None
        except ValueError as error:
            raise refuse(f"this is not JSON: {error}", _number_position(text)) from None

    def write(self, tree: object, *, exact: bool = False) -> bytes:
        """Return the text of `tree`, its keys in their order, its numbers exact."""
        try:
            if not exact:
                check_exact(tree)
            text = orjson.dumps(tree, default=_other, option=self._layout)
        except (TypeError, RecursionError) as error:
            raise refuse(
                f"this can't be written as JSON: {error.__cause__ or error}", code=ErrorCode.TARGET
            ) from None
        if rb"\u0000" in text and first_string(text.decode(), lambda value: "\0" in value) is not None:
            raise refuse("a text to be written holds a NUL character", code=ErrorCode.TARGET)
        return text if self._codec == "utf-8" else self._encoded(text.decode())

    def _encoded(self, text: str) -> bytes:
        try:
            return text.encode(self._codec)
        except UnicodeEncodeError as error:
            reason = f"the character {text[error.start]!r} can't be written in {self._codec}"
            raise refuse(reason, code=ErrorCode.TARGET) from None


def _other(value: object) -> object:
    """Return what orjson doesn't write by itself as something that it does."""
    if isinstance(value, Decimal):
        return orjson.Fragment(decimal_text(value))
    if isinstance(value, BaseModel):
        found = value.model_dump()
        check_exact(found)
        return found
    return scalar_text(value)


def _may_be_deeper(text: str, limit: int) -> bool:
    """Say whether values may be nested deeper than `limit`; brackets inside texts make it say yes too often.

    Each round takes the innermost brackets away, so a document of depth n is empty after n rounds. This costs
    a tenth of the parsing; walking the tree would cost as much as parsing.
    """
    if text.count("[") + text.count("{") <= limit:
        return False
    brackets = text.encode().translate(None, _NOT_BRACKETS)
    for _ in range(limit):
        fewer = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if len(fewer) == len(brackets):
            break
        brackets = fewer
    return bool(brackets)


def _check_depth(wire: JsonWire, limit: int) -> None:
    stack: list[tuple[Data, TreePlace]] = [(wire.root, ())]
    while stack:
        node, place = stack.pop()
        if not is_object(node) and not is_list(node):
            continue
        if len(place) >= limit:
            raise _too_deep(limit, wire.position(place))
        stack += [(child, (*place, key)) for key, child in children_of(node)]


def _too_deep(limit: int, position: Position | None) -> MappingError:
    return refuse(f"values are nested deeper than {limit} levels", position, ErrorCode.LIMIT)


def _check_escapes(text: str) -> None:
    r"""Refuse NUL and halves of surrogate pairs: no store keeps them, and no encoding writes them."""
    found = first_string(text, lambda value: "\0" in value or any("\ud800" <= c <= "\udfff" for c in value))
    if found is not None:
        reason = r"a text holds \u0000, or half of a surrogate pair"
        raise refuse(reason, position_of(text, found))


_NUMBER = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|(-?[0-9][0-9.eE+-]*|NaN|-?Infinity)', re.DOTALL)


def _number_position(text: str) -> Position | None:
    """Return where the first number stands that is none, or that is too long."""
    for match in _NUMBER.finditer(text):
        token = match[1]
        if token is None:
            continue
        try:
            _DECODER.decode(token)
        except ValueError:
            return position_of(text, match.start())
    return None  # pragma: no cover - it is only asked after one such number was met


def _with_hint(reason: str, text: str, offset: int) -> str:
    if offset >= len(text.rstrip()):
        return f"{reason}; the document ends here: it seems to be cut off"
    if text.lstrip().startswith("<"):
        return f"{reason}; it looks like XML or HTML"
    return reason
