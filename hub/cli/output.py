"""Where commands say things: tables for people, JSON for programs, trouble on the other stream."""

import json
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

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
        from pydantic_core import to_jsonable_python

        plain = to_jsonable_python(value, fallback=_own_words)
        sys.stdout.write(json.dumps(plain, ensure_ascii=False, indent=2) + "\n")
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


def _own_words(value: Any) -> Any:
    """Return what a problem or another value of ours says about itself."""
    as_dict = getattr(value, "as_dict", None)
    return str(value) if as_dict is None else as_dict()
