"""The standards' own numbers for what a grammar's checks find.

X12: data elements 720 (AK304) and 723 (AK403) of version 004010, and what the 999 says instead (elements 620 and 621).
EDIFACT: code list 0085 of ISO 9735 and CONTRL.
"""

from collections.abc import Mapping
from types import MappingProxyType

from mappings.syntax.edi.model import Standard

_SEGMENTS = {
    "segment-unknown": ("1", "15"),
    "segment-not-used": ("2", "15"),
    "segment-missing": ("3", "13"),
    "loop-repeats": ("4", "36"),
    "segment-repeats": ("5", "35"),
    "segment-not-in-set": ("6", "15"),
    "segment-out-of-order": ("7", "15"),
}
_ELEMENTS = {
    "element-missing": ("1", "13"),
    "element-needed": ("2", "13"),
    "too-many-elements": ("3", "16"),
    "too-many-components": ("3", "16"),
    "too-many-repetitions": ("3", "35"),
    "element-too-short": ("4", "40"),
    "element-too-long": ("5", "39"),
    "element-character": ("6", "21"),
    "element-type": ("6", "37"),
    "element-decimal-digit": ("6", "38"),
    "element-decimal": ("6", "19"),
    "element-code": ("7", "12"),
    "element-date": ("8", "12"),
    "element-time": ("9", "12"),
    "element-excluded": ("10", "15"),
    "element-not-used": ("10", "15"),
}
_BY_STANDARD = {Standard.X12: 0, Standard.EDIFACT: 1}

IMPLEMENTATION_CODES: Mapping[str, str] = MappingProxyType(
    {
        "segment-not-used": "I4",
        "too-many-components": "13",
        "too-many-repetitions": "12",
        "element-not-used": "I10",
    }
)
"""What IK304 and IK403 of a 999 say for a fault's code, where a 997 has no number for it."""


def standard_code(code: str, standard: Standard) -> str:
    """Return the standard's number for a fault that a grammar's checks report."""
    return (_SEGMENTS.get(code) or _ELEMENTS[code])[_BY_STANDARD[standard]]
