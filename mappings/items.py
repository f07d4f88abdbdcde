"""Items and their units, as the registered transforms of several partners' documents need them. Pure."""

from collections.abc import Mapping, Sequence

from mappings.data import Data


def number_under(said: Mapping[str, str], of: Sequence[str]) -> str:
    """Return an item's number by the first qualifier of `of` that a document uses; refuse one that uses none."""
    found = next((said[qualifier] for qualifier in of if qualifier in said), None)
    if found is None:
        raise ValueError(
            f"there is no item number under {', '.join(of)}: agree on one, or read another by an overlay"
        )
    return found


def totals_by_sku(lines: Sequence[Mapping[str, Data]]) -> list[dict[str, Data]] | None:
    """Return one line for each SKU: what lies at several places is added up. Nothing, where there are no lines."""
    totals: dict[str, int] = {}
    for line in lines:
        totals[line["sku"]] = totals.get(line["sku"], 0) + line["quantity"]
    return [{"sku": sku, "quantity": quantity} for sku, quantity in totals.items()] or None
