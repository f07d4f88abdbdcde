"""What a depositor's INSDES means to a warehouse (UNTDID D.01B)."""

import hashlib
from collections import Counter

from connectors.warehouse_edi.simulator.x12_in import Stop
from core.premises.orders import Label, Order
from mappings.syntax.edi.counterpart_shapes import Taken
from mappings.syntax.edi.plain import one_of, part
from mappings.syntax.edi.plain_edifact import (
    lines_of,
    must_have_address,
    our_number,
    party,
    quantity,
    references,
)


def understood(taken: Taken) -> Order | Stop:
    """Return what a message asks for; raise ValueError for what a warehouse could not act on."""
    if taken.kind != "INSDES":
        raise ValueError(f"a warehouse takes no {taken.kind}")
    start = one_of(taken.segments, "BGM")
    if part(start, 1) not in {"350", "240"}:
        raise ValueError(f"BGM is {part(start, 1)!r}: 350 orders a despatch, 240 instructs of one")
    match part(start, 3):
        case "9":
            return _order(part(start, 2), taken)
        case "1":
            return _stop(taken)
        case other:
            raise ValueError(f"1225 is {other!r}: 9 is an original, 1 cancels one")


def _stop(taken: Taken) -> Stop:
    before = references(taken.segments, "ACW")
    if len(before) != 1:
        raise ValueError(
            f"there are {len(before)} RFF with ACW: a cancellation names the one message before it"
        )
    return Stop(before[0])


def _order(release_id: str, taken: Taken) -> Order:
    must_have_address(taken.segments)
    lines: Counter[str] = Counter()
    for line in lines_of(taken.segments):
        lines[our_number(line)] += quantity(line, "113")
    if not lines:
        raise ValueError("an order without a LIN ships nothing")
    site = party(taken.segments, "WH")
    return Order(
        release_id=release_id,
        reference=next(iter(references(taken.segments, "UC")), ""),
        site="" if site is None else part(site, 2),
        lines=dict(lines),
        file=taken.control,
        digest=hashlib.sha256(repr(taken.segments).encode()).hexdigest(),
        labels=tuple(Label("", number) for number in references(taken.segments, "CN")),
    )
