"""What mapping documents for X12 partners need beyond the closed set of transforms. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence

from mappings.data import Data

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
        str(value): number
        for key, value in segment.items()
        if key.isdigit() and (number := segment.get(f"{int(key) + 1:02d}")) not in {None, ""}
    }
    found = next((said[qualifier] for qualifier in of if qualifier in said), None)
    if found is None:
        raise ValueError(
            f"there is no item number under {', '.join(of)}: agree on one, or read another by an overlay"
        )
    return str(found)


def x12_totals(lines: Sequence[Mapping[str, Data]]) -> list[dict[str, Data]]:
    """Return one line for each SKU: what lies at several places is added up."""
    totals: dict[str, int] = {}
    for line in lines:
        totals[line["sku"]] = totals.get(line["sku"], 0) + line["quantity"]
    return [{"sku": sku, "quantity": quantity} for sku, quantity in totals.items()]


TRANSFORMS: Mapping[str, Callable[..., Data]] = {
    "x12_item": x12_item,
    "x12_text": x12_text,
    "x12_totals": x12_totals,
}
