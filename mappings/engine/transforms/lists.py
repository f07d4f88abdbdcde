"""Transforms of lists."""

import textwrap

from pydantic import Field

from mappings.data import Data, is_sequence
from mappings.engine.transforms.base import (
    ANY,
    LIST,
    NUMBER,
    TEXT,
    Args,
    Run,
    Tools,
    Transform,
    list_of,
    scalar_of,
    simple,
)
from mappings.errors import Refusal

_LISTS = frozenset({LIST})


class JoinArgs(Args):
    """What to put between the items."""

    by: str = ""


class ItemArgs(Args):
    """Which item, from zero; negative numbers count from the end."""

    index: int


class EveryArgs(Args):
    """Transforms for each item."""

    steps: list[Data] = Field(min_length=1)


class WrapArgs(Args):
    """How wide a line may be, in characters, and how many lines there may be."""

    width: int = Field(ge=1, le=10_000)
    most: int | None = Field(default=None, ge=1)


def _join(args: JoinArgs, _tools: object) -> Run:
    return lambda value: args.by.join(scalar_of(item) for item in list_of(value) if item is not None) or None


def _item(args: ItemArgs, _tools: object) -> Run:
    def run(value: Data) -> Data:
        items = list_of(value)
        return items[args.index] if -len(items) <= args.index < len(items) else None

    return run


def _every(args: EveryArgs, tools: Tools) -> Run:
    chain = tools.chain(args.steps)

    def run(value: Data) -> list[Data]:
        return [found for item in list_of(value) if item is not None and (found := chain(item)) is not None]

    return run


def _wrap(args: WrapArgs, _tools: object) -> Run:
    def run(value: Data) -> list[Data]:
        given = list_of(value) if is_sequence(value) else [value]
        lines: list[Data] = [
            line for text in given if text is not None for line in textwrap.wrap(scalar_of(text), args.width)
        ]
        if args.most is not None and len(lines) > args.most:
            room = f"{args.most} of {args.width} characters"
            raise Refusal(f"this makes {len(lines)} lines, and there is room for {room}")
        return lines

    return run


def _unique(value: Data) -> list[Data]:
    try:
        return list(dict.fromkeys(list_of(value)))
    except TypeError:
        raise Refusal("only single values can be compared; select a field of the objects first") from None


LIST_TRANSFORMS = (
    Transform("join", "A list as one text.", _LISTS, TEXT, _join, JoinArgs, "by"),
    Transform(
        "item", "One item of a list; no value if it isn't there.", _LISTS, ANY, _item, ItemArgs, "index"
    ),
    Transform(
        "every", "Other transforms, for each item of a list.", _LISTS, LIST, _every, EveryArgs, "steps"
    ),
    Transform(
        "wrap",
        "A text, or a list of texts, as lines that are no wider.",
        frozenset({TEXT, LIST}),
        LIST,
        _wrap,
        WrapArgs,
        "width",
    ),
    simple("unique", "A list without what comes again.", "list", LIST, _unique),
    simple("count", "How many items a list has.", "list", NUMBER, lambda value: len(list_of(value))),
)
