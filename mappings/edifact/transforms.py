"""What mapping documents for EDIFACT partners need beyond the closed set of transforms. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from mappings.data import Data, is_list, is_object
from mappings.items import number_under, totals_by_sku

_OURS_FIRST = ("IN", "BP", "SA", "VN", "VP", "EN", "SRV", "UP")
_TIMES: Mapping[str, tuple[int, str]] = {
    "102": (8, "000000"), "203": (12, "00"), "204": (14, ""),
}  # fmt: skip
"""EDIFACT 2379: how many digits a date or time of each format has, and what makes one of seconds of it."""


def edifact_item(segments: Sequence[Data], of: Sequence[str] = _OURS_FIRST) -> str:
    """Return the number of an item out of its LIN and PIA, by the first qualifier of `of` (EDIFACT 7143) that it has.

    IN and BP are ours; SA, VN and VP the supplier's; EN, SRV and UP an EAN's.
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
    """Return what a DTM says as digits, `%Y%m%d%H%M%S`: its format (2379) is 102, 203 or 204, or of its own length."""
    said, form = str(segment.get("01_2") or ""), segment.get("01_3")
    if form is not None and form not in _TIMES:
        raise ValueError(f"the format {form} is not known here: 102, 203 and 204 are; agree on one of them")
    if form is None:
        form = next((known for known, (width, _) in _TIMES.items() if width == len(said)), "102")
    width, rest = _TIMES[str(form)]
    if not re.fullmatch(r"[0-9]+", said) or len(said) != width:
        raise ValueError(f"{said!r} is no date of format {segment.get('01_3') or '102, 203 or 204'}")
    return said + rest


def edifact_price(segment: Mapping[str, Data]) -> Decimal:
    """Return what a PRI says that one of its unit costs; a price of several is refused."""
    basis = segment.get("01_5")
    if basis is not None and _number(str(basis)) != 1:
        raise ValueError(f"this is the price of {basis}: agree on prices of one piece")
    return _number(str(segment.get("01_2") or ""))


def edifact_pieces(segment: Mapping[str, Data]) -> int:
    """Return how many a QTY says, of whatever unit: the table `pieces` says how many pieces that is."""
    said = _number(str(segment.get("01_2") or ""))
    if said != int(said) or said < 0:
        raise ValueError(f"{said} is no number of pieces")
    return int(said)


def edifact_damaged(line: Mapping[str, Data]) -> int:
    """Return how many of a received line's units are damaged, by its QTY and QVR (EDIFACT 6063, 4221).

    What came (48) must be what is sound (194) and what is damaged.
    """
    said = {one.get("01"): edifact_pieces(one) for one in line.get("QTY", ())}
    marked = [one for one in line.get("QVR", ()) if one.get("02") == "AF" or one.get("01_2") == "124"]
    varied = sum(abs(_number(str(one["01"]))) for one in marked if one.get("01"))
    came, sound = said.get("48"), said.get("194", 0)
    damaged = said.get("124", varied) or (came or 0) - sound
    if damaged <= 0 or damaged != int(damaged) or came not in {None, sound + damaged}:
        raise ValueError(
            f"{came} came, {sound} are sound and {damaged} damaged: say with QTY 194 what is sound"
        )
    return int(damaged)


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
    "edifact_damaged": edifact_damaged,
    "edifact_item": edifact_item,
    "edifact_only": edifact_only,
    "edifact_pieces": edifact_pieces,
    "edifact_price": edifact_price,
    "edifact_time": edifact_time,
    "edifact_totals": totals_by_sku,
}
