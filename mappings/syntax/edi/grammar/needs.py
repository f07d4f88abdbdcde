"""Checks that a set has the segments with the codes that a partner asks for: a party ST among the N1, a date 137."""

from collections.abc import Sequence
from dataclasses import dataclass

from mappings.errors import Position as At
from mappings.syntax.edi.grammar.check import GrammarCheck
from mappings.syntax.edi.grammar.codes import standard_code
from mappings.syntax.edi.grammar.compiled import CompiledSet
from mappings.syntax.edi.grammar.machine import Machine, Position
from mappings.syntax.edi.grammar.shapes import Need
from mappings.syntax.edi.model import Fault, Level, Segment
from mappings.syntax.edi.values import components_of, raw


@dataclass(slots=True)
class _Followed:
    """A need, and whether it is met in the loop around it as far as that has come."""

    need: Need
    at: Position
    is_open: bool
    is_met: bool = False


class NeedsCheck(GrammarCheck):
    """The checks of a set, and of what a partner needs in it."""

    def __init__(self, compiled: CompiledSet) -> None:
        super().__init__(compiled)
        found = [(need, position_of(compiled.machine, need.path)) for need in compiled.machine.shape.needs]
        self._followed = [_Followed(need, at, at.parent < 0) for need, at in found if at is not None]

    def take(self, segment: Segment, number: int) -> Sequence[Fault]:
        """Return what is wrong with the next segment, and what was needed before it."""
        found = super().take(segment, number)
        lacking = [self._lacking(one, segment.offset, number) for one in self._followed if self._ends(one)]
        for one in self._followed:
            if self.place is not None and one.at.index == self._at and self._has_code(one.need, segment):
                one.is_met = True
        return [*found, *lacking] if lacking else found

    def close(self) -> Sequence[Fault]:
        """Return what is still missing at the end."""
        end = self._segment.offset + sum(map(len, self._segment.fields)) + len(self._segment.fields)
        lacking = [one for one in self._followed if one.is_open and not one.is_met]
        return [*super().close(), *(self._lacking(one, end, self._number + 1) for one in lacking)]

    def _ends(self, one: _Followed) -> bool:
        """Say whether the loop around a need is over, and lacked it; begin anew where the loop does."""
        parent = one.at.parent
        end = self._machine.positions[parent].end if parent >= 0 else len(self._places) - 1
        inside = parent <= self._at < end
        begins = parent >= 0 and self._at == parent and self.place is not None and self.place.opens
        lacks = one.is_open and not one.is_met and (begins or not inside)
        if begins or not inside:
            one.is_open, one.is_met = begins, False
        return lacks

    def _has_code(self, need: Need, segment: Segment) -> bool:
        components = components_of(raw(segment, need.place), self._compiled.delimiters)
        return need.component <= len(components) and components[need.component - 1] in need.codes

    def _lacking(self, one: _Followed, offset: int, number: int) -> Fault:
        codes = " or ".join(sorted(one.need.codes))
        loop = self._loop(one.at.parent) if one.at.parent >= 0 else None
        within = f" in loop {loop}" if loop else ""
        return Fault(
            "segment-missing", f"{one.at.tag} with {codes} in {one.need.text} is mandatory{within} by agreement",
            Level.SEGMENT, At(offset=offset, segment=number), one.at.tag, loop,
            standard_code=standard_code("segment-missing", self._compiled.standard),
        )  # fmt: skip


def position_of(machine: Machine, path: tuple[str, ...]) -> Position | None:
    """Return the position of the segment, or of the loop's first segment, that a path names."""
    for position in machine.positions:
        loops = position.place.loops
        if loops == path if position.opens else (*loops, position.tag) == path:
            return position
    return None
