"""Pure readers of what older versions wrote. Each takes JSON of one schema to JSON of the next.

`SCHEMA` has been 1 since the first version, so there is none yet: the tables are the seam, and a recorded journal per
released version is kept readable by a test.
"""

from collections.abc import Callable, Mapping

from canonical.events import SCHEMA

Upcaster = Callable[[str], str]

ORDER_UPCASTERS: Mapping[int, Upcaster] = {}
"""By the schema that each reads."""
EVENT_UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}
"""By the event's name and the schema that each reads; an event that did not change has none."""


def upcast_order(
    doc: str,
    schema: int,
    *,
    upcasters: Mapping[int, Upcaster] = ORDER_UPCASTERS,
    current: int = SCHEMA,
) -> str:
    """Return an order's JSON in the current schema."""
    for version in range(schema, current):
        doc = upcasters[version](doc)
    return doc


def upcast_event(
    name: str,
    body: str,
    schema: int,
    *,
    upcasters: Mapping[tuple[str, int], Upcaster] = EVENT_UPCASTERS,
    current: int = SCHEMA,
) -> str:
    """Return an event's JSON in the current schema."""
    for version in range(schema, current):
        body = upcasters.get((name, version), _same)(body)
    return body


def _same(body: str) -> str:
    return body
