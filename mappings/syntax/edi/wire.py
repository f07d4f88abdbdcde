"""A parsed EDI file: the trees of its sets, and where each of their values stands."""

from collections.abc import Sequence
from dataclasses import replace

from mappings.data import Data
from mappings.errors import ErrorCode, MappingErrors, Position, Problem, Severity
from mappings.syntax.edi.charsets import Charset
from mappings.syntax.edi.events import GroupBegin, InterchangeBegin, SetBegin, SetEnd
from mappings.syntax.edi.model import Fault, Segment
from mappings.syntax.edi.opened import Reading
from mappings.syntax.edi.options import EdiOptions
from mappings.syntax.edi.reading import read_events
from mappings.syntax.edi.tree import Node, Shapes, Spot, Tree
from mappings.syntax.edi.tree_writing import element_place
from mappings.syntax.edi.values import place as place_of
from mappings.syntax.trees import TreePlace, child_of, tree_name

SETS = "sets"
_MOST_PROBLEMS = 100


class EdiWire:
    """`{"sets": […]}`, and the segments that it was made of."""

    def __init__(self, root: Node, spots: dict[int, Spot]) -> None:
        self.root = root
        self._spots = spots

    def name(self, place: TreePlace) -> str:
        """Return the path of a place."""
        return tree_name(place)

    def position(self, place: TreePlace) -> Position | None:
        """Return segment, element, component and byte of a value; the segment that opens the loop around it."""
        node: Data = self.root
        found: Position | None = None
        for step in place:
            spot = self._spots.get(id(node))
            part = element_place(step) if isinstance(step, str) else None
            if spot is not None and part is not None:
                found = _in_segment(spot, *part)
            node = child_of(node, step)
            spot = self._spots.get(id(node))
            if spot is not None:
                found = place_of(spot.segment, None, spot.number)
        return found


def _in_segment(spot: Spot, element: int, component: int) -> Position:
    position = place_of(spot.segment, element, spot.number)
    return replace(position, component=component) if component > 1 else position


def read_trees(raw: bytes, options: EdiOptions, shapes: Shapes | None, x12_charset: Charset) -> EdiWire:
    """Return the trees of all sets in `raw`; raise `MappingError` with everything that is wrong with them."""
    reader = _TreeReader(options, shapes)
    for event in read_events([raw], Reading(x12_charset=x12_charset)):
        reader.take(event)
    if reader.problems:
        raise MappingErrors(reader.problems[:_MOST_PROBLEMS])
    return EdiWire({SETS: reader.sets}, reader.spots)


class _TreeReader:
    """Gathers trees, and problems, from events."""

    def __init__(self, options: EdiOptions, shapes: Shapes | None) -> None:
        self.sets: list[Node] = []
        self.spots: dict[int, Spot] = {}
        self.problems: list[Problem] = []
        self._options = options
        self._shapes = shapes
        self._around: InterchangeBegin | None = None
        self._group: GroupBegin | None = None
        self._tree: Tree | None = None

    def take(self, event: object) -> None:
        """Take one event."""
        match event:
            case InterchangeBegin():
                self._around, self._group = event, None
            case GroupBegin():
                self._group = event
            case SetBegin():
                self._begin(event)
            case Segment():
                if self._tree is not None:
                    self._add(self._tree, event)
            case SetEnd():
                self._end(event)
            case Fault():
                self._wrong([event])
            case _:
                self._wrong(getattr(event, "faults", ()))

    def _begin(self, event: SetBegin) -> None:
        wanted = self._options.set
        if event.headless or self._around is None:
            return
        if wanted is not None and event.key.type != wanted:
            if self._options.others == "refuse":
                reason = f"this is a set of type {event.key.type!r}, and {wanted} is agreed"
                self.problems.append(
                    Problem(reason, ErrorCode.SYNTAX, position=place_of(event.head, None, 1))
                )
            return
        self._tree = Tree(event, self._around, self._group, self._shapes, self._around.charset.text)

    def _add(self, tree: Tree, segment: Segment) -> None:
        try:
            tree.add(segment)
        except ValueError:
            self._tree = (
                None  # a byte that isn't in the character set: one of the faults at the end says where
            )

    def _end(self, event: SetEnd) -> None:
        tree, self._tree = self._tree, None
        self._wrong(event.faults)
        if tree is None:
            return
        tree.close()
        checked = self._options.check == "grammar"
        self._wrong([fault for fault in tree.faults if checked or fault.code == "HL02-unknown"])
        self.sets.append(tree.root)
        self.spots |= tree.spots

    def _wrong(self, faults: Sequence[Fault]) -> None:
        self.problems += [problem_of(fault) for fault in faults if fault.severity is Severity.ERROR]


def problem_of(fault: Fault) -> Problem:
    """Return a fault as the mapping engine reports it."""
    return Problem(
        f"{fault.code}: {fault.message}", ErrorCode.SYNTAX, source=fault.tag, position=fault.position
    )
