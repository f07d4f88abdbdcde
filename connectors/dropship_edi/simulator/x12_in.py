"""What a buyer's X12 sets mean to a supplier: 850, 860, 180 (X12 004010 and 005010)."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from connectors.dropship_edi.simulator.books import Cancellation, Change, Ordered, Purchase, ReturnWish
from mappings.syntax.edi.ack.composing import Plain
from mappings.syntax.edi.counterpart_shapes import Taken

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
    start = _one(segments, "BEG")
    if element(start, 2) != "DS":
        raise ValueError(f"BEG02 is {element(start, 2)!r}: only drop-ship orders (DS) are sent to buyers")
    _must_have_address(segments)
    lines = tuple(_ordered(one) for one in _all(segments, "PO1"))
    if not lines:
        raise ValueError("an order without a PO1 orders nothing")
    reference = next((element(one, 2) for one in _all(segments, "REF") if element(one, 1) == "CO"), "")
    return Purchase(element(start, 3), reference, lines)


def _must_have_address(segments: Sequence[Plain]) -> None:
    tags = [one[0] for one in segments]
    ship_to = next((i for i, one in enumerate(segments) if one[0] == "N1" and element(one, 1) == "ST"), None)
    if ship_to is None:
        raise ValueError("there is no N1 with ST: nobody to send to")
    rest = tags[ship_to + 1 :]
    end = next((i for i, tag in enumerate(rest) if tag in {"N1", "PO1"}), len(rest))
    if not {"N3", "N4"} <= set(rest[:end]):
        raise ValueError("the N1 with ST has no N3 and N4: no address to send to")


def _ordered(line: Plain) -> Ordered:
    if element(line, 3) != "EA":
        raise ValueError(f"PO103 is {element(line, 3)!r}: pieces (EA) are sold here")
    cost = element(line, 4)
    sku, reference = _numbers(line, 6)
    return Ordered(element(line, 1), sku, reference, int(element(line, 2)), Decimal(cost) if cost else None)


def _change(segments: Sequence[Plain]) -> Change | Cancellation:
    start = _one(segments, "BCH")
    number = element(start, 3)
    if element(start, 1) == "01":
        return Cancellation(number)
    if element(start, 1) != "04":
        raise ValueError(f"BCH01 is {element(start, 1)!r}: 04 changes an order, 01 cancels it")
    left: dict[str, int] = {}
    for line in _all(segments, "POC"):
        if element(line, 2) not in {"QD", "DI"}:
            raise ValueError(
                f"POC02 is {element(line, 2)!r}: only less of a line (QD), or nothing (DI), is agreed to"
            )
        sku, _ = _numbers(line, 8)
        left[sku] = int(element(line, 3))
    if not left:
        raise ValueError("a change without a POC changes nothing")
    return Change(number, element(start, 5), left)


def _return(segments: Sequence[Plain]) -> ReturnWish:
    start = _one(segments, "BGN")
    if element(start, 1) != "13":
        raise ValueError(f"BGN01 is {element(start, 1)!r}: a return is asked for by 13")
    lines = {_numbers(line, 1)[0]: int(element(line, 3)) for line in _all(segments, "BLI")}
    return ReturnWish(element(_one(segments, "PRF"), 1), element(start, 2), lines)


def _numbers(line: Plain, first: int) -> tuple[str, str]:
    """Return the buyer's and the supplier's number of an item, out of pairs of qualifier and number."""
    pairs = {element(line, at): element(line, at + 1) for at in range(first, len(line))}
    sku = pairs.get("SK") or pairs.get("BP")
    if not sku:
        raise ValueError(f"{line[0]}: there is no number under SK or BP")
    return sku, pairs.get("VN") or pairs.get("VP") or sku


def _one(segments: Sequence[Plain], tag: str) -> Plain:
    found = next(_all(segments, tag), None)
    if found is None:
        raise ValueError(f"there is no {tag}")
    return found


def _all(segments: Sequence[Plain], tag: str) -> Iterator[Plain]:
    return (one for one in segments if one[0] == tag)


def element(segment: Plain, at: int) -> str:
    """Return an element by its place from 1; what is not there is empty."""
    found = segment[at] if at < len(segment) else ""
    return found if isinstance(found, str) else found[0]
