"""Where commands say things: tables for people, JSON for programs, trouble on the other stream."""

import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, cast

from rich.console import Console, RenderableType
from rich.text import Text

PIPE_WIDTH = 160
"""What goes into a file or another program is not cut to a terminal that isn't there."""


class Output:
    """What one command says, and how. `json` is the wish for JSON."""

    def __init__(self, *, json: bool = False) -> None:
        self.json = json
        self.console = _console(sys.stdout)
        self.errors = _console(sys.stderr)

    @property
    def wide(self) -> bool:
        """Whether there is room for whole ids and the less important columns."""
        return self.console.width >= 110  # noqa: PLR2004 - two ids of 36 characters, and some words

    def show(self, value: Any, render: Callable[[], RenderableType | Iterable[RenderableType]]) -> None:
        """Say a value: as JSON, or as `render` draws it."""
        if self.json:
            self.data(value)
            return
        drawn = render()
        for part in drawn if isinstance(drawn, (list, tuple)) else [drawn]:
            self.console.print(part)

    def data(self, value: Any) -> None:
        """Say a value as JSON, one document, whatever the terminal's width."""
        sys.stdout.write(json.dumps(_plain(value), ensure_ascii=False, indent=2) + "\n")
        sys.stdout.flush()

    def line(self, text: str | Text, *, style: str = "") -> None:
        """Say a sentence; programs are not told it."""
        if not self.json:
            self.console.print(Text(text) if isinstance(text, str) else text, style=style, soft_wrap=True)

    def trouble(self, text: str, *, style: str = "red") -> None:
        """Say what is wrong, in one line that is never broken."""
        self.errors.print(Text(text), style=style, soft_wrap=True)


def _console(stream: Any) -> Console:
    """Return a console that leaves colours out where nobody sees them, and does not fold what is piped."""
    width = None if stream.isatty() or os.environ.get("COLUMNS") else PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, emoji=False)


def _plain(value: Any) -> Any:
    """Return a value as JSON knows it: views dumped, by the same words as the API's."""
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return dump(mode="json")
    as_dict = getattr(value, "as_dict", None)
    if as_dict is not None:
        return _plain(as_dict())
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in cast("dict[Any, Any]", value).items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(inner) for inner in cast("Iterable[Any]", value)]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
