"""What the warehouse's mapping documents need beyond the closed set of transforms. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from mappings.data import Data
from mappings.engine.transforms.catalogue import TRANSFORMS as KNOWN
from mappings.engine.transforms.times import TimeArgs


def warehouse_time(parts: Sequence[str], format: str = "iso") -> datetime:  # noqa: A002 - as `datetime` calls it
    """Return the time of [zone, text] in UTC: in its own offset if the text says one, else in the zone."""
    zone, text = parts
    found = _reader(format, zone)(text)
    if not isinstance(found, datetime):
        raise TypeError(f"a time is expected, and this is {type(found).__name__}")
    return found


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


@lru_cache(maxsize=64)
def _reader(form: str, zone: str) -> Callable[[Data], Data]:
    transform = KNOWN["datetime"]
    built = transform.build(TimeArgs(format=form, zone=zone), _NO_TOOLS)
    if not callable(built):
        raise TypeError("the transform `datetime` looks at nothing but its value")
    return built


_NO_TOOLS: Data = None

TRANSFORMS: Mapping[str, Callable[..., Data]] = {
    "warehouse_address": warehouse_address,
    "warehouse_node": warehouse_node,
    "warehouse_time": warehouse_time,
}
