"""What a depositor's 940 means to a warehouse (X12 004010 and 005010)."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.premises.orders import Label, Order
from mappings.syntax.edi.ack.composing import Plain
from mappings.syntax.edi.counterpart_shapes import Taken


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
    match element(start, 1):
        case "N":
            return _order(element(start, 2), taken)
        case "F":
            return Stop(element(start, 2))
        case other:
            raise ValueError(f"W0501 is {other!r}: N is a new order, F cancels one")


def _order(release_id: str, taken: Taken) -> Order:
    _must_have_address(taken.segments)
    lines: Counter[str] = Counter()
    for line in _all(taken.segments, "W01"):
        if element(line, 2) != "EA":
            raise ValueError(f"W0102 is {element(line, 2)!r}: pieces (EA) lie here")
        pairs = {element(line, at): element(line, at + 1) for at in (4, 6, 15)}
        if not pairs.get("SK"):
            raise ValueError("W01: there is no number under SK")
        lines[pairs["SK"]] += int(element(line, 1))
    if not lines:
        raise ValueError("an order without a W01 ships nothing")
    references = [(element(one, 1), element(one, 2)) for one in _all(taken.segments, "N9")]
    site = next((element(one, 4) for one in _all(taken.segments, "N1") if element(one, 1) == "WH"), "")
    return Order(
        release_id=release_id,
        reference=next((number for kind, number in references if kind == "CO"), ""),
        site=site,
        lines=dict(lines),
        file=taken.control,
        digest=hashlib.sha256(repr(taken.segments).encode()).hexdigest(),
        labels=tuple(Label("", number) for kind, number in references if kind == "2I"),
    )


def _must_have_address(segments: Sequence[Plain]) -> None:
    tags = [one[0] for one in segments]
    at = next((i for i, one in enumerate(segments) if one[0] == "N1" and element(one, 1) == "ST"), None)
    if at is None:
        raise ValueError("there is no N1 with ST: nobody to send to")
    rest = tags[at + 1 :]
    end = next((i for i, tag in enumerate(rest) if tag in {"N1", "LX"}), len(rest))
    if not {"N3", "N4"} <= set(rest[:end]):
        raise ValueError("the N1 with ST has no N3 and N4: no address to send to")


def _all(segments: Sequence[Plain], tag: str) -> Iterator[Plain]:
    return (one for one in segments if one[0] == tag)


def element(segment: Plain, at: int) -> str:
    """Return an element by its place from 1; what is not there is empty."""
    found = segment[at] if at < len(segment) else ""
    return found if isinstance(found, str) else found[0]
