"""What mapping documents for X12 partners need beyond the closed set of transforms. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence

from mappings.data import Data
from mappings.items import number_under, totals_by_sku

_SEPARATORS = re.compile(r"[*~:^>|\x00-\x1f\x7f-\x9f]+")
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


TRANSFORMS: Mapping[str, Callable[..., Data]] = {
    "x12_item": x12_item,
    "x12_text": x12_text,
    "x12_totals": totals_by_sku,
}
