"""Parts of requests, whatever was sent in their place."""

from typing import Any, cast

Obj = dict[str, Any]


def section(document: object, name: str) -> Obj:
    """Return an object within an object; an empty one where there is none."""
    found = cast("Obj", document).get(name) if isinstance(document, dict) else None
    return cast("Obj", found) if isinstance(found, dict) else {}


def sections(document: object, *names: str) -> list[Obj]:
    """Return a list of objects within an object, under the first of `names` that is there."""
    for name in names:
        found = cast("Obj", document).get(name) if isinstance(document, dict) else None
        if isinstance(found, list):
            return [cast("Obj", one) for one in cast("list[object]", found) if isinstance(one, dict)]
    return []
