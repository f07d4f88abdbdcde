"""Cuts one order out of a page of orders, as the very text that Amazon sent."""

import json
from collections.abc import Iterator

from core.errors import RetryableError

_DECODER = json.JSONDecoder()
_SPACE = " \t\r\n"


def members(text: str, start: int = 0) -> Iterator[tuple[str, int, int]]:
    """Yield the name of each member of the JSON object at `start`, and where its value begins and ends."""
    at = _after(text, start, "{")
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        begin = _skip(text, _after(text, _skip(text, at), ":"))
        _, end = _DECODER.raw_decode(text, begin)
        yield name, begin, end
        at = _next(text, end)


def items(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield where each item of the JSON array at `start` begins and ends."""
    at = _after(text, start, "[")
    while text[at] != "]":
        _, end = _DECODER.raw_decode(text, at)
        yield at, end
        at = _next(text, end)


def orders_of(body: bytes) -> list[str]:
    """Return each order of a page (`orders`), or the one order of an answer (`order`), as it was sent."""
    try:
        text = body.decode()
        for name, begin, end in members(text, _skip(text, 0)):
            if name == "orders":
                return [text[a:b] for a, b in items(text, begin)]
            if name == "order":
                return [text[begin:end]]
    except (ValueError, IndexError, TypeError, RecursionError) as error:
        raise RetryableError(f"Amazon's answer about orders is not as agreed: {error}") from error
    raise RetryableError("Amazon's answer about orders holds neither `orders` nor `order`")


def _skip(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at


def _after(text: str, at: int, mark: str) -> int:
    if text[at] != mark:
        raise ValueError(f"there is no {mark} at {at}")
    return _skip(text, at + 1)


def _next(text: str, end: int) -> int:
    at = _skip(text, end)
    return _skip(text, at + 1) if text[at] == "," else at
