"""One interchange's text cut into segments, at the speed of `str.split`."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, count
from operator import add, sub
from typing import TypeAlias

from mappings.errors import Position
from mappings.syntax.edi.faults import ENVELOPES
from mappings.syntax.edi.headers import START, Head
from mappings.syntax.edi.model import Fault, Level, Segment, Standard
from mappings.syntax.edi.values import joined, split

LONGEST_SEGMENT = 65_536
"""Characters; what is longer is left out, with a fault."""

WHITE = " \t\r\n\0\x1a"
"""What may stand between segments; NUL and Ctrl-Z pad the ends of files on some machines."""

_MARKS = {
    Standard.X12: re.compile(r"ISA|IEA|UN[AB]|BIN|BDS"),
    Standard.EDIFACT: re.compile(r"ISA|UN[ABZ]"),
}
"""Where an interchange may end, or another begin, or binary data that may hold delimiters."""
_AT_ONCE = 8192
"""Characters: what is cut at once and soon forgotten stays in the processor's cache, and never grows old."""
_BINARY = re.compile(rf"[{WHITE}]*B(?:IN|DS[^\w \t\r\n][A-Z0-9]{{0,9}})([^\w \t\r\n])([0-9]{{1,6}})\1")
_BINARY_HEAD = 64


@dataclass(frozen=True, slots=True)
class Batch:
    """Segments of one interchange."""

    segments: list[Segment]
    is_ascii: bool
    """Whether no byte in them is above 127."""
    wrapped: frozenset[int] = frozenset()
    """The offsets of those that had line breaks within, which were taken away."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The interchange has ended, at this offset: IEA or UNZ was the last segment, or another one begins."""

    end: int


Token: TypeAlias = Head | Batch | Closed | Fault
Step: TypeAlias = tuple[tuple[Token, ...], int, bool]
"""What was found, where to go on in the text, and whether there is anything to go on with."""


class Cutter:
    """Cuts what stands behind one header, until the interchange ends."""

    def __init__(self, head: Head, longest: int) -> None:
        self._delimiters = head.delimiters
        self._tail = ENVELOPES[head.standard][0].tail
        self._marks = _MARKS[head.standard]
        self._longest = longest
        self._skipping = False

    def step(self, text: str, at: int, base: int, *, last: bool) -> Step:
        """Cut what is whole from `at` on: all up to where the interchange may end, or that one segment."""
        if self._skipping:
            return self._skip(text, at)
        limit = min(len(text), at + _AT_ONCE)
        mark = self._marks.search(text, at, limit)
        cut = self._last_end(text, at, mark.start() if mark else limit)
        if cut > at:
            return (*self._cut(text[at:cut], base + at),), cut, True
        if mark is not None and self._begins_another(text, at):
            return (Closed(base + at),), at, True
        end = self._binary_end(text, at) if mark is not None else None
        if end is not None:
            return (
                ((self._uncut(text[at:end], base + at),), end, True)
                if end > at
                else self._rest(text, at, base, last=last)
            )
        end = self._first_end(text, at)
        if end > at:
            return self._one(text[at:end], base + at), end, True
        return self._rest(text, at, base, last=last)

    def _one(self, text: str, offset: int) -> tuple[Token, ...]:
        tokens = (*self._cut(text, offset),)
        return (*tokens, Closed(offset + len(text))) if self._ends(tokens) else tokens

    def _ends(self, tokens: Iterable[Token]) -> bool:
        return any(
            isinstance(token, Batch) and token.segments[-1].fields[0] == self._tail for token in tokens
        )

    def _rest(self, text: str, at: int, base: int, *, last: bool) -> Step:
        """Look at what has no terminator: it may come, or it is the end of the file, or too much to wait for."""
        if len(text) - at > self._longest:
            self._skipping = True
            return (self._too_long(base + at),), self._dropped(text, at), False
        if not last:
            return (), at, False
        rest = text[at:].strip(WHITE)
        if not rest:
            return (), len(text), False
        tokens = self._one(text[at:] + self._delimiters.segment, base + at)
        if self._delimiters.segment not in "\r\n":
            position = Position(offset=base + len(text))
            message = f"the last segment, {rest[:3]}, has no terminator: the file was cut off"
            tokens = (
                Fault("unterminated-segment", message, Level.INTERCHANGE, position, standard_code="023"),
                *tokens,
            )
        return tokens, len(text), False

    def _begins_another(self, text: str, at: int) -> bool:
        while at < len(text) and text[at] in WHITE:
            at += 1
        return START.match(text, at) is not None

    def _skip(self, text: str, at: int) -> Step:
        end = self._first_end(text, at)
        self._skipping = end <= at
        return (), self._dropped(text, at) if self._skipping else end, not self._skipping

    def _dropped(self, text: str, at: int) -> int:
        """Return up to where text can be forgotten: a release character at the end is for what comes next."""
        return len(text) - self._is_released(text, at, len(text))

    def _too_long(self, offset: int) -> Fault:
        message = f"a segment is longer than {self._longest:,} characters: it is left out"
        return Fault(
            "segment-too-long", message, Level.INTERCHANGE, Position(offset=offset), standard_code="022"
        )

    # --- binary data -------------------------------------------------------------------------------------------

    def _binary_end(self, text: str, at: int) -> int | None:
        """Return where a BIN or BDS has ended by the length that it states; `at` where that isn't all there yet.

        None: it is another segment, or its length is wrong, so that its terminator must be looked for.
        """
        match = _BINARY.match(text, at, at + _BINARY_HEAD)
        if match is None or match[1] != self._delimiters.element:
            return None
        end = match.end() + int(match[2])
        if end + 1 - at > self._longest:
            return None
        if end >= len(text):
            return at
        return end + 1 if text[end] == self._delimiters.segment else None

    def _uncut(self, text: str, offset: int) -> Batch:
        """Return a BIN or BDS, whose last element is data that may hold anything."""
        body = text.lstrip(WHITE)
        start = offset + len(text) - len(body)
        count = 2 if body.startswith("BIN") else 3
        fields = body[:-1].split(self._delimiters.element, count)
        return Batch([Segment(fields, start)], body.isascii())

    # --- where segments end ------------------------------------------------------------------------------------

    def _first_end(self, text: str, at: int) -> int:
        """Return where the segment at `at` has ended, its terminator included; `at` where it hasn't."""
        end = text.find(self._delimiters.segment, at)
        while end >= 0 and self._is_released(text, at, end):
            end = text.find(self._delimiters.segment, end + 1)
        return at if end < 0 else end + 1

    def _last_end(self, text: str, at: int, limit: int) -> int:
        """Return where the last segment before `limit` has ended; `at` where none has."""
        end = text.rfind(self._delimiters.segment, at, limit)
        while end >= 0 and self._is_released(text, at, end):
            end = text.rfind(self._delimiters.segment, at, end)
        return at if end < 0 else end + 1

    def _is_released(self, text: str, at: int, end: int) -> bool:
        first = end
        while first > at and text[first - 1] == self._delimiters.release:
            first -= 1
        return (end - first) % 2 == 1

    # --- cutting -----------------------------------------------------------------------------------------------

    def _cut(self, text: str, offset: int) -> list[Token]:
        """Return the segments of `text`, which ends with a terminator, and faults of those that are too long.

        All is done for many segments at once: a loop over them takes twice as long.
        """
        mark, end, release = self._delimiters.element, self._delimiters.segment, self._delimiters.release
        pieces = text[:-1].split(end)
        if release is not None and release + end in text:
            pieces = joined(pieces, end, release)
        faults = self._without_long(pieces, offset) if len(text) > self._longest else []
        bodies = [piece.lstrip(WHITE) for piece in pieces]
        behind = map(add, accumulate(map(len, pieces)), count(offset))
        starts = list(map(sub, behind, map(len, bodies)))
        wrapped = frozenset[int]()
        everything = "".join(bodies)
        if "\n" in everything or "\r" in everything:
            bodies, wrapped = _unwrapped(bodies, starts)
        fields = (
            [body.split(mark) for body in bodies]
            if release is None or release not in text
            else [split(body, mark, release) for body in bodies]
        )
        segments = list(map(_new, zip(fields, starts, strict=True)))
        if "" in bodies:
            segments = [segment for segment in segments if segment[0] != [""]]
        return [*faults, Batch(segments, text.isascii(), wrapped)] if segments else faults

    def _without_long(self, pieces: list[str], offset: int) -> list[Token]:
        """Blank out the pieces that are too long, and return their faults."""
        faults: list[Token] = []
        for i, piece in enumerate(pieces):
            if len(piece) > self._longest:
                faults.append(self._too_long(offset))
                pieces[i] = " " * len(piece)
            offset += len(piece) + 1
        return faults


_new: Callable[[tuple[list[str], int]], Segment] = partial(
    tuple.__new__,  # pyright: ignore[reportUnknownMemberType] - of a tuple of anything
    Segment,
)
"""What `Segment(…)` does, without calling a function of Python for each."""


def _unwrapped(bodies: list[str], starts: list[int]) -> tuple[list[str], frozenset[int]]:
    """Return the segments without line breaks, and where those begin that had some between other characters."""
    trimmed = [body.rstrip("\r\n") for body in bodies]
    plain = [body.replace("\r", "").replace("\n", "") for body in trimmed]
    pairs = zip(plain, trimmed, starts, strict=True)
    return plain, frozenset(start for one, other, start in pairs if len(one) < len(other))
