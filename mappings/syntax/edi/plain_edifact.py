"""Looking into EDIFACT messages of plain segments, and writing some: for whoever plays a trading partner."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from mappings.syntax.edi.ack.composing import Plain
from mappings.syntax.edi.plain import all_of, part

_NAME, _STREET, _CITY, _COUNTRY = 4, 5, 6, 9
"""Where NAD has C080, C059, 3164 and 3207."""


def must_have_address(segments: Sequence[Plain]) -> None:
    """Raise ValueError for a message without a NAD DP, or without an address in it."""
    ship_to = party(segments, "DP")
    if ship_to is None:
        raise ValueError("there is no NAD with DP: nobody to send to")
    if not all(part(ship_to, at) for at in (_NAME, _STREET, _CITY, _COUNTRY)):
        raise ValueError("the NAD with DP has no name, street, city or country: no address to send to")


def party(segments: Sequence[Plain], function: str) -> Plain | None:
    """Return the NAD of a party, by its 3035."""
    return next((one for one in all_of(segments, "NAD") if part(one, 1) == function), None)


def lines_of(segments: Sequence[Plain]) -> Iterator[Sequence[Plain]]:
    """Yield each LIN with what is said of it."""
    starts = [i for i, one in enumerate(segments) if one[0] == "LIN"]
    end = next((i for i, one in enumerate(segments) if one[0] == "UNS"), len(segments))
    for start, until in zip(starts, [*starts[1:], end], strict=True):
        yield segments[start:until]


def numbers_of(line: Sequence[Plain]) -> dict[str, str]:
    """Return what an item is called, by EDIFACT 7143."""
    found = {part(line[0], 3, 2): part(line[0], 3)}
    for one in all_of(line, "PIA"):
        found |= {part(one, at, 2): part(one, at) for at in range(2, len(one))}
    return found


def our_number(line: Sequence[Plain]) -> str:
    """Return what its buyer calls an item; raise ValueError where nothing says it."""
    found = numbers_of(line)
    sku = found.get("IN") or found.get("BP")
    if not sku:
        raise ValueError("there is no number under IN or BP")
    return sku


def quantity(line: Sequence[Plain], qualifier: str) -> int:
    """Return a quantity of a line, by its 6063; raise ValueError where there is none."""
    found = next((one for one in all_of(line, "QTY") if part(one, 1) == qualifier), None)
    if found is None:
        raise ValueError(f"there is no QTY with {qualifier}")
    return int(part(found, 1, 2))


def references(segments: Sequence[Plain], qualifier: str) -> tuple[str, ...]:
    """Return all references of one kind, by their 1153."""
    return tuple(part(one, 1, 2) for one in all_of(segments, "RFF") if part(one, 1) == qualifier)


def dated(qualifier: str, moment: datetime) -> Plain:
    """Return a DTM, to the second."""
    return ("DTM", (qualifier, f"{moment:%Y%m%d%H%M%S}", "204"))


def counted(lines: Sequence[Plain]) -> tuple[Plain, ...]:
    """Return a CNT of lines, if there are any."""
    count = sum(line[0] == "LIN" for line in lines)
    return (("CNT", ("2", str(count))),) if count else ()
