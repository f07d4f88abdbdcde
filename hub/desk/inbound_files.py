"""Announcements in files: rows of a CSV, JSON or YAML file, read all or not at all. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints, ValidationError

from canonical.base import Instant, Name, Value
from canonical.inbound import InboundInstruction, InboundLine, InboundNumber, Scac
from core.errors import DocumentError, Problem
from hub.desk.table_files import FileRow, format_of, read_rows, row_problems

_ABOUT_ALL = ("expected_at", "ship_from", "carrier")


class InboundRow(Value):
    """So many units of a SKU in what is announced as `number`. What is about all of it is said in any of its rows."""

    number: InboundNumber
    sku: Name
    quantity: Annotated[int, Field(gt=0, le=1_000_000)]
    expected_at: Instant | None = None
    ship_from: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)] | None
    ) = None
    carrier: Scac | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rows of one announcement, with the line that each stands on."""

    number: str
    rows: tuple[tuple[int, InboundRow], ...]

    def instruction(self, node: str, now: datetime, titles: Mapping[str, str]) -> InboundInstruction:
        """Return what is announced to a node."""
        lines = (
            InboundLine(sku=row.sku, quantity=row.quantity, title=titles.get(row.sku, ""))
            for _, row in self.rows
        )
        about = {
            name: next((said for _, row in self.rows if (said := getattr(row, name)) is not None), None)
            for name in _ABOUT_ALL
        }
        return InboundInstruction(number=self.number, node=node, created_at=now, lines=tuple(lines), **about)


def read_inbound(name: str, content: bytes) -> list[Wanted]:
    """Return the announcements of a file, in its order; raise `DocumentError` with every problem and its line."""
    found: dict[str, list[tuple[int, InboundRow]]] = {}
    problems: list[Problem] = []
    for one in read_rows(name, content, format_of(name)):
        row = _row(name, one, problems)
        if row is not None:
            rows = found.setdefault(row.number, [])
            problems.extend(_against(name, one.line, row, rows))
            rows.append((one.line, row))
    if not found and not problems:
        problems.append(Problem("has no rows: say number, sku and quantity in each", line=1, source=name))
    if problems:
        raise DocumentError(tuple(problems))
    return [Wanted(number, tuple(rows)) for number, rows in found.items()]


def _row(name: str, one: FileRow, problems: list[Problem]) -> InboundRow | None:
    try:
        return InboundRow.model_validate(one.values)
    except ValidationError as error:
        problems.extend(row_problems(name, one, error))
        return None


def _against(
    name: str, line: int, row: InboundRow, before: Sequence[tuple[int, InboundRow]]
) -> list[Problem]:
    """Return where a row contradicts those of its announcement that stand before it."""
    found: list[Problem] = []
    for at, other in before:
        if other.sku == row.sku:
            reason = f"stands there twice: line {at} announces it as {row.number} too"
            found.append(Problem(reason, field="sku", value=row.sku, line=line, source=name))
        for field in _ABOUT_ALL:
            ours, theirs = getattr(row, field), getattr(other, field)
            if ours is not None and theirs is not None and ours != theirs:
                reason = f"line {at} says {theirs}, and both are about {row.number}"
                found.append(Problem(reason, field=field, value=str(ours), line=line, source=name))
    return found
