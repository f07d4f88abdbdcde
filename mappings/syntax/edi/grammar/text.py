"""The text of a grammar file: lines of words, what is indented under them, and where they stand.

keyword word word | a title
  lines that belong to it
# a remark
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mappings.errors import Finding, Mark
from mappings.suggest import did_you_mean
from mappings.syntax.edi.grammar.shapes import InvalidGrammarError

LONGEST = 2_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line, without its remark."""

    words: tuple[str, ...]
    title: str
    mark: Mark
    under: list["Line"] = field(default_factory=list["Line"])

    @property
    def keyword(self) -> str:
        """The first word."""
        return self.words[0]

    def all_words(self) -> Iterator[tuple[str, Mark]]:
        """Yield the words of the lines under it, each with its place."""
        for line in self.under:
            for word in line.words:
                yield word, line.mark


class Complaints:
    """Gathers what is wrong with grammar files, so that all of it is said at once."""

    def __init__(self) -> None:
        self.found: list[Finding] = []

    def add(self, mark: Mark, message: str) -> None:
        """Add something that forbids the use of the grammar."""
        entry = Finding(mark, message)
        if entry not in self.found:
            self.found.append(entry)

    def take(self, error: InvalidGrammarError) -> None:
        """Add all that an error says."""
        for entry in error.findings:
            self.add(entry.mark, entry.message)

    def unknown(self, mark: Mark, what: str, word: str, known: list[str]) -> None:
        """Add a word that isn't there, with what was likely meant."""
        self.add(mark, f"there is no {what} {word!r}{did_you_mean(word, known)}")

    def check(self) -> None:
        """Raise `InvalidGrammarError` if there is anything."""
        if self.found:
            raise InvalidGrammarError(sorted(self.found, key=lambda entry: entry.mark))


def parse_lines(text: str, file: str, complaints: Complaints) -> list[Line]:
    """Return the lines of a file that aren't indented, with the others under them."""
    if len(text) > LONGEST:
        complaints.add(Mark(file), f"the file has more than {LONGEST:,} characters")
        return []
    top: list[Line] = []
    open_lines: list[tuple[int, list[Line]]] = [(-1, top)]
    for number, raw in enumerate(text.splitlines(), 1):
        content, _, title = raw.partition("#")[0].partition("|")
        words = tuple(content.split())
        if not words:
            continue
        indent = len(raw) - len(raw.lstrip())
        line = Line(words, title.strip(), Mark(file, number, indent + 1))
        while open_lines[-1][0] >= indent:
            open_lines.pop()
        open_lines[-1][1].append(line)
        open_lines.append((indent, line.under))
    return top
