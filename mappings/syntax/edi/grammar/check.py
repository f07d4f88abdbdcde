"""The checks of one transaction set or message while its segments come in."""

from collections.abc import Sequence

from mappings.errors import Position as At
from mappings.syntax.edi.grammar.codes import standard_code
from mappings.syntax.edi.grammar.compiled import CompiledSet
from mappings.syntax.edi.grammar.machine import Move
from mappings.syntax.edi.grammar.wording import segment_message
from mappings.syntax.edi.model import Fault, Level, Place, Segment

_NONE: tuple[Fault, ...] = ()


class GrammarCheck:
    """Follows a set through its positions, and says of each segment what is wrong with it.

    A mandatory segment that was left out is reported one segment later, so that two that stand in the wrong order are
    one fault, not two. What has no place is reported and left out; what comes next goes on from before it.
    """

    def __init__(self, compiled: CompiledSet) -> None:
        self._compiled = compiled
        self._machine = compiled.machine
        self._moves = compiled.machine.moves
        self._checks = compiled.checks
        self._places = compiled.places
        self._counts = [0] * len(compiled.places)
        self._at = 0
        self._segment = Segment([""], 0)
        self._number = 0
        self._held: list[Fault] = []
        self._held_tags: frozenset[str] = frozenset()
        self._before: tuple[int, list[int], Segment] = (0, self._counts, self._segment)
        """Where one stood before the segment that is held."""
        self._left_out: set[int] = set()
        """Mandatory positions that were found to be missing."""
        self._astray: tuple[int, int] = (-1, -1)
        """Number and position of the last segment of a loop that has no place here: so its others are known."""
        self.place: Place | None = None

    def take(self, segment: Segment, number: int) -> Sequence[Fault]:
        """Return what is wrong with the next segment, and what was found to be missing before it."""
        fields = segment.fields
        self._segment = segment
        self._number = number
        if number == 1:
            self.place = self._places[0]
            return _NONE
        ways = self._moves(self._at).get(fields[0])
        if ways is None or self._held:
            return self._slowly(ways)
        target, most, end, missing = ways[0]
        counts = self._counts
        count = counts[target] + 1
        if missing or count > most:
            return self._go(self._best(ways))
        counts[target] = count
        if end:
            counts[target + 1 : end] = [0] * (end - target - 1)
        self._at = target
        self.place = self._places[target]
        check = self._checks[target]
        if check is None or check.are_sound(fields):
            return _NONE
        return check.faults(segment, number, self._loop(target))

    def close(self) -> Sequence[Fault]:
        """Return what is still missing at the end; that the trailer is, the envelope's checks say."""
        found, self._held = self._held, []
        if self._at < len(self._places) - 1:
            offset = self._segment.offset + sum(map(len, self._segment.fields)) + len(self._segment.fields)
            missing = self._machine.missing_at_end(self._at)
            found += [self._missing(index, offset, self._number + 1) for index in missing]
        return found

    def _slowly(self, ways: tuple[Move, ...] | None) -> list[Fault]:
        """Take a segment that has no way on from here, or that comes after a missing one."""
        tag = self._segment.fields[0]
        swapped = tag in self._held_tags
        if ways is None:
            if swapped:
                self._held = [
                    fault for fault in self._held if fault.code != "segment-missing" or fault.tag != tag
                ]
            return [
                *self._let_go(),
                *(self._misplaced(tag, swapped) if self._machine.has(tag) else self._foreign(tag)),
            ]
        if swapped:
            return [*self._take_back(), *self._go(self._best(self._moves(self._at)[tag]))]
        return [*self._let_go(), *self._go(self._best(ways))]

    def _misplaced(self, tag: str, swapped: bool) -> list[Fault]:  # noqa: FBT001 - the one thing known of it
        """Report a segment that the set has, and not here; go on from where one was, or from where it must be."""
        behind = self._machine.behind(self._at, tag)
        if behind is not None and behind in self._left_out:
            return [self._segment_fault("segment-out-of-order"), *self._go(self._back_to(behind))]
        if not swapped:
            if self._goes_astray(tag):
                return self._element_faults(tag)
            implied = None if self._machine.is_behind(self._at, tag) else self._machine.implied(self._at, tag)
            if implied is not None:
                return self._go(implied)
        if behind is not None:
            self._astray = (self._number, behind)
        return [self._segment_fault("segment-out-of-order"), *self._element_faults(tag)]

    def _goes_astray(self, tag: str) -> bool:
        """Say whether the segment belongs to the loop that the one before it opened, which has no place here."""
        number, position = self._astray
        if number != self._number - 1:
            return False
        ways = self._moves(position).get(tag, ())
        opener = self._machine.opener_of(position)
        way = next((way for way in ways if opener < way.target < self._machine.positions[opener].end), None)
        if way is None:
            return False
        self._astray = (self._number, way.target)
        return True

    def _back_to(self, position: int) -> Move:
        """Return the way back to a loop that was thought to be missing."""
        self._counts[position:] = [0] * (len(self._counts) - position)
        self._left_out.discard(position)
        target = self._machine.positions[position]
        return Move(position, target.most, target.end, ())

    def _best(self, ways: tuple[Move, ...]) -> Move:
        """Return the nearest way that leaves nothing out and isn't used up; else the one that leaves out least."""
        open_ways = [way for way in ways if self._counts[way.target] < way.most]
        return min(open_ways or ways[:1], key=lambda way: len(way.missing))

    def _take_back(self) -> list[Fault]:
        """Report the segment before this one as out of order: what it lacked comes now, so it came too early."""
        self._at, self._counts, early = self._before
        found = [fault for fault in self._let_go() if fault.code != "segment-missing"]
        now, self._segment, self._number = self._segment, early, self._number - 1
        found.insert(0, self._segment_fault("segment-out-of-order"))
        self._segment, self._number = now, self._number + 1
        return found

    def _go(self, way: Move) -> list[Fault]:
        if way.missing:
            self._before = self._at, self._counts.copy(), self._segment
        found = [self._missing(index, self._segment.offset, self._number) for index in way.missing]
        self._left_out.update(way.missing)
        for index in way.missing:
            # A loop whose first segment was left out has begun all the same, if a segment of it came.
            if index < way.target < self._machine.positions[index].end:
                self._count(index)
        position = self._machine.positions[way.target]
        count = self._count(way.target)
        self._at = way.target
        self.place = position.place
        if count == way.most + 1:
            code = "loop-repeats" if position.opens else "segment-repeats"
            found.append(self._segment_fault(code, most=way.most))
        check = self._checks[way.target]
        if check is not None and not check.are_sound(self._segment.fields):
            found += check.faults(self._segment, self._number, self._loop(way.target))
        if not way.missing or way.target == len(self._places) - 1:
            return found
        self._held, self._held_tags = (
            found,
            frozenset(self._machine.positions[index].tag for index in way.missing),
        )
        return []

    def _count(self, position: int) -> int:
        """Count one more at a position; a loop that opens there starts anew."""
        self._counts[position] += 1
        end = self._machine.positions[position].end
        if end:
            self._counts[position + 1 : end] = [0] * (end - position - 1)
        return self._counts[position]

    def _let_go(self) -> list[Fault]:
        found, self._held = self._held, []
        self._held_tags = frozenset()
        return found

    def _foreign(self, tag: str) -> list[Fault]:
        """Report a segment that the set doesn't have."""
        self.place = None
        if tag in self._machine.forbidden:
            return [self._segment_fault("segment-not-used")]
        if tag not in self._machine.shape.dictionary.segments:
            return [self._segment_fault("segment-unknown")]
        return [self._segment_fault("segment-not-in-set"), *self._element_faults(tag)]

    def _element_faults(self, tag: str) -> list[Fault]:
        """Return the faults in the elements of a segment without a place."""
        self.place = None
        check = self._compiled.stray(tag)
        if check is None or check.are_sound(self._segment.fields):
            return []
        return check.faults(self._segment, self._number, None)

    def _loop(self, position: int) -> str | None:
        loops = self._places[position].loops
        return loops[-1] if loops else None

    def _missing(self, position: int, offset: int, number: int) -> Fault:
        tag, loop = self._machine.positions[position].tag, self._loop(position)
        code = standard_code("segment-missing", self._compiled.standard)
        return Fault(
            "segment-missing", segment_message("segment-missing", tag, loop=loop), Level.SEGMENT,
            At(offset=offset, segment=number), tag, loop, standard_code=code,
        )  # fmt: skip

    def _segment_fault(self, code: str, *, most: int = 0) -> Fault:
        tag, loop = self._segment.fields[0], self._loop(self._at)
        number = standard_code(code, self._compiled.standard)
        return Fault(
            code, segment_message(code, tag, loop=loop, most=most), Level.SEGMENT,
            At(offset=self._segment.offset, segment=self._number), tag, loop, standard_code=number,
        )  # fmt: skip
