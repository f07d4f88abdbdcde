"""What mapping documents for X12 partners need beyond the closed set of transforms. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence

from mappings.data import Data
from mappings.items import number_under, totals_by_sku

_SEPARATORS = re.compile(r"[*~:^>|\x00-\x1f\x7f-\x9f]+")
_UNSELLABLE = frozenset({"01", "04"})
"""X12 412 (receiving condition): damaged, quality."""
_OURS_FIRST = ("SK", "BP", "IN", "VN", "VP")


def x12_text(value: str) -> str | None:
    """Return what a person wrote without the characters that usually separate elements, which X12 can't release."""
    return " ".join(_SEPARATORS.sub(" ", value).split()) or None


def x12_item(segment: Mapping[str, Data], of: Sequence[str] = _OURS_FIRST) -> str:
    """Return the number of an item out of a segment's pairs of qualifier and number, by the first of `of` that it has.

    X12 235 and 234, in PO1, POC, IT1, LIN, BLI: SK and BP are ours, VN and VP the supplier's.
    """
    said = {
        str(value): str(number)
        for key, value in segment.items()
        if key.isdigit() and (number := segment.get(f"{int(key) + 1:02d}")) not in {None, ""}
    }
    return number_under(said, of)


def x12_adjusted(said: tuple[int, str]) -> int:
    """Return by how many units stock changed, out of a quantity and what its reason means for it (`adjustments`)."""
    units, meaning = said
    match meaning:
        case "fewer":
            return -abs(units)
        case "more" if units < 0:
            raise ValueError(f"{units} units can't have come: the reason says that there are more")
        case _:
            return units


def x12_condition(said: tuple[int, str]) -> str:
    """Return in which condition the units are that came or went, out of the same two."""
    units, meaning = said
    return "damaged" if meaning == "damaged" and units > 0 else "sound"


def x12_damaged(line: Mapping[str, Data]) -> int:
    """Return how many of a received line's units (W07) can't be sold, by the conditions that follow it (W13)."""
    unit = line["W07"].get("02")
    conditions = [one["W13"] for one in line.get("W13", ())]
    found = [one for one in conditions if one.get("03") in _UNSELLABLE]
    other = next((one["02"] for one in found if one.get("02") != unit), None)
    if other is not None:
        raise ValueError(f"W13 counts in {other}, and its W07 in {unit}: nobody can say how many are sound")
    return sum(int(one["01"]) for one in found)


TRANSFORMS: Mapping[str, Callable[..., Data]] = {
    "x12_adjusted": x12_adjusted,
    "x12_condition": x12_condition,
    "x12_damaged": x12_damaged,
    "x12_item": x12_item,
    "x12_text": x12_text,
    "x12_totals": totals_by_sku,
}
