"""A path, compiled: what every language of paths gives the engine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

from mappings.data import Data
from mappings.engine.scope import Scope
from mappings.errors import Position
from mappings.syntax.base import Place, Wire

Getter = Callable[[Data, Scope], Data]
"""From the node at hand and its scope to a value; None is "not there"."""

View = Callable[[Data], Data]
"""From a model to a tree, one level deep."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path into a wire document.

    `get` returns one value, `go` a node to go into, `many` the nodes to repeat over (None: there is no list);
    `one_or_many` takes a single node for a list of one.
    `local` paths start at the node at hand. `locate` and `places` are for errors and provenance, and may be slow.
    """

    text: str
    get: Getter
    go: Getter
    many: Getter
    one_or_many: Getter
    local: bool
    locate: Callable[[Scope, Wire], tuple[str, Position | None]]
    place: Callable[[Scope], Place]
    places: Callable[[Scope, list[Data]], list[Place]]
    key: str | None = None
    """The one key that it is, where paths are JMESPath and it is that simple."""
    steps: tuple[str | int, ...] | None = None
    """Keys, indexes and `*`, where it is a plain path; lint follows these through a model."""
    reaches: Getter | None = None
    """Whether what would hold a list is there, where that can be told from an empty list: it can of plain paths."""
    climb: int = 0
    """How many nodes further out it starts."""

    def must_start_within(self, around: int) -> Self:
        """Return it; raise ValueError if it starts further out than there are nodes around the one at hand."""
        if self.climb <= around:
            return self
        if not around:
            raise ValueError(
                "the node at hand is the whole document, with nothing around it: leave out the `^`"
            )
        most = "one node is" if around == 1 else f"only {around} nodes are"
        hats = "^" * around
        raise ValueError(
            f"it starts {self.climb} nodes further out, and {most} around this one: take `{hats}` at most, "
            "or `$` for the root of the document"
        )

    def items(self, *, one_or_many: bool) -> Getter:
        """Return what finds the items of a list; with `one_or_many`, what is no list is the one item."""
        return self.one_or_many if one_or_many else self.many


class PathLanguage(Protocol):
    """Compiles paths; raises ValueError that says what is wrong with one."""

    @property
    def itself(self) -> str:
        """The path to the node at hand."""
        ...

    @property
    def view(self) -> View | None:
        """What turns a model into a tree, for a language that reads models; None for others."""
        ...

    def path(self, text: str) -> Path:
        """Return a path to a value."""
        ...

    def condition(self, text: str) -> Path:
        """Return a path whose `get` is True or False."""
        ...

    def node(self, text: str) -> Path:
        """Return a path whose `get` hands over the parsed node itself, for a registered transform."""
        ...

    def enter(self, root: Data) -> Data:
        """Return the node that stands for a root or an item while paths are followed."""
        ...

    def place_of_root(self, root: Data) -> Place:
        """Return the place of the root."""
        ...
