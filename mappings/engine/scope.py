"""Where the engine stands while it translates: the node at hand, what is around it, and what the caller said."""

from collections.abc import Mapping

from mappings.data import Data


class Scope:
    """The node that paths start from, and those around it. Made once for each item of a list, so it is slim."""

    __slots__ = ("context", "node", "number", "parent", "place", "root")

    def __init__(self, node: Data, parent: "Scope | None", number: int, place: Data = None) -> None:
        """Go into `node` below `parent`. `place` is only known when errors or provenance are wanted."""
        self.node = node
        self.parent = parent
        self.number = number
        self.place = place
        if parent is not None:
            self.root: Scope = parent.root
            self.context: Mapping[str, object] = parent.context

    @classmethod
    def start(cls, node: Data, context: Mapping[str, object], place: Data = None) -> "Scope":
        """Return the scope of a whole wire document."""
        scope = cls(node, None, 0, place)
        scope.root, scope.context = scope, dict(context) if context else {}
        return scope
