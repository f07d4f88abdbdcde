"""What a buyer's X12 sets mean to a supplier: 850, 860, 180 (X12 004010 and 005010)."""

from collections.abc import Sequence
from decimal import Decimal

from connectors.dropship_edi.simulator.books import Cancellation, Change, Ordered, Purchase, ReturnWish
from mappings.syntax.edi.ack.composing import Plain
from mappings.syntax.edi.counterpart_shapes import Taken
from mappings.syntax.edi.plain import all_of, must_have_x12_address, one_of, part

Wish = Purchase | Change | Cancellation | ReturnWish


def understood(taken: Taken) -> Wish:
    """Return what a set asks for; raise ValueError for what a supplier could not act on."""
    segments = taken.segments
    match taken.kind:
        case "850":
            return _purchase(segments)
        case "860":
            return _change(segments)
        case "180":
            return _return(segments)
        case _:
            raise ValueError(f"a supplier takes no {taken.kind}")


def _purchase(segments: Sequence[Plain]) -> Purchase:
    start = one_of(segments, "BEG")
    if part(start, 2) != "DS":
        raise ValueError(f"BEG02 is {part(start, 2)!r}: only drop-ship orders (DS) are sent to buyers")
    must_have_x12_address(segments, before="PO1")
    lines = tuple(_ordered(one) for one in all_of(segments, "PO1"))
    if not lines:
        raise ValueError("an order without a PO1 orders nothing")
    reference = next((part(one, 2) for one in all_of(segments, "REF") if part(one, 1) == "CO"), "")
    return Purchase(part(start, 3), reference, lines)


def _ordered(line: Plain) -> Ordered:
    if part(line, 3) != "EA":
        raise ValueError(f"PO103 is {part(line, 3)!r}: pieces (EA) are sold here")
    cost = part(line, 4)
    sku, reference = _numbers(line, 6)
    return Ordered(part(line, 1), sku, reference, int(part(line, 2)), Decimal(cost) if cost else None)


def _change(segments: Sequence[Plain]) -> Change | Cancellation:
    start = one_of(segments, "BCH")
    number = part(start, 3)
    if part(start, 1) == "01":
        return Cancellation(number)
    if part(start, 1) != "04":
        raise ValueError(f"BCH01 is {part(start, 1)!r}: 04 changes an order, 01 cancels it")
    left: dict[str, int] = {}
    for line in all_of(segments, "POC"):
        if part(line, 2) not in {"QD", "DI"}:
            raise ValueError(
                f"POC02 is {part(line, 2)!r}: only less of a line (QD), or nothing (DI), is agreed to"
            )
        sku, _ = _numbers(line, 8)
        left[sku] = int(part(line, 3))
    if not left:
        raise ValueError("a change without a POC changes nothing")
    return Change(number, part(start, 5), left)


def _return(segments: Sequence[Plain]) -> ReturnWish:
    start = one_of(segments, "BGN")
    if part(start, 1) != "13":
        raise ValueError(f"BGN01 is {part(start, 1)!r}: a return is asked for by 13")
    lines = {_numbers(line, 1)[0]: int(part(line, 3)) for line in all_of(segments, "BLI")}
    return ReturnWish(part(one_of(segments, "PRF"), 1), part(start, 2), lines)


def _numbers(line: Plain, first: int) -> tuple[str, str]:
    """Return the buyer's and the supplier's number of an item, out of pairs of qualifier and number."""
    pairs = {part(line, at): part(line, at + 1) for at in range(first, len(line))}
    sku = pairs.get("SK") or pairs.get("BP")
    if not sku:
        raise ValueError(f"{line[0]}: there is no number under SK or BP")
    return sku, pairs.get("VN") or pairs.get("VP") or sku
