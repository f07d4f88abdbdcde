"""Which mapping documents were used: said by the library of mappings, heard by whoever has something read.

A reader is a closure that hides its mapping; what was stored, replayed or tried out is to name it nevertheless.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MappingUse:
    """One use of a mapping: its name, the same with version and digest, and what it was given."""

    asked: str
    """The mapping that was asked for; another may stand in for it."""
    mapping: str
    named: str
    """As it is recorded: `webstore/order@3+1f2e3d4c`."""
    context: Mapping[str, str]
    raw: bytes


_LISTENER: ContextVar[list[MappingUse] | None] = ContextVar("mapping_uses", default=None)


@contextmanager
def listening() -> Generator[list[MappingUse]]:
    """Collect the uses inside the block, in this task alone."""
    heard: list[MappingUse] = []
    token = _LISTENER.set(heard)
    try:
        yield heard
    finally:
        _LISTENER.reset(token)


def used(use: MappingUse) -> None:
    """Say that a mapping is being used."""
    heard = _LISTENER.get()
    if heard is not None:
        heard.append(use)
