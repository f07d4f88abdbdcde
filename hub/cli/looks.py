"""How things look in the terminal: tables that fit, statuses in colour, times that can be read at a glance."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

SHORT_ID = 8
_GOOD = frozenset(
    {"done", "completed", "confirmed", "resolved", "captured", "shipped", "delivered", "running"}
)
_WAITS = frozenset(
    {"pending", "sending", "waiting", "received", "replaying", "in_progress", "placed", "planned"}
)
_BAD = frozenset(
    {"failed", "open", "parked", "unknown", "rejected", "stopped", "declined", "expired", "paused"}
)
_DULL = frozenset({"cancelled", "discarded", "duplicate", "ignored", "stale", "replaced", "none", "voided"})


LONGEST_WORD = 24
"""A longer one may be broken, where there is little room."""
_BETWEEN = 3
"""Cells between two columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `wide` and `spare` ones go where there is no room; `keep` ones are folded last of all."""

    title: str
    value: Callable[[Any], Any]
    wide: bool = False
    spare: bool = False
    keep: bool = False
    right: bool = False

    def least(self, cells: Sequence[Text], *, keeping: bool = True) -> int:
        """Return how wide it must be for no word of it to be broken."""
        words = [self.title, *(word for text in cells for word in text.plain.split())]
        short = min(LONGEST_WORD, max(cell_len(word) for word in words))
        return max(cell_len(self.title), self.most(cells) if self.keep and keeping else short)

    def most(self, cells: Sequence[Text]) -> int:
        """Return how wide it is when nothing of it is folded."""
        return max(cell_len(self.title), *(text.cell_len for text in cells))


def table(
    columns: Sequence[Column], rows: Iterable[Any], *, wide: bool, empty: str = "nothing"
) -> RenderableType:
    """Return a table of `rows`, or a word about there being none."""
    shown = [column for column in columns if wide or not column.wide]
    cells = [[cell(column.value(row)) for column in shown] for row in rows]
    return (
        _Fitting(shown, [list(column) for column in zip(*cells, strict=True)])
        if cells
        else Text(empty, style="dim")
    )


class _Fitting:
    """A table that leaves out its less important columns, the last first, before it breaks a word."""

    def __init__(self, columns: Sequence[Column], cells: Sequence[Sequence[Text]]) -> None:
        self._columns = list(zip(columns, cells, strict=True))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw what fits."""
        shown, room = list(self._columns), options.max_width
        spare = [pair for pair in shown if pair[0].spare] + [pair for pair in shown if pair[0].wide]
        while spare and _width([column.least(cells) for column, cells in shown]) > room:
            shown.remove(spare.pop())
        widths = _widths(shown, room)
        drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, expand=False)
        for (column, _), width in zip(shown, widths, strict=True):
            drawn.add_column(
                column.title, overflow="fold",
                justify="right" if column.right else "left", width=width,
            )  # fmt: skip
        for row in zip(*(cells for _, cells in shown), strict=True):
            drawn.add_row(*row)
        yield drawn


def _width(columns: Sequence[int]) -> int:
    return sum(columns) + _BETWEEN * (len(columns) - 1)


def _widths(shown: Sequence[tuple[Column, Sequence[Text]]], room: int) -> list[int | None]:
    """Return how wide each column is: what it must be, and its share of what is left; None where that is too much."""
    widths = [column.least(cells) for column, cells in shown]
    if _width(widths) > room:
        widths = [column.least(cells, keeping=False) for column, cells in shown]
    left = room - _width(widths)
    if left < 0:
        return [None] * len(widths)
    wishes = [column.most(cells) - least for (column, cells), least in zip(shown, widths, strict=True)]
    modest_first = sorted(range(len(widths)), key=lambda n: wishes[n])
    for taken, n in enumerate(modest_first):
        more = min(wishes[n], left // (len(widths) - taken))
        widths[n] += more
        left -= more
    return list(widths)


def facts(pairs: Mapping[str, Any]) -> RenderableType:
    """Return names and values, one pair a line; what is None or empty is left out."""
    drawn = Table.grid(padding=(0, 2))
    drawn.add_column(style="dim", no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, value in pairs.items():
        if value is not None and value not in ("", ()):
            drawn.add_row(name, cell(value))
    return drawn


def section(title: str, *parts: RenderableType) -> RenderableType:
    """Return parts under a headline."""
    return Group(
        Text(), Rule(title, align="left", style="dim"), *(Padding(part, (0, 0, 0, 2)) for part in parts)
    )


def cell(value: Any) -> Text:
    """Return a value as it stands in a table. Words of the hub get their colour; nothing is read as markup."""
    if isinstance(value, Text):
        return value
    if value is None:
        return Text("")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, datetime):
        return Text(moment(value))
    if isinstance(value, (list, tuple)):
        return Text(", ".join(str(one) for one in cast("Iterable[Any]", value)))
    return Text(str(value))


def status(word: str | None) -> Text:
    """Return a status in the colour of its meaning."""
    text = word or ""
    style = (
        "green"
        if text in _GOOD
        else "yellow"
        if text in _WAITS
        else "red"
        if text in _BAD
        else "dim"
        if text in _DULL
        else ""
    )
    return Text(text.replace("_", " "), style=style)


def short(value: UUID | str | None, *, wide: bool = False) -> str:
    """Return an id, or its last eight digits, which are enough for a command."""
    text = str(value) if value is not None else ""
    return text if wide or len(text) != 36 else text[-SHORT_ID:]  # noqa: PLR2004 - a UUID as text


def moment(when: datetime) -> str:
    """Return a time to the second, in UTC."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def until(at: datetime | None, now: datetime) -> Text:
    """Return how long there still is for something, and in red for how long it is late."""
    if at is None:
        return Text("")
    return Text(f"in {span(at - now)}") if at >= now else Text(f"{span(now - at)} late", style="red")


def ago(when: datetime | None, now: datetime) -> str:
    """Return how long ago something was (or how soon it will be), roughly."""
    if when is None:
        return ""
    passed = now - when
    return f"in {span(-passed)}" if passed < timedelta(seconds=-1) else span(passed)


def span(length: timedelta) -> str:
    """Return a length of time in its two largest units."""
    seconds = max(0, int(length.total_seconds()))
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return " ".join(f"{number}{unit}" for number, unit in parts[:2] if number or unit == parts[0][1])


def more(cursor: str | None) -> list[RenderableType]:
    """Return how to see the rest of a list."""
    return [Text(f"there is more: --after {cursor}", style="dim")] if cursor else []
