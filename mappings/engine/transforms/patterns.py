"""Regular expressions that can't hang: a subset whose cost is known before it runs.

Python's engine backtracks, so `(a+)+` takes years on a short text. Here no repeat holds another repeat or an
alternative, there are no look-arounds or back-references, and the number of steps that a pattern can take on a text of
a given length is computed; a longer text is refused.
"""

import re
from dataclasses import dataclass

from mappings.errors import Refusal

MOST_STEPS = 20_000_000
LONGEST_PATTERN = 200
SHORTEST = 50
"""A pattern that can't be tried on so long a text isn't worth having."""

_ATOM = re.compile(
    r"\\[dDwWsSbB.^$*+?()\[\]{}|/\\-]"  # a class, or a character that would mean something
    r"|\[\^?\]?(?:\\.|[^\]\\\[])*\]"  # a set of characters
    r"|[^\\\[\](){}*+?|]",  # any other character, `.`, `^` and `$` among them
)
_SET_OPERATION = re.compile(r"--|&&|~~|\|\|")
_GROUP = re.compile(r"\((?:\?:)?")
_REPEAT = re.compile(r"(?:[*+?]|\{([0-9]{1,3})(?:(,)([0-9]{1,3})?)?\})\??")


@dataclass(frozen=True, slots=True)
class SafePattern:
    """A pattern, and the longest text that it is tried on."""

    regex: re.Pattern[str]
    longest: int

    def check(self, text: str) -> None:
        """Refuse a text that the pattern could take too long on."""
        if len(text) > self.longest:
            raise Refusal(
                f"the text has {len(text)} characters; this pattern is tried on up to {self.longest}"
            )


def safe_pattern(text: str) -> SafePattern:
    """Return a compiled pattern; raise ValueError for one outside the subset."""
    if len(text) > LONGEST_PATTERN:
        raise ValueError(f"a pattern has up to {LONGEST_PATTERN} characters")
    parser = _Parser(text)
    parser.alternatives()
    if parser.offset < len(text):
        raise ValueError(f"the pattern can't have {text[parser.offset]!r} at character {parser.offset + 1}")
    try:
        regex = re.compile(text, re.ASCII)
    except re.error as error:
        raise ValueError(f"the pattern is wrong: {error}") from None
    return SafePattern(regex, _longest(parser.unbounded, parser.ways, 0 if _is_anchored(text) else 1))


def _longest(unbounded: int, ways: int, starts: int) -> int:
    """Return the length on which a search takes `MOST_STEPS`: each start, times each way to divide the rest."""
    longest = int((MOST_STEPS / ways) ** (1 / max(1, unbounded + starts)))
    if longest < SHORTEST:
        raise ValueError("the pattern could take too long: use fewer repeats and alternatives")
    return min(longest, 10_000)


def _is_anchored(text: str) -> bool:
    """Say whether a pattern is only tried at the beginning of a text."""
    return text.startswith("^") and "|" not in text


class _Parser:
    """Walks over a pattern and counts in how many ways it can match."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.offset = 0
        self.unbounded = 0
        self.ways = 1

    def alternatives(self) -> bool:
        """Read `a|b|c`; say whether there is any choice within: a repeat, or an alternative."""
        choice = self._sequence()
        while self._text.startswith("|", self.offset):
            self.offset += 1
            self.ways *= 2
            choice = self._sequence() or True
        return choice

    def _sequence(self) -> bool:
        choice = False
        while self.offset < len(self._text):
            inner = self._one()
            if inner is None:
                break
            choice = self._repeat(within=inner) or inner or choice
        return choice

    def _one(self) -> bool | None:
        """Read one atom or group; None at what is neither."""
        if match := _ATOM.match(self._text, self.offset):
            if match[0][0] == "[" and _SET_OPERATION.search(match[0]):
                raise ValueError("a set of characters can't have `--`, `&&`, `~~` or `||` in it")
            self.offset = match.end()
            return False
        match = _GROUP.match(self._text, self.offset)
        if match is None:
            return None
        if self._text.startswith("(?", self.offset) and match[0] == "(":
            raise ValueError("the pattern can't look around, name groups or set flags")
        self.offset = match.end()
        choice = self.alternatives()
        if not self._text.startswith(")", self.offset):
            raise ValueError("a group of the pattern isn't closed")
        self.offset += 1
        return choice

    def _repeat(self, *, within: bool) -> bool:
        """Read a repeat, if there is one; say whether it lets a text match in several ways."""
        match = _REPEAT.match(self._text, self.offset)
        if match is None:
            return False
        self.offset = match.end()
        least, most = _bounds(match)
        if within and most != 1:
            raise ValueError(
                "the pattern repeats a group that can itself match in several ways: write it out"
            )
        if most is None:
            self.unbounded += 1
        else:
            self.ways *= max(1, most - least + 1)
        return least != most


def _bounds(match: re.Match[str]) -> tuple[int, int | None]:
    sign = match[0][0]
    if sign != "{":
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
    least = int(match[1])
    if match[2] is None:
        return least, least
    return least, int(match[3]) if match[3] is not None else None
