"""Pure readers of what older versions wrote. Each takes JSON of one schema to JSON of the next.

`SCHEMA` has been 1 since the first version, so there is none yet: the tables are the seam, and a recorded journal per
released version is kept readable by a test.
"""

from collections.abc import Callable, Mapping

from canonical.events import SCHEMA

Upcaster = Callable[[str], str]

ORDER_UPCASTERS: Mapping[int, Upcaster] = {}
EVENT_UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}


def upcast_order(doc: str, schema: int) -> str:
    """Return an order's JSON in the current schema."""
    for version in range(schema, SCHEMA):
        doc = ORDER_UPCASTERS[version](doc)
    return doc


def upcast_event(name: str, body: str, schema: int) -> str:
    """Return an event's JSON in the current schema."""
    for version in range(schema, SCHEMA):
        body = EVENT_UPCASTERS.get((name, version), _same)(body)
    return body


def _same(body: str) -> str:
    return body
