"""What the warehouse's mapping documents need beyond the closed set of transforms. Pure."""

from collections.abc import Callable, Mapping, Sequence

from mappings.data import Data
from mappings.items import totals_by_sku


def warehouse_node(parts: Sequence[str]) -> str:
    """Return the node of [node, site, site as the warehouse says it]; refuse a document about another site."""
    node, site, said = parts
    if said != site:
        raise ValueError(f"the document is about the site {said!r}, and this connector's is {site!r}")
    return node


def warehouse_address(lines: Sequence[str], most: int, longest: int) -> list[str]:
    """Return at most `most` lines, the surplus joined onto the last; refuse one that is longer than `longest`."""
    kept = [line for line in lines if line]
    if len(kept) > most:
        kept[most - 1 :] = [", ".join(kept[most - 1 :])]
    if any(len(line) > longest for line in kept):
        raise ValueError(f"the address does not fit into {most} lines of {longest} characters: shorten it")
    return kept


TRANSFORMS: Mapping[str, Callable[..., Data]] = {
    "warehouse_address": warehouse_address,
    "warehouse_node": warehouse_node,
    "warehouse_totals": totals_by_sku,
}
