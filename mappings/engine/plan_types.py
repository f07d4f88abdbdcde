"""An entry, compiled."""

from dataclasses import dataclass, replace
from typing import Self

from mappings.data import Data
from mappings.engine.document import Entry
from mappings.engine.paths import Getter, Path
from mappings.engine.steps import Step


@dataclass(frozen=True, slots=True)
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

    def built(self, get: Getter, base: Getter) -> Self:
        """Return it with its getters."""
        return replace(self, get=get, base=base)

    @property
    def name(self) -> str:
        """The name of the field."""
        return self.entry.name
