"""What a depositor's 940 means to a warehouse (X12 004010 and 005010)."""

import hashlib
from collections import Counter
from dataclasses import dataclass

from core.premises.orders import Label, Order
from mappings.syntax.edi.counterpart_shapes import Taken
from mappings.syntax.edi.plain import all_of, must_have_x12_address, part


@dataclass(frozen=True, slots=True)
class Stop:
    """The wish to stop a release."""

    release_id: str


def understood(taken: Taken) -> Order | Stop:
    """Return what a set asks for; raise ValueError for what a warehouse could not act on."""
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
    lines: Counter[str] = Counter()
    for line in all_of(taken.segments, "W01"):
        if part(line, 2) != "EA":
            raise ValueError(f"W0102 is {part(line, 2)!r}: pieces (EA) lie here")
        pairs = {part(line, at): part(line, at + 1) for at in (4, 6, 15)}
        if not pairs.get("SK"):
            raise ValueError("W01: there is no number under SK")
        lines[pairs["SK"]] += int(part(line, 1))
    if not lines:
        raise ValueError("an order without a W01 ships nothing")
    references = [(part(one, 1), part(one, 2)) for one in all_of(taken.segments, "N9")]
    site = next((part(one, 4) for one in all_of(taken.segments, "N1") if part(one, 1) == "WH"), "")
    return Order(
        release_id=release_id,
        reference=next((number for kind, number in references if kind == "CO"), ""),
        site=site,
        lines=dict(lines),
        file=taken.control,
        digest=hashlib.sha256(repr(taken.segments).encode()).hexdigest(),
        labels=tuple(Label("", number) for kind, number in references if kind == "2I"),
    )
