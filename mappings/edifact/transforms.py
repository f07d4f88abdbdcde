"""What the EDIFACT mapping documents of drop-ship suppliers need beyond the closed set of transforms. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from mappings.data import Data, is_list, is_object
from mappings.items import number_under, totals_by_sku

_OURS_FIRST = ("IN", "BP", "SA", "EN", "SRV", "UP")
_TIMES: Mapping[str, tuple[int, str]] = {
    "102": (8, "0000"), "203": (12, ""), "204": (14, ""),
}  # fmt: skip
"""EDIFACT 2379: how many digits a date or time of each format has, and what makes one of minutes of it."""
_PIECES: Mapping[str, int] = {"PCE": 1, "EA": 1, "C62": 1, "H87": 1, "NAR": 1, "NMB": 1, "DZN": 12}
_MINUTES = 12


def edifact_item(segments: Sequence[Data], of: Sequence[str] = _OURS_FIRST) -> str:
    """Return the number of an item out of its LIN and PIA, by the first qualifier of `of` (EDIFACT 7143) that it has.

    IN and BP are ours, SA the supplier's, EN, SRV and UP an EAN's.
    """
    said: dict[str, str] = {}
    for number, qualifier in _numbers(segments):
        said.setdefault(qualifier, number)
    return number_under(said, of)


def _numbers(segments: Sequence[Data]) -> Iterator[tuple[str, str]]:
    """Yield number and qualifier of each composite C212: LIN's third element, PIA's second to sixth."""
    for part in segments:
        for segment in part if is_list(part) else [part]:
            if not is_object(segment):
                continue
            for place in ("02", "03", "04", "05", "06"):
                number, qualifier = segment.get(place), segment.get(f"{place}_2")
                if number and qualifier:
                    yield str(number), str(qualifier)


def edifact_time(segment: Mapping[str, Data]) -> str:
    """Return what a DTM says as digits, `%Y%m%d%H%M`: its format (2379) is 102, 203 or 204, or of its own length."""
    said, form = str(segment.get("01_2") or ""), segment.get("01_3")
    if form is not None and form not in _TIMES:
        raise ValueError(f"the format {form} is not known here: 102, 203 and 204 are; agree on one of them")
    width, rest = _TIMES[str(form)] if form is not None else (len(said), "0000" if len(said) == 8 else "")  # noqa: PLR2004 - CCYYMMDD
    if not re.fullmatch(r"[0-9]+", said) or len(said) != width or width not in {8, 12, 14}:
        raise ValueError(f"{said!r} is no date of format {form or '102, 203 or 204'}")
    return (said + rest)[:_MINUTES]


def edifact_price(segment: Mapping[str, Data]) -> Decimal:
    """Return what a PRI says that one piece costs; a price of several, or of another unit, is refused."""
    basis, unit = segment.get("01_5"), segment.get("01_6")
    if basis is not None and _number(str(basis)) != 1:
        raise ValueError(f"this is the price of {basis}: agree on prices of one piece")
    if unit is not None and _PIECES.get(str(unit)) != 1:
        raise ValueError(f"this is the price of a unit {unit}: agree on prices of one piece")
    return _number(str(segment.get("01_2") or ""))


def edifact_pieces(segment: Mapping[str, Data]) -> int:
    """Return how many pieces a QTY says."""
    unit = segment.get("01_3")
    if unit is not None and unit not in _PIECES:
        raise ValueError(f"{unit} counts no pieces: {', '.join(_PIECES)} do")
    said = _number(str(segment.get("01_2") or ""))
    if said != int(said) or said < 0:
        raise ValueError(f"{said} is no number of pieces")
    return int(said) * _PIECES[str(unit or "PCE")]


def edifact_sum(segments: Sequence[Mapping[str, Data]]) -> int:
    """Return how many pieces several QTY say together."""
    return sum(edifact_pieces(one) for one in segments)


def _number(text: str) -> Decimal:
    """Return a number, whose decimal mark may be a comma too (ISO 9735, 10.1)."""
    try:
        found = Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise ValueError(f"{text!r} is no number") from None
    if not found.is_finite():
        raise ValueError(f"{text!r} is no number")
    return found


def edifact_only(references: Sequence[str]) -> str:
    """Return the one reference that all of a message is about."""
    found = list(dict.fromkeys(references))
    if len(found) != 1:
        raise ValueError(
            f"one order is expected, and this is about {', '.join(found)}: agree on a message for each"
        )
    return found[0]


EDIFACT_TRANSFORMS: Mapping[str, Callable[..., Data]] = {
    "edifact_item": edifact_item,
    "edifact_only": edifact_only,
    "edifact_pieces": edifact_pieces,
    "edifact_price": edifact_price,
    "edifact_sum": edifact_sum,
    "edifact_time": edifact_time,
    "edifact_totals": totals_by_sku,
}
