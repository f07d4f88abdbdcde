"""What a buyer's EDIFACT messages mean to a supplier: ORDERS, ORDCHG, RETANN (UNTDID D.96A and D.01B)."""

from collections.abc import Sequence
from decimal import Decimal

from connectors.dropship_edi.simulator.books import Cancellation, Change, Ordered, Purchase, ReturnWish
from connectors.dropship_edi.simulator.x12_in import Wish
from mappings.syntax.edi.ack.composing import Plain
from mappings.syntax.edi.counterpart_shapes import Taken
from mappings.syntax.edi.plain import all_of, one_of, part
from mappings.syntax.edi.plain_edifact import (
    lines_of,
    must_have_address,
    numbers_of,
    our_number,
    quantity,
    references,
)


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
    must_have_address(segments)
    lines = tuple(_ordered(line) for line in lines_of(segments))
    if not lines:
        raise ValueError("an order without a LIN orders nothing")
    return Purchase(part(start, 2), _reference(segments, "UC"), lines)


def _ordered(line: Sequence[Plain]) -> Ordered:
    sku = our_number(line)
    reference = numbers_of(line).get("SA") or sku
    price = next((one for one in all_of(line, "PRI") if part(one, 1) == "AAA"), None)
    cost = None if price is None else Decimal(part(price, 1, 2))
    return Ordered(part(line[0], 1), sku, reference, quantity(line, "21"), cost)


def _change(segments: Sequence[Plain]) -> Change | Cancellation:
    start, number = one_of(segments, "BGM"), _reference(segments, "ON")
    if part(start, 1) != "230" or not number:
        raise ValueError("an ORDCHG is a BGM with 230, and an RFF with ON that names the order")
    if part(start, 3) == "1":
        return Cancellation(number)
    if part(start, 3) != "4":
        raise ValueError(f"1225 is {part(start, 3)!r}: 4 changes an order, 1 cancels it")
    left: dict[str, int] = {}
    for line in lines_of(segments):
        action, units = part(line[0], 2), quantity(line, "21")
        if action not in {"2", "3"} or (action == "2") != (units == 0):
            raise ValueError(f"1229 is {action!r} with {units}: 3 leaves less of a line, 2 nothing")
        left[our_number(line)] = units
    if not left:
        raise ValueError("a change without a LIN changes nothing")
    return Change(number, part(start, 2), left)


def _return(segments: Sequence[Plain]) -> ReturnWish:
    start = one_of(segments, "BGM")
    if part(start, 1) != "70E":
        raise ValueError(f"BGM is {part(start, 1)!r}: a return is announced by 70E")
    lines = {our_number(line): quantity(line, "61") for line in lines_of(segments)}
    return ReturnWish(_reference(segments, "ON"), part(start, 2), lines)


def _reference(segments: Sequence[Plain], qualifier: str) -> str:
    return next(iter(references(segments, qualifier)), "")
