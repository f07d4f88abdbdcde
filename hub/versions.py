"""Which code and which mappings a hub runs with: what plans, replays and previews name."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

from core.errors import HubError

_SHOWN = 8


class _Set(Protocol):
    @property
    def version(self) -> str: ...


class _Library(Protocol):
    @property
    def current(self) -> _Set: ...

    def named(self, mapping: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Versions:
    """Asks the library each time, because mappings are reloaded. A hub without mapping documents has none."""

    library: _Library | None = None

    @property
    def code(self) -> str:
        """The version of orderhub."""
        try:
            return version("orderhub")
        except PackageNotFoundError:
            return "0"

    @property
    def mappings(self) -> str | None:
        """The digest of the whole set of mappings that is in use, shortened."""
        return self.library.current.version[:_SHOWN] if self.library is not None else None

    def now(self, recorded: str | None) -> str | None:
        """Return the version in use of a mapping that was recorded as `name@version+digest`; None if it is gone."""
        if recorded is None or self.library is None:
            return None
        try:
            return self.library.named(recorded.partition("@")[0])
        except HubError:
            return None

    def said(self) -> str:
        """Say both in a few words, as a replayed item keeps them."""
        return f"orderhub {self.code}" + (f", mappings {self.mappings}" if self.mappings else "")
