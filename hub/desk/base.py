"""What all reads share: frozen views, pages with a cursor, conditions put together safely."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from core.errors import Problem
from hub.desk.errors import InvalidError

LONGEST_PAGE = 500
SECONDS_PER_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class View(BaseModel):
    """Something that is shown: the same model for the API and for `--json`."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class Entry(View):
    """An entry of a list. Ids are ordered by time."""

    id: UUID


T = TypeVar("T")
E = TypeVar("E", bound=Entry)
V = TypeVar("V", bound=View)


class Page(View, Generic[T]):
    """Some of a list, newest first. `next` is the cursor of what follows; None at the end."""

    items: tuple[T, ...]
    next: str | None = None


class Where:
    """Conditions of a query, each with its parameter. `?` stands for the parameter, also in `{any:?:text}`."""

    def __init__(self) -> None:
        self._clauses: list[str] = []
        self.values: list[Any] = []

    def add(self, clause: str, value: Any) -> None:
        """Add a condition about `value`."""
        self.values.append(value)
        n = len(self.values)
        self._clauses.append(clause.replace("{any:?", f"{{any:{n}").replace("?", f"${n}"))

    def plain(self, clause: str) -> None:
        """Add a condition without a parameter."""
        self._clauses.append(clause)

    def equal(self, **columns: Any) -> None:
        """Add `column = value` for each value that is not None."""
        for column, value in columns.items():
            if value is not None:
                self.add(f"{column} = ?", value)

    def text(self) -> str:
        """Return the clause, or nothing."""
        return f" WHERE {' AND '.join(self._clauses)}" if self._clauses else ""


def cursor_id(cursor: str | None) -> UUID | None:
    """Read a page's cursor; raises `InvalidError` for one that no page gave out."""
    if cursor is None:
        return None
    try:
        return UUID(cursor)
    except ValueError:
        raise InvalidError(
            "the cursor is not one that a page gave out as `next`",
            problems=[Problem("is no cursor: start without one", field="cursor", value=cursor[:80])],
        ) from None


def page_size(limit: int) -> int:
    """Check how much is asked for at once."""
    if not 1 <= limit <= LONGEST_PAGE:
        problem = Problem(f"a page has 1 to {LONGEST_PAGE} entries", field="limit", value=str(limit))
        raise InvalidError(str(problem), problems=[problem])
    return limit


def page(items: Sequence[E], limit: int) -> Page[E]:
    """Make a page of what a query for `limit + 1` rows found."""
    shown = tuple(items[:limit])
    return Page[E](items=shown, next=str(shown[-1].id) if len(items) > limit and shown else None)


def from_row(model: type[V], row: Any, **changes: Any) -> V:
    """Read a view from a row whose columns have its fields' names; `changes` take precedence."""
    return model.model_validate(
        {name: changes[name] if name in changes else row[name] for name in model.model_fields}
    )


def as_instant(value: object) -> datetime | None:
    """Return a time of either database (an expression of SQLite gives text)."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime.fromisoformat(str(value))


def required(text: str, field: str, *, longest: int = 2000) -> str:
    """Check a text that a person must give."""
    plain = text.strip()
    if not plain or len(plain) > longest or "\x00" in plain:
        problem = Problem(f"say something, in up to {longest} characters", field=field, value=text[:80])
        raise InvalidError(str(problem), problems=[problem])
    return plain
