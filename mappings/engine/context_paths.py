"""Paths that start at what the caller says beside the document."""

from mappings.data import Data
from mappings.engine.jmes_plain import STAR, blank_to_none, compile_viewed, parse_plain
from mappings.engine.models import view
from mappings.engine.paths import Path
from mappings.engine.scope import Scope
from mappings.errors import Position
from mappings.syntax.base import Place, Wire
from mappings.syntax.trees import TreePlace


def context_path(text: str) -> Path:
    """Return a path such as `party.name` into the caller's values; raise ValueError for one that isn't plain."""
    steps = parse_plain(text)
    if steps is None or not steps or not isinstance(steps[0], str) or STAR in steps:
        raise ValueError(
            f"{text!r} is no plain path: what the caller says is named as `name` or `name.field`"
        )
    follow = compile_viewed(steps, view)

    def read(_node: Data, scope: Scope) -> Data:
        return follow(scope.context, scope)

    def go(_node: Data, scope: Scope) -> Data:
        return view(follow(scope.context, scope))

    def locate(_scope: Scope, _wire: Wire) -> tuple[str, Position | None]:
        return f"context.{text}", None

    place: TreePlace = ("context", *steps)

    def places(_scope: Scope, items: list[Data]) -> list[Place]:
        return [(*place, i) for i in range(len(items))]

    return Path(
        text,
        get=blank_to_none(read),
        go=go,
        many=go,
        one_or_many=go,
        local=False,
        locate=locate,
        place=lambda _scope: place,
        places=places,
    )
