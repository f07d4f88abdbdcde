"""What a buyer's EDIFACT messages mean to a supplier: ORDERS, ORDCHG, RETANN (UNTDID D.96A and D.01B)."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from connectors.dropship_edi.simulator.books import Cancellation, Change, Ordered, Purchase, ReturnWish
from connectors.dropship_edi.simulator.x12_in import Wish
from mappings.syntax.edi.ack.composing import Plain
from mappings.syntax.edi.counterpart_shapes import Taken
from mappings.syntax.edi.plain import all_of, one_of, part

_NAME, _STREET, _CITY, _COUNTRY = 4, 5, 6, 9
"""Where NAD has C080, C059, 3164 and 3207."""


def understood(taken: Taken) -> Wish:
    """Return what a message asks for; raise ValueError for what a supplier could not act on."""
    segments = taken.segments
    match taken.kind:
        case "ORDERS":
            return _purchase(segments)
        case "ORDCHG":
            return _change(segments)
        case "RETANN":
            return _return(segments)
        case _:
            raise ValueError(f"a supplier takes no {taken.kind}")


def _purchase(segments: Sequence[Plain]) -> Purchase:
    start = one_of(segments, "BGM")
    if part(start, 1) != "220" or part(start, 3) != "9":
        raise ValueError("BGM is no original (9) of an order (220)")
    _must_have_address(segments)
    lines = tuple(_ordered(line) for line in _lines(segments))
    if not lines:
        raise ValueError("an order without a LIN orders nothing")
    return Purchase(part(start, 2), _reference(segments, "UC"), lines)


def _must_have_address(segments: Sequence[Plain]) -> None:
    ship_to = next((one for one in all_of(segments, "NAD") if part(one, 1) == "DP"), None)
    if ship_to is None:
        raise ValueError("there is no NAD with DP: nobody to send to")
    if not all(part(ship_to, at) for at in (_NAME, _STREET, _CITY, _COUNTRY)):
        raise ValueError("the NAD with DP has no name, street, city or country: no address to send to")


def _ordered(line: Sequence[Plain]) -> Ordered:
    sku, reference = _numbers(line)
    price = next((one for one in all_of(line, "PRI") if part(one, 1) == "AAA"), None)
    cost = None if price is None else Decimal(part(price, 1, 2))
    return Ordered(part(line[0], 1), sku, reference, _quantity(line, "21"), cost)


def _change(segments: Sequence[Plain]) -> Change | Cancellation:
    start, number = one_of(segments, "BGM"), _reference(segments, "ON")
    if part(start, 1) != "230" or not number:
        raise ValueError("an ORDCHG is a BGM with 230, and an RFF with ON that names the order")
    if part(start, 3) == "1":
        return Cancellation(number)
    if part(start, 3) != "4":
        raise ValueError(f"1225 is {part(start, 3)!r}: 4 changes an order, 1 cancels it")
    left: dict[str, int] = {}
    for line in _lines(segments):
        action, units = part(line[0], 2), _quantity(line, "21")
        if action not in {"2", "3"} or (action == "2") != (units == 0):
            raise ValueError(f"1229 is {action!r} with {units}: 3 leaves less of a line, 2 nothing")
        left[_numbers(line)[0]] = units
    if not left:
        raise ValueError("a change without a LIN changes nothing")
    return Change(number, part(start, 2), left)


def _return(segments: Sequence[Plain]) -> ReturnWish:
    start = one_of(segments, "BGM")
    if part(start, 1) != "70E":
        raise ValueError(f"BGM is {part(start, 1)!r}: a return is announced by 70E")
    lines = {_numbers(line)[0]: _quantity(line, "61") for line in _lines(segments)}
    return ReturnWish(_reference(segments, "ON"), part(start, 2), lines)


def _lines(segments: Sequence[Plain]) -> Iterator[Sequence[Plain]]:
    """Yield each LIN with what is said of it."""
    starts = [i for i, one in enumerate(segments) if one[0] == "LIN"]
    end = next((i for i, one in enumerate(segments) if one[0] == "UNS"), len(segments))
    for start, until in zip(starts, [*starts[1:], end], strict=True):
        yield segments[start:until]


def _numbers(line: Sequence[Plain]) -> tuple[str, str]:
    """Return the buyer's and the supplier's number of an item."""
    found = {part(line[0], 3, 2): part(line[0], 3)}
    for one in all_of(line, "PIA"):
        found |= {part(one, at, 2): part(one, at) for at in range(2, len(one))}
    sku = found.get("IN") or found.get("BP")
    if not sku:
        raise ValueError("there is no number under IN or BP")
    return sku, found.get("SA") or sku


def _quantity(line: Sequence[Plain], qualifier: str) -> int:
    found = next((one for one in all_of(line, "QTY") if part(one, 1) == qualifier), None)
    if found is None:
        raise ValueError(f"there is no QTY with {qualifier}")
    return int(part(found, 1, 2))


def _reference(segments: Sequence[Plain], qualifier: str) -> str:
    return next((part(one, 1, 2) for one in all_of(segments, "RFF") if part(one, 1) == qualifier), "")
