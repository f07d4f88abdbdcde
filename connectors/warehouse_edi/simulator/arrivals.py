"""What is to come of an announcement."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Arrival:
    """Goods that come at once. Of the units in `lines`, those in `damaged` can't be sold."""

    lines: Mapping[str, int]
    damaged: Mapping[str, int] = field(default_factory=dict[str, int])
