"""Tables fit their terminal: the less important columns go before a word is broken."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from hub.cli.looks import Column, table, until

ROWS: list[dict[str, Any]] = [
    {
        "order": "webstore:W1-00019",
        "status": "cancelled",
        "said": "a parcel was refused by the node",
        "total": "1254.90 EUR",
    },
    {"order": "till:T1-00020", "status": "in progress", "said": "", "total": "14.89 EUR"},
]
COLUMNS = [
    Column("order", lambda row: row["order"]),
    Column("status", lambda row: row["status"], spare=True),
    Column("said", lambda row: row["said"]),
    Column("total", lambda row: row["total"], right=True, keep=True),
    Column("id", lambda _: "0" * 36, wide=True, keep=True),
]


def drawn(width: int) -> str:
    console = Console(width=width, highlight=False, force_terminal=False)
    with console.capture() as capture:
        console.print(table(COLUMNS, ROWS, wide=width >= 110))
    return capture.get()


@pytest.mark.parametrize("width", [56, 60, 70, 80, 100, 110, 120, 160])
def test_no_word_is_broken_and_nothing_goes_beyond_the_terminal(width: int) -> None:
    text = drawn(width)
    assert all(len(line) <= width for line in text.splitlines())
    assert {"webstore:W1-00019", "refused", "parcel", "total"} <= set(text.split())
    assert "1254.90 EUR" in text


def test_the_spare_column_goes_first() -> None:
    assert "cancelled" in drawn(80)
    assert "cancelled" not in drawn(50)
    assert "webstore:W1-00019" in drawn(50)


def test_a_wide_terminal_has_every_column_in_one_line_each() -> None:
    text = drawn(160)
    assert len(text.splitlines()) == 4
    assert "0" * 36 in text
    assert "a parcel was refused by the node" in text


def test_what_is_kept_whole_is_folded_before_words_of_others_are_broken() -> None:
    console = Console(width=40)
    columns = [Column("connector", lambda row: row), Column("address", lambda _: "x" * 60, keep=True)]
    with console.capture() as capture:
        console.print(table(columns, ["webstore"], wide=False))
    text = capture.get()
    assert "connector" in text
    assert "webstore" in text
    assert text.count("x") == 60


def test_nothing_is_lost_where_not_even_words_fit() -> None:
    letters = "".join(drawn(20).split())
    assert all(letters.count(letter) >= "webstore:W1-00019".count(letter) for letter in "wbW19")


def test_no_rows_are_a_word() -> None:
    console = Console(width=80)
    with console.capture() as capture:
        console.print(table(COLUMNS, [], wide=False, empty="there are none"))
    assert capture.get().strip() == "there are none"


@pytest.mark.parametrize(("hours", "said"), [(26, "in 1d 2h"), (0, "in 0s"), (-3, "3h late"), (None, "")])
def test_a_deadline_says_how_long_there_is_or_how_late_it_is(hours: int | None, said: str) -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert until(None if hours is None else now + timedelta(hours=hours), now).plain == said
