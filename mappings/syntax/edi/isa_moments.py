"""When an interchange of X12 says that it was made: ISA09 and ISA10, which nothing else depends on."""

import re
from collections.abc import Iterator
from datetime import datetime

from mappings.syntax.edi.faults import warning
from mappings.syntax.edi.model import Delimiters, Fault, Level, Segment
from mappings.syntax.edi.values import place, value

_ELEMENTS = (
    (9, re.compile(r"[0-9]{6}"), "%y%m%d", "date", "YYMMDD", "014"),
    (10, re.compile(r"[0-9]{4}"), "%H%M", "time", "HHMM", "015"),
)
"""Element, form, what it has to be, and TA105's numbers for what isn't (X12.56)."""


def made_when(isa: Segment, delimiters: Delimiters) -> Iterator[Fault]:
    """Yield a warning for a date or time that is none: it is noted by a TA1, and rejects nothing."""
    for element, form, pattern, name, shape, code in _ELEMENTS:
        said = value(isa, element, delimiters)
        if not (form.fullmatch(said) and _is(said, pattern)):
            message = f"ISA{element:02d} is {said!r}, which is no {name} ({shape})"
            where = place(isa, element)
            yield warning(
                f"ISA{element:02d}-{name}", message, Level.INTERCHANGE, where, tag="ISA", standard_code=code
            )


def _is(said: str, pattern: str) -> bool:
    try:
        datetime.strptime(said, pattern)  # noqa: DTZ007 - whether it is one, not which
    except ValueError:
        return False
    return True
