"""Transforms of texts."""

import hashlib
from typing import Literal

from pydantic import Field, field_validator, model_validator

from mappings.data import Data, is_list
from mappings.engine.transforms.base import LIST, TEXT, Args, Run, Transform, scalar_of, simple, text_of
from mappings.engine.transforms.patterns import safe_pattern
from mappings.errors import ErrorCode, Refusal

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


class ReplaceArgs(Args):
    r"""A plain text or a pattern, and what takes its place (`\1` for a group)."""

    text: str | None = None
    pattern: str | None = None
    by: str = Field(default="", alias="with")

    @model_validator(mode="after")
    def _one_of_both(self) -> "ReplaceArgs":
        if (self.text is None) == (self.pattern is None):
            raise ValueError("say either `text` or `pattern`")
        return self


class PatternArgs(Args):
    """A pattern; for `extract`, the group that is wanted."""

    pattern: str = Field(min_length=1)
    group: int = Field(default=0, ge=0, le=9)


class MatchArgs(Args):
    """A pattern that the whole text must match."""

    pattern: str = Field(min_length=1)


class KeepArgs(Args):
    """The characters to keep."""

    what: Literal["digits", "letters", "alphanumeric"]


class NoneIfArgs(Args):
    """Texts that say that there is no value."""

    values: tuple[str, ...] = Field(min_length=1)

    @field_validator("values", mode="before")
    @classmethod
    def _one_or_several(cls, values: Data) -> Data:
        several = values if is_list(values) else [values]
        return [scalar_of(value) if isinstance(value, bool | int) else value for value in several]


class HashArgs(Args):
    """How many hexadecimal digits to keep."""

    digits: int = Field(default=64, ge=8, le=64)


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


def _replace(args: ReplaceArgs, _tools: object) -> Run:
    if args.text is not None:
        old = args.text
        return lambda value: text_of(value).replace(old, args.by) or None
    pattern = safe_pattern(args.pattern or "")
    _check_template(args.by, pattern.regex.groups)

    def run(value: Data) -> str | None:
        text = text_of(value)
        pattern.check(text)
        return pattern.regex.sub(args.by, text) or None

    return run


def _check_template(template: str, groups: int) -> None:
    r"""Only `\1` to `\9` mean something in a replacement, and they must be there."""
    after = template.split("\\")[1:]
    for part in after:
        if not part[:1].isdigit() or not 1 <= int(part[0]) <= groups or part[1:2].isdigit():
            raise ValueError(f"`with` can name the groups \\1 to \\{groups}, and no other escape")


def _extract(args: PatternArgs, _tools: object) -> Run:
    pattern = safe_pattern(args.pattern)
    if args.group > pattern.regex.groups:
        raise ValueError(f"the pattern has {pattern.regex.groups} groups, not {args.group}")

    def run(value: Data) -> str | None:
        text = text_of(value)
        pattern.check(text)
        found = pattern.regex.search(text)
        return (found[args.group] or None) if found else None

    return run


def _matches(args: MatchArgs, _tools: object) -> Run:
    pattern = safe_pattern(args.pattern)

    def run(value: Data) -> str:
        text = text_of(value)
        pattern.check(text)
        if pattern.regex.fullmatch(text) is None:
            raise Refusal(f"the text doesn't match the pattern {args.pattern}")
        return text

    return run


def _keep(args: KeepArgs, _tools: object) -> Run:
    kept = {"digits": str.isdigit, "letters": str.isalpha, "alphanumeric": str.isalnum}[args.what]
    return lambda value: "".join(c for c in text_of(value) if c.isascii() and kept(c)) or None


def _none_if(args: NoneIfArgs, _tools: object) -> Run:
    nothing = frozenset(args.values)
    return lambda value: None if scalar_of(value) in nothing else value


def _sha256(args: HashArgs, _tools: object) -> Run:
    def run(value: Data) -> str:
        try:
            return hashlib.sha256(scalar_of(value).encode()).hexdigest()[: args.digits]
        except UnicodeEncodeError:
            raise Refusal("the text holds half of a surrogate pair", ErrorCode.VALUE) from None

    return run


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
    Transform(
        "replace", "Replace a text or a pattern wherever it stands.", _TEXTS, TEXT, _replace, ReplaceArgs
    ),
    Transform(
        "extract",
        "The part that matches a pattern; no value if none does.",
        _TEXTS,
        TEXT,
        _extract,
        PatternArgs,
        "pattern",
    ),
    Transform(
        "matches", "Refuse a text that doesn't match a pattern.", _TEXTS, TEXT, _matches, MatchArgs, "pattern"
    ),
    Transform("keep", "Only digits, letters, or both.", _TEXTS, TEXT, _keep, KeepArgs, "what"),
    Transform(
        "none_if", "Texts that mean that there is no value.", _SCALARS, "same", _none_if, NoneIfArgs, "values"
    ),
    Transform("sha256", "The SHA-256 in hexadecimal digits.", _SCALARS, TEXT, _sha256, HashArgs, "digits"),
)
