"""Transforms of texts."""

from typing import Literal

from pydantic import Field

from mappings.data import Data
from mappings.engine.transforms.base import LIST, TEXT, Args, Run, Transform, scalar_of, simple, text_of
from mappings.errors import Refusal

_TEXTS = frozenset({TEXT})
_SCALARS = frozenset({TEXT, "number", "truth", "time", "date"})


class SliceArgs(Args):
    """From one character to before another, counted from zero; negative numbers count from the end."""

    start: int = 0
    end: int | None = None


class PadArgs(Args):
    """Fill up to a width."""

    width: int = Field(ge=1, le=10_000)
    fill: str = Field(default=" ", min_length=1, max_length=1, alias="with")
    side: Literal["left", "right"] = "left"


class LengthArgs(Args):
    """Bounds of a length."""

    most: int = Field(ge=1)
    least: int = Field(default=0, ge=0)


class TruncateArgs(Args):
    """The longest text."""

    most: int = Field(ge=1)


class WordArgs(Args):
    """A text to put on or take off."""

    text: str = Field(min_length=1)


class StripArgs(Args):
    """The characters to take off; white space if not said."""

    characters: str | None = None


class SeparatorArgs(Args):
    """What stands between the parts."""

    by: str = Field(min_length=1)


def _slice(args: SliceArgs, _tools: object) -> Run:
    cut = slice(args.start, args.end)
    return lambda value: text_of(value)[cut] or None


def _pad(args: PadArgs, _tools: object) -> Run:
    def run(value: Data) -> str:
        text = scalar_of(value)
        if len(text) > args.width:
            raise Refusal(
                f"the text has {len(text)} characters, and {args.width} are allowed; `slice` it before"
            )
        return text.rjust(args.width, args.fill) if args.side == "left" else text.ljust(args.width, args.fill)

    return run


def _check_length(args: LengthArgs, _tools: object) -> Run:
    def run(value: Data) -> str:
        text = text_of(value)
        if not args.least <= len(text) <= args.most:
            reason = f"the text has {len(text)} characters; from {args.least} to {args.most} are allowed"
            raise Refusal(f"{reason}; `truncate` it if the rest may be lost")
        return text

    return run


def _truncate(args: TruncateArgs, _tools: object) -> Run:
    return lambda value: text_of(value)[: args.most].rstrip() or None


def _strip(args: StripArgs, _tools: object) -> Run:
    return lambda value: text_of(value).strip(args.characters) or None


def _prefix(args: WordArgs, _tools: object) -> Run:
    return lambda value: args.text + scalar_of(value)


def _suffix(args: WordArgs, _tools: object) -> Run:
    return lambda value: scalar_of(value) + args.text


def _remove_prefix(args: WordArgs, _tools: object) -> Run:
    return lambda value: text_of(value).removeprefix(args.text) or None


def _remove_suffix(args: WordArgs, _tools: object) -> Run:
    return lambda value: text_of(value).removesuffix(args.text) or None


def _split(args: SeparatorArgs, _tools: object) -> Run:
    return lambda value: [part.strip() for part in text_of(value).split(args.by) if part.strip()]


TEXT_TRANSFORMS = (
    simple("text", "A number, truth value or time as its text; a text stays.", "any", TEXT, scalar_of),
    simple("upper", "Upper case.", "text", TEXT, lambda value: text_of(value).upper()),
    simple("lower", "Lower case.", "text", TEXT, lambda value: text_of(value).lower()),
    simple(
        "one_line",
        "Runs of white space become one space.",
        "text",
        TEXT,
        lambda v: " ".join(text_of(v).split()) or None,
    ),
    Transform("strip", "Take characters off both ends.", _TEXTS, TEXT, _strip, StripArgs, "characters"),
    Transform(
        "slice", "Some of the characters, from `start` to before `end`.", _TEXTS, TEXT, _slice, SliceArgs
    ),
    Transform(
        "pad", "Fill up to `width`; a longer text is an error.", _SCALARS, TEXT, _pad, PadArgs, "width"
    ),
    Transform(
        "length",
        "Refuse a text that is too long or too short.",
        _TEXTS,
        TEXT,
        _check_length,
        LengthArgs,
        "most",
    ),
    Transform("truncate", "Cut what is too long.", _TEXTS, TEXT, _truncate, TruncateArgs, "most"),
    Transform("prefix", "Put a text before it.", _SCALARS, TEXT, _prefix, WordArgs, "text"),
    Transform("suffix", "Put a text after it.", _SCALARS, TEXT, _suffix, WordArgs, "text"),
    Transform(
        "remove_prefix",
        "Take a text off its beginning, if there.",
        _TEXTS,
        TEXT,
        _remove_prefix,
        WordArgs,
        "text",
    ),
    Transform(
        "remove_suffix", "Take a text off its end, if there.", _TEXTS, TEXT, _remove_suffix, WordArgs, "text"
    ),
    Transform(
        "split",
        "A text as a list of its parts; empty ones are left out.",
        _TEXTS,
        LIST,
        _split,
        SeparatorArgs,
        "by",
    ),
)
