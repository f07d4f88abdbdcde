"""Files read as events: bytes in, envelopes and segments out, with all that is wrong.

One bad set never harms its neighbours, reading goes on after every fault, and memory stays flat: what is held is one
chunk, and the faults of what is open.
"""

from collections.abc import Iterable, Iterator

from mappings.errors import Position
from mappings.syntax.edi.cutting import Batch, Closed, Token
from mappings.syntax.edi.events import Event
from mappings.syntax.edi.headers import Head
from mappings.syntax.edi.interchange import OpenInterchange
from mappings.syntax.edi.model import Fault, Level
from mappings.syntax.edi.opened import Reading
from mappings.syntax.edi.scanning import AT_ONCE, Scanner


class Reader:
    """Reads one file, in chunks of any size; into whatever chunks it is cut, the same events come out."""

    def __init__(self, reading: Reading | None = None, *, at_once: int = AT_ONCE) -> None:
        self._reading = reading or Reading()
        self._scanner = Scanner(at_once=at_once)
        self._open: OpenInterchange | None = None
        self._empty = True

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take the next bytes; yield what they bring to an end."""
        for token in self._scanner.feed(data):
            yield from self._events(token)

    def close(self) -> Iterator[Event]:
        """Yield the rest: the file has ended."""
        for token in self._scanner.close():
            yield from self._events(token)
        yield from self._end(self._scanner.offset, "the end of the file")
        if self._empty:
            bare = "has nothing but white space or NUL bytes in it" if self._scanner.offset else "is empty"
            message = (
                f"the file {bare}: no interchange is there; was it cut off, or made by a failed transfer?"
            )
            yield Fault("empty", message, Level.FILE, Position(offset=self._scanner.offset))

    def _events(self, token: Token) -> Iterable[Event]:
        self._empty = False
        if isinstance(token, Batch):
            return self._open.take(token) if self._open is not None else ()
        if isinstance(token, Head):
            opened = OpenInterchange(token, self._reading)
            self._open = opened
            return (opened.begin,)
        if isinstance(token, Closed):
            return self._end(token.end, "the next interchange")
        if self._open is None:
            return (token,)
        self._open.note(token)
        return ()

    def _end(self, offset: int, before: str) -> Iterable[Event]:
        opened, self._open = self._open, None
        return () if opened is None else opened.close(offset, before)


def read_events(chunks: Iterable[bytes], reading: Reading | None = None) -> Iterator[Event]:
    """Yield the events of one file. It never raises for what is in it: what is wrong are faults."""
    reader = Reader(reading)
    for chunk in chunks:
        yield from reader.feed(chunk)
    yield from reader.close()
