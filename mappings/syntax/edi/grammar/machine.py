"""A set compiled to positions, and to where one may go from each of them.

Both standards say: segments come in the order of the set; a segment belongs to the first place that it can stand at,
going on from the one before; a loop starts with its first segment, and starts again with it. So where one stands is
the position of the last segment, and what is missing is known from where one came and where one goes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from mappings.errors import Mark
from mappings.syntax.edi.grammar.shapes import Item, SegmentShape, SetShape, Use
from mappings.syntax.edi.model import Place


@dataclass(slots=True)
class Position:
    """A segment's place in a set."""

    index: int
    tag: str
    required: bool
    most: int
    """How often it may stand; of a loop's first segment, how often the loop may."""
    shape: SegmentShape
    place: Place
    opens: str | None = None
    """The loop that it opens."""
    parent: int = -1
    """The position that opens the loop around it (or around the loop that it opens); -1 outside of loops."""
    end: int = 0
    """Of a position that opens a loop: the position behind the loop."""
    children: list[int] = field(default_factory=list[int])


class Move(NamedTuple):
    """One way on: to which position, and which mandatory ones are left out on the way."""

    target: int
    most: int
    end: int
    missing: tuple[int, ...]


Moves = dict[str, tuple[Move, ...]]


class Machine:
    """The positions of a set. The moves from a position are worked out when it is first reached."""

    def __init__(self, shape: SetShape, header: str, trailer: str) -> None:
        self.shape = shape
        self.positions: list[Position] = []
        self._top: list[int] = []
        self._flatten((_frame(header), *shape.items, _frame(trailer)), -1, ())
        self._moves: list[Moves | None] = [None] * len(self.positions)
        self.forbidden = frozenset(_forbidden_tags(shape.items))

    def _flatten(self, items: tuple[Item, ...], parent: int, path: tuple[str, ...]) -> list[int]:
        level: list[int] = []
        for item in items:
            if item.forbidden:
                continue
            if isinstance(item, Use):
                level.append(self._add(item, item.required, item.most, parent, path).index)
                continue
            first = item.items[0]
            inner = (*path, item.name)
            if not isinstance(first, Use):
                continue
            opener = self._add(first, item.required, item.most, parent, inner)
            opener.opens = item.name
            opener.place = Place(inner, opens=True)
            level.append(opener.index)
            opener.children = self._flatten(item.items[1:], opener.index, inner)
            opener.end = len(self.positions)
        if parent < 0:
            self._top = level
        return level

    def _add(self, use: Use, required: bool, most: int, parent: int, path: tuple[str, ...]) -> Position:  # noqa: FBT001
        shape = use.shape or self.shape.dictionary.segments.get(use.tag) or SegmentShape(use.tag, "", ())
        index = len(self.positions)
        position = Position(index, use.tag, required, most, shape, Place(path), parent=parent)
        self.positions.append(position)
        return position

    def moves(self, at: int) -> Moves:
        """Return the ways on from a position, by tag, the nearest first."""
        known = self._moves[at]
        if known is None:
            found: dict[str, list[Move]] = {}
            for index, missing in self._ways(at):
                target = self.positions[index]
                move = Move(index, target.most, target.end, missing)
                found.setdefault(target.tag, []).append(move)
            known = {tag: tuple(ways) for tag, ways in found.items()}
            self._moves[at] = known
        return known

    def _ways(self, at: int) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield what can follow, the nearest first, with the mandatory positions that are passed over."""
        here = self.positions[at]
        missing: list[int] = []
        if here.opens is None:
            yield at, ()
        else:
            yield from self._forward(here.children, at, missing)
            yield at, tuple(missing)
        node = here
        while True:
            siblings = self._top if node.parent < 0 else self.positions[node.parent].children
            yield from self._forward(siblings, node.index, missing)
            if node.parent < 0:
                return
            node = self.positions[node.parent]
            yield node.index, tuple(missing)

    def _forward(
        self, level: list[int], after: int, missing: list[int]
    ) -> Iterator[tuple[int, tuple[int, ...]]]:
        for index in level:
            if index > after:
                yield index, tuple(missing)
                if self.positions[index].required:
                    missing.append(index)

    def missing_at_end(self, at: int) -> tuple[int, ...]:
        """Return the mandatory positions that are not reached when the set ends at a position."""
        last = len(self.positions) - 1
        return next((missing for index, missing in self._ways(at) if index == last), ())

    def implied(self, at: int, tag: str) -> Move | None:
        """Return the way into a loop ahead whose first segment was left out, to a segment of it.

        Of several, the loop that may stand most often: lines are the backbone of a set.
        """
        found: list[tuple[int, Move]] = []
        for index, missing in self._ways(at):
            opener = self.positions[index]
            if opener.opens is None or index <= at:
                continue
            passed: tuple[int, ...] = (*missing, index)
            for child in opener.children:
                target = self.positions[child]
                if target.tag == tag:
                    found.append((opener.most, Move(child, target.most, target.end, passed)))
                    break
                passed = (*passed, child) if target.required else passed
        return max(found, key=lambda entry: entry[0])[1] if found else None

    def behind(self, at: int, tag: str) -> int | None:
        """Return the nearest position before `at` that opens a loop with `tag`."""
        for position in reversed(self.positions[:at]):
            if position.tag == tag and position.opens is not None:
                return position.index
        return None

    def is_behind(self, at: int, tag: str) -> bool:
        """Say whether `tag` has a position before `at`."""
        return any(position.tag == tag for position in self.positions[:at])

    def opener_of(self, position: int) -> int:
        """Return the position that opens the loop around a position; the position itself if it opens one."""
        return position if self.positions[position].opens else max(self.positions[position].parent, 0)

    def has(self, tag: str) -> bool:
        """Say whether the set has a segment anywhere."""
        return any(position.tag == tag for position in self.positions)


def _frame(tag: str) -> Use:
    """Return ST or SE, UNH or UNT: the envelope's checks look into them."""
    return Use(tag, required=True, most=1, mark=Mark("envelope"), shape=SegmentShape(tag, "", ()))


def _forbidden_tags(items: tuple[Item, ...]) -> Iterator[str]:
    for item in items:
        if isinstance(item, Use):
            if item.forbidden:
                yield item.tag
        elif item.forbidden:
            yield item.items[0].tag if isinstance(item.items[0], Use) else item.name
        else:
            yield from _forbidden_tags(item.items)
