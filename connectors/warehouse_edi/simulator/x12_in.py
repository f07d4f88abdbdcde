"""What a depositor's 940 and 943 mean to a warehouse (X12 004010 and 005010)."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.premises.orders import Label, Order
from mappings.syntax.edi.counterpart_shapes import Taken
from mappings.syntax.edi.plain import all_of, must_have_x12_address, one_of, part


@dataclass(frozen=True, slots=True)
class Stop:
    """The wish to stop a release."""

    release_id: str


@dataclass(frozen=True, slots=True)
class Announced:
    """Goods that are on their way here."""

    number: str
    site: str
    lines: Mapping[str, int]


def understood(taken: Taken) -> Order | Stop | Announced:
    """Return what a set asks for, or tells; raise ValueError for what a warehouse could not act on."""
    if taken.kind == "943":
        return _announced(taken)
    if taken.kind != "940":
        raise ValueError(f"a warehouse takes no {taken.kind}")
    start = next((one for one in taken.segments if one[0] == "W05"), None)
    if start is None:
        raise ValueError("there is no W05")
    match part(start, 1):
        case "N":
            return _order(part(start, 2), taken)
        case "F":
            return Stop(part(start, 2))
        case other:
            raise ValueError(f"W0501 is {other!r}: N is a new order, F cancels one")


def _order(release_id: str, taken: Taken) -> Order:
    must_have_x12_address(taken.segments, before="LX")
    lines = _units(taken, "W01", (4, 6, 15))
    if not lines:
        raise ValueError("an order without a W01 ships nothing")
    references = [(part(one, 1), part(one, 2)) for one in all_of(taken.segments, "N9")]
    return Order(
        release_id=release_id,
        reference=next((number for kind, number in references if kind == "CO"), ""),
        site=_site(taken),
        lines=lines,
        file=taken.control,
        digest=hashlib.sha256(repr(taken.segments).encode()).hexdigest(),
        labels=tuple(Label("", number) for kind, number in references if kind == "2I"),
    )


def _announced(taken: Taken) -> Announced:
    start = one_of(taken.segments, "W06")
    if part(start, 1) != "N":
        raise ValueError(f"W0601 is {part(start, 1)!r}: N is a new shipment")
    number, lines = part(start, 2), _units(taken, "W04", (4, 6, 14))
    if not number:
        raise ValueError("W0602 is empty: nobody could say of what the goods are")
    total = part(one_of(taken.segments, "W03"), 1)
    if int(total) != sum(lines.values()):
        raise ValueError(f"W0301 says {total} units, and the lines {sum(lines.values())}")
    return Announced(number, _site(taken), lines)


def _units(taken: Taken, tag: str, places: Sequence[int]) -> dict[str, int]:
    """Return the units of a set's lines by SKU; `places` are where a line's qualifiers stand."""
    lines: Counter[str] = Counter()
    for line in all_of(taken.segments, tag):
        if part(line, 2) != "EA":
            raise ValueError(f"{tag}02 is {part(line, 2)!r}: pieces (EA) lie here")
        pairs = {part(line, at): part(line, at + 1) for at in places}
        if not pairs.get("SK"):
            raise ValueError(f"{tag}: there is no number under SK")
        lines[pairs["SK"]] += int(part(line, 1))
    return dict(lines)


def _site(taken: Taken) -> str:
    return next((part(one, 4) for one in all_of(taken.segments, "N1") if part(one, 1) == "WH"), "")
