"""What is wrong with one value, looked at closely."""

import datetime as dt
import re

from mappings.syntax.edi.grammar.shapes import Element, Kind

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_WHOLE = re.compile(r"-?[0-9]+")
_DECIMAL = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:E-?[0-9]+)?")
_UN_NUMBER = re.compile(r"-?[0-9]+(?:[.,][0-9]+)?")
_UN_NO_DIGIT = re.compile(r"-?[.,][0-9]+")
_UN_NO_FRACTION = re.compile(r"-?[0-9]+[.,]")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9](?:[0-9]{1,2})?)?")
_SHORT_YEAR = 6


def value_fault(element: Element, value: str) -> str | None:
    """Return the code of what is wrong with a value that is there, or None. Release characters are taken out."""
    return (
        _character_fault(element.kind, value)
        or _length_fault(element, value)
        or _meaning_fault(element, value)
    )


def _length_fault(element: Element, value: str) -> str | None:
    length = value_length(element.kind, value)
    if length < element.least:
        return "element-too-short"
    return "element-too-long" if length > element.most else None


def _meaning_fault(element: Element, value: str) -> str | None:
    if element.codes is not None and value not in element.codes:
        return "element-code"
    if element.kind is Kind.DATE and not _is_date(value):
        return "element-date"
    wrong = element.kind is Kind.TIME and _TIME.fullmatch(value) is None
    return "element-time" if wrong else None


def _character_fault(kind: Kind, value: str) -> str | None:
    match kind:
        case Kind.BINARY:
            return None
        case Kind.NUMBER | Kind.DATE | Kind.TIME:
            wrong = _WHOLE.fullmatch(value) is None or (kind is not Kind.NUMBER and value.startswith("-"))
            return "element-character" if wrong else None
        case Kind.DECIMAL:
            return None if _DECIMAL.fullmatch(value) else "element-character"
        case Kind.DIGITS:
            return _number_fault(value)
        case Kind.LETTERS if any("0" <= character <= "9" for character in value):
            return "element-type"
        case _:
            return "element-character" if _CONTROL.search(value) else None


def _number_fault(value: str) -> str | None:
    if _UN_NUMBER.fullmatch(value):
        return None
    if _UN_NO_DIGIT.fullmatch(value):
        return "element-decimal-digit"
    return "element-decimal" if _UN_NO_FRACTION.fullmatch(value) else "element-type"


def value_length(kind: Kind, value: str) -> int:
    """Return the length as the standards count it: digits of a number; characters of a text, also in UTF-8."""
    if kind in (Kind.NUMBER, Kind.DECIMAL, Kind.DIGITS):
        return sum("0" <= character <= "9" for character in value)
    if value.isascii():
        return len(value)
    try:
        return len(value.encode("latin-1").decode("utf-8"))
    except UnicodeError:
        return len(value)


def _is_date(value: str) -> bool:
    year = f"20{value}" if len(value) == _SHORT_YEAR else value
    try:
        dt.date(int(year[:4]), int(year[4:6]), int(year[6:8]))
    except ValueError:
        return False
    return True
