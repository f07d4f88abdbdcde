"""Nodes know SKUs, orders have lines: which units of an order some units of SKUs are."""

from collections.abc import Iterable

from routes.moves import Units


def match(wanted: Iterable[Units], skus: Iterable[tuple[str, int]]) -> tuple[list[Units], dict[str, int]]:
    """Return the units of `wanted` that the goods are, in line order, and the goods that fit nowhere, by SKU.

    A SKU that is named twice is added up; one SKU may fill several lines.
    """
    left: dict[str, int] = {}
    for sku, quantity in skus:
        left[sku] = left.get(sku, 0) + quantity
    fits: list[Units] = []
    for line, row, quantity in wanted:
        taken = min(quantity, left.get(line.sku, 0))
        if taken > 0:
            left[line.sku] -= taken
            fits.append((line, row, taken))
    return fits, {sku: quantity for sku, quantity in left.items() if quantity > 0}
