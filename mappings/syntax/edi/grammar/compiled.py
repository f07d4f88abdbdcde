"""A set's grammar made ready for one standard's interchanges with the same delimiters."""

from mappings.syntax.edi.grammar.elements import ElementChecks
from mappings.syntax.edi.grammar.machine import Machine
from mappings.syntax.edi.grammar.shapes import SegmentShape, SetShape
from mappings.syntax.edi.model import Delimiters, Place, Standard

_FRAMES = {Standard.X12: ("ST", "SE"), Standard.EDIFACT: ("UNH", "UNT")}


def machine_of(shape: SetShape, standard: Standard) -> Machine:
    """Return the positions of a set, with the segments of the envelope around them."""
    return Machine(shape, *_FRAMES[standard])


class CompiledSet:
    """The positions of a set, and the checks of the elements at each of them."""

    def __init__(self, machine: Machine, standard: Standard, delimiters: Delimiters) -> None:
        self.machine = machine
        self.standard = standard
        self.places: list[Place] = [position.place for position in machine.positions]
        self.delimiters = delimiters
        self._by_shape: dict[int, ElementChecks] = {}
        self.checks: list[ElementChecks | None] = [
            self._checks_of(position.shape) if position.shape.parts else None
            for position in machine.positions
        ]

    def _checks_of(self, shape: SegmentShape) -> ElementChecks:
        known = self._by_shape.get(id(shape))
        if known is None:
            known = self._by_shape[id(shape)] = ElementChecks(shape, self.standard, self.delimiters)
        return known

    def stray(self, tag: str) -> ElementChecks | None:
        """Return the checks of a segment that has no place in the set, by the dictionary."""
        shape = self.machine.shape.dictionary.segments.get(tag)
        return None if shape is None else self._checks_of(shape)
