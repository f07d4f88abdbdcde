"""Transforms that look for something in a text: patterns, kinds of characters, words that mean nothing."""

import hashlib
from typing import Literal

from pydantic import Field, field_validator, model_validator

from mappings.data import Data, is_list
from mappings.engine.transforms.base import TEXT, Args, Run, Transform, scalar_of, text_of
from mappings.engine.transforms.patterns import safe_pattern
from mappings.errors import Refusal

_TEXTS = frozenset({TEXT})
_SCALARS = frozenset({TEXT, "number", "truth", "time", "date"})


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
            raise Refusal("the text holds half of a surrogate pair") from None

    return run


MATCHING_TRANSFORMS = (
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
