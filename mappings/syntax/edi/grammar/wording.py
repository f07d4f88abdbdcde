"""What a grammar's checks say, in words that name the place, what was expected and the way out."""

from mappings.errors import shown
from mappings.suggest import did_you_mean
from mappings.syntax.edi.grammar.shapes import Element, Kind, Part

_KINDS = {
    Kind.NUMBER: "a whole number", Kind.DECIMAL: "a number", Kind.DIGITS: "a number", Kind.DATE: "digits",
    Kind.TIME: "digits", Kind.LETTERS: "letters without digits",
}  # fmt: skip
_OF_ELEMENTS = {
    "element-missing": "{name} must be filled, and isn't",
    "element-needed": "{name} must be filled by the rule {rule} between the elements",
    "element-excluded": "{name} must be left out by the rule {rule} between the elements",
    "element-not-used": "{name} is not used by agreement with this partner{found}",
    "too-many-elements": "{name} is too many: the segment has {most} elements",
    "too-many-components": "{name} is too many: the element has {most} components at most",
    "too-many-repetitions": "{name} is repeated, and may stand {most} times at most",
    "element-too-short": "{name} is too short, at least {least} characters are needed{found}",
    "element-too-long": "{name} is too long, at most {longest} characters are allowed{found}",
    "element-code": "{name} is none of the agreed codes{found}{codes}",
    "element-date": "{name} is no date of the calendar{found}; write CCYYMMDD",
    "element-time": "{name} is no time of day{found}; write HHMM, HHMMSS or HHMMSSDD",
    "element-decimal-digit": "{name} needs a digit before its decimal mark{found}",
    "element-decimal": "{name} needs a digit behind its decimal mark{found}",
    "element-character": "{name} must be {kind}{found}",
    "element-type": "{name} must be {kind}{found}",
}
_OF_SEGMENTS = {
    "segment-missing": "{tag} is mandatory{within}, and should have stood here",
    "segment-repeats": "{tag} stands more than {most} times{within}",
    "loop-repeats": "the loop that {tag} opens stands more than {most} times",
    "segment-unknown": "there is no segment {shown} in this version",
    "segment-not-in-set": "{tag} doesn't belong to this set",
    "segment-not-used": "{tag} is not used by agreement with this partner",
    "segment-out-of-order": "{tag} can't stand here{within}: it is out of order, or what opens its loop is missing",
}


def element_message(
    code: str, name: str, part: Part | None, value: str | None = None, *,
    most: int | None = None, rule: str | None = None,
) -> str:  # fmt: skip
    """Return the sentence for a fault of an element; `name` is its place: `BEG03`, `REF04-2`."""
    element = part.element if part is not None else None
    titled = f"{name} ({part.title})" if part is not None and part.title else name
    found = "" if value is None else f": {shown(value, personal=element is not None and element.personal)}"
    known = {"name": titled, "found": found, "most": most, "rule": rule, **_limits(element)}
    return _OF_ELEMENTS[code].format(**known)


def _limits(element: Element | None) -> dict[str, object]:
    if element is None:
        return {}
    return {
        "least": element.least, "longest": element.most, "codes": did_you_mean("", element.codes or ()),
        "kind": _KINDS.get(element.kind, "text without control characters"),
    }  # fmt: skip


def segment_message(code: str, tag: str, *, loop: str | None = None, most: int = 0) -> str:
    """Return the sentence for a fault of a segment."""
    within = f" in loop {loop}" if loop else ""
    return _OF_SEGMENTS[code].format(tag=tag, shown=shown(tag), within=within, most=most)
