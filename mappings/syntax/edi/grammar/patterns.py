"""A segment's elements as one regular expression over all of them: what matches has no fault in its values.

It may refuse what is right (a release character before what needs none, the 29th of February, a number with an
exponent): then the values are looked at one by one. It never lets through what is wrong, but for lengths of text in
UTF-8, where it counts bytes.
"""

import re

from mappings.syntax.edi.grammar.shapes import Element, Kind, Part
from mappings.syntax.edi.model import Delimiters

JOINT = "\0"
"""What the elements are joined with for matching; in no value, because no control character is."""

PLAIN = "\x80"
"""What stands for a released delimiter while matching: one character, no digit, in no code and no number."""

_MONTHS = (
    "(?:(?:0[13578]|1[02])(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)(?:0[1-9]|[12][0-9]|30)"
    "|02(?:0[1-9]|1[0-9]|2[0-8]))"
)
_TIME = "(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9](?:[0-9]{1,2})?)?"
_MOST_COUNTED = 60_000


def segment_pattern(parts: tuple[Part, ...], delimiters: Delimiters) -> re.Pattern[str]:
    """Return the pattern of a segment's elements, each with `JOINT` before it; the tag comes first."""
    return re.compile("[^\0]*" + _sequence(parts, JOINT, JOINT, delimiters))


def released_pattern(delimiters: Delimiters) -> re.Pattern[str] | None:
    """Return the pattern of a delimiter that is released, and so a character like any other."""
    if delimiters.release is None:
        return None
    marks = (*_marks(delimiters), delimiters.segment)
    return re.compile(f"{re.escape(delimiters.release)}[{''.join(map(re.escape, marks))}]")


def _sequence(parts: tuple[Part, ...], joint: str, lead: str, delimiters: Delimiters) -> str:
    """Return values one after the other; what is optional at the end may be left out with its separators."""
    out = ""
    needed = False
    for index in range(len(parts) - 1, -1, -1):
        part = parts[index]
        value = _repeated(part, delimiters)
        before = lead if index == 0 else joint
        body = before + (value if part.required else f"(?:{value})?")
        needed = needed or part.required
        out = body + out if needed else f"(?:{body}{out})?"
    return out


def _repeated(part: Part, delimiters: Delimiters) -> str:
    if part.forbidden:
        return "(?!)"
    one = _value(part, delimiters)
    if part.repeat > 1 and delimiters.repetition:
        return f"{one}(?:{re.escape(delimiters.repetition)}{one}){{0,{min(part.repeat, _MOST_COUNTED) - 1}}}"
    return one


def _value(part: Part, delimiters: Delimiters) -> str:
    if part.element is not None:
        return f"(?:{_element(part.element, delimiters)})"
    # A composite that is there has something in it: an empty one is left out.
    return f"(?=[^\0])(?:{_sequence(part.parts, re.escape(delimiters.component), '', delimiters)})"


def _element(element: Element, delimiters: Delimiters) -> str:
    if element.codes is not None:
        return "|".join(re.escape(code) for code in sorted(element.codes))
    least, most = max(element.least, 1), element.most
    count = f"{{{least},{'' if most >= _MOST_COUNTED else most}}}"
    special = _special(delimiters)
    patterns = {
        Kind.NUMBER: f"-?[0-9]{count}",
        Kind.DATE: f"[0-9]{{{max(least - 4, 0)}}}{_MONTHS}" if least == most else "(?!)",
        Kind.TIME: _TIME,
        Kind.LETTERS: f"[^\0-\x1f\x7f0-9{special}]{count}",
    }
    if element.kind in (Kind.DECIMAL, Kind.DIGITS):
        return f"-?[0-9]{count}" + (_with_point(element.kind, most) if least == 1 else "")
    return patterns.get(element.kind, f"[^\0-\x1f\x7f{special}]{count}")


def _with_point(kind: Kind, most: int) -> str:
    """Return the pattern of up to `most` digits with a point among them: one after it is enough to be sure."""
    whole = max(most // 2, 1)
    mark = "[.,]" if kind is Kind.DIGITS else "\\."
    return f"|-?[0-9]{{1,{whole}}}{mark}[0-9]{{1,{most - whole}}}" if most > whole else ""


def _special(delimiters: Delimiters) -> str:
    return "".join(map(re.escape, _marks(delimiters)))


def _marks(delimiters: Delimiters) -> list[str]:
    marks = (delimiters.component, delimiters.repetition, delimiters.release, delimiters.element)
    return [mark for mark in marks if mark]
