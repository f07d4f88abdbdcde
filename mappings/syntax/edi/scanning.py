"""Bytes in, segments out, at the speed of `str.split`: what a large file is read with.

Nothing is kept but the segment that isn't whole yet. Bytes are taken as Latin-1, so that offsets are exact. Line
breaks before a segment belong to nobody; within a segment somebody wrapped the file, and they are taken away.
"""

import re
from collections.abc import Iterator

from mappings.errors import Position
from mappings.syntax.edi.cutting import LONGEST_SEGMENT, WHITE, Closed, Cutter, Step, Token
from mappings.syntax.edi.headers import START, More, read_head
from mappings.syntax.edi.model import Fault, Level

AT_ONCE = 65_536
"""Bytes that are gathered before they are cut: less costs time, more costs memory."""
_BETWEEN = re.compile(rf"(?:[{WHITE}]|\xef\xbb\xbf)*")
"""What may stand between interchanges: the same, and byte order marks."""
_KEPT = 6
"""Characters of what is no EDI that may be the beginning of a header."""
_MAGIC = (
    ("\x1f\x8b", "it is compressed with gzip: unpack it first"),
    ("PK\x03\x04", "it is a zip file: unpack it first"),
    ("\xff\xfe", "it is UTF-16: write it in a character set whose delimiters are single bytes"),
    ("\xfe\xff", "it is UTF-16: write it in a character set whose delimiters are single bytes"),
    ("I\0S\0", "it is UTF-16: write it in a character set whose delimiters are single bytes"),
    ("U\0N\0", "it is UTF-16: write it in a character set whose delimiters are single bytes"),
    ("<", "it looks like XML or HTML"),
    ("{", "it looks like JSON"),
    ("ISA", "its ISA has no end, or has not sixteen elements: was the file cut off?"),
    ("UNA", "no whole UNB comes after its UNA: was the file cut off?"),
    ("UNB", "its UNB has no end: was the file cut off?"),
)


class Scanner:
    """Cuts one file into segments. Into whatever chunks the file is cut, the same segments come out."""

    def __init__(self, longest: int = LONGEST_SEGMENT, at_once: int = AT_ONCE) -> None:
        self._longest = longest
        self._at_once = at_once
        self._chunks: list[bytes] = []
        self._waiting = 0
        self._text = ""
        self._base = 0
        self._cutter: Cutter | None = None
        self._searching = False
        self._told = False
        self._any = False

    def feed(self, data: bytes) -> Iterator[Token]:
        """Take the next bytes of the file; yield what is whole."""
        self._chunks.append(data)
        self._waiting += len(data)
        if self._waiting >= self._at_once:
            yield from self._run(last=False)

    def close(self) -> Iterator[Token]:
        """Yield what is left when the file has ended."""
        yield from self._run(last=True)

    @property
    def offset(self) -> int:
        """How many bytes of the file were taken."""
        return self._base + len(self._text) + self._waiting

    def _run(self, *, last: bool) -> Iterator[Token]:
        text = self._text + b"".join(self._chunks).decode("latin-1")
        self._chunks, self._waiting = [], 0
        at, more = 0, True
        while more:
            tokens, at, more = self._step(text, at, last=last)
            yield from tokens
        self._base += at
        self._text = text[at:]

    def _step(self, text: str, at: int, *, last: bool) -> Step:
        if self._cutter is None:
            return self._between(text, at, last=last)
        tokens, at, more = self._cutter.step(text, at, self._base, last=last)
        if tokens and isinstance(tokens[-1], Closed):
            self._cutter, more = None, True
        return tokens, at, more

    # --- between interchanges ----------------------------------------------------------------------------------

    def _between(self, text: str, at: int, *, last: bool) -> Step:
        if self._searching:
            return self._search(text, at, last=last)
        match = _BETWEEN.match(text, at)
        at = match.end() if match else at
        if at == len(text):
            return (), at, False
        try:
            found = read_head(text, at, self._base, last=last)
        except More:
            return (), at, False
        if found is None:
            self._searching = True
            tokens = () if self._told else (self._debris(text, at),)
            self._told = True
            return tokens, at, True
        self._told = False
        self._any = True
        self._cutter = Cutter(found.head, self._longest)
        return (found.head,), found.behind, True

    def _search(self, text: str, at: int, *, last: bool) -> Step:
        match = START.search(text, at + 1)
        if match is not None:
            self._searching = False
            return (), match.start(), True
        return (), len(text) if last else max(at, len(text) - _KEPT), False

    def _debris(self, text: str, at: int) -> Fault:
        position = Position(offset=self._base + at)
        if not self._any:
            why = next((why for magic, why in _MAGIC if text.startswith(magic, at)), None)
            message = why or "it begins with neither ISA nor UNA nor UNB"
            return Fault("not-edi", f"this is not EDI: {message}", Level.FILE, position)
        message = "this stands outside of any interchange: it is left out"
        return Fault("trailing-data", message, Level.FILE, position)
