"""An entry, compiled."""

from dataclasses import dataclass, replace
from typing import Self

from mappings.data import Data
from mappings.engine.document import Entry, Kind
from mappings.engine.paths import Getter, Path
from mappings.engine.steps import Step


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What fills one field.

    `get` is the fast way: it knows no places and stops at the first refusal; `base` is the part of it that comes
    before conditions and transforms, for entries that read no path. The other values are what the slow way,
    `trace`, goes by when something is wrong or provenance is wanted; both give the same values.
    """

    entry: Entry
    get: Getter
    base: Getter
    local: bool
    path: Path | None
    when: Path | None
    steps: tuple[Step, ...]
    finish: tuple[Step, ...]
    children: tuple["Plan", ...]
    filler: tuple[Data] | None
    within: Path | None = None
    """Of each: the list in whose items `path` starts."""

    @property
    def looks_around(self) -> bool:
        """Whether a value depends on more than the node at hand; if not, no scope is made for it."""
        beside = (*self.steps, *self.finish)
        paths = [path for path in (self.path, self.when) if path is not None]
        return (
            self.entry.kind is Kind.COUNTER
            or self.within is not None
            or any(not path.local for path in paths)
            or any(step.alone is None for step in beside)
            or any(child.looks_around for child in self.children)
        )

    def built(self, get: Getter, base: Getter) -> Self:
        """Return it with its getters."""
        return replace(self, get=get, base=base)

    @property
    def name(self) -> str:
        """The name of the field."""
        return self.entry.name
