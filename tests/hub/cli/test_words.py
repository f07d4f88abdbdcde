"""What people type for times, and how lengths of time are told."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.cli.failing import Failure
from hub.cli.looks import ago, short, span
from hub.cli.words import since

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("30m", NOON - timedelta(minutes=30)),
        ("2h", NOON - timedelta(hours=2)),
        ("3 d", NOON - timedelta(days=3)),
        ("1w", NOON - timedelta(days=7)),
        ("2026-11-19", datetime(2026, 11, 19, tzinfo=UTC)),
        ("2026-11-20T13:00:00+02:00", NOON - timedelta(hours=1)),
        (None, None),
    ],
)
def test_a_time_may_be_a_span_a_day_or_exact(text: str | None, when: datetime | None) -> None:
    assert since(text, NOON) == when


@pytest.mark.parametrize("text", ["yesterday", "", "2x", "-1h", "9999999h"])
def test_what_is_no_time_is_a_wrong_call_that_says_what_is(text: str) -> None:
    with pytest.raises(Failure, match="2h") as refused:
        since(text, NOON)
    assert refused.value.usage


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(minutes=61), "1h 1m"),
        (timedelta(hours=2), "2h"),
        (timedelta(days=400, hours=1), "400d 1h"),
    ],
)
def test_a_length_is_told_in_its_two_largest_units(length: timedelta, said: str) -> None:
    assert span(length) == said


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=10_000)))
def test_any_length_is_short(length: timedelta) -> None:
    assert len(span(length)) <= 10


def test_what_is_to_come_is_told_so() -> None:
    assert ago(NOON + timedelta(hours=2), NOON) == "in 2h"
    assert ago(NOON - timedelta(hours=2), NOON) == "2h"
    assert ago(None, NOON) == ""


def test_an_id_is_told_by_its_end() -> None:
    whole = UUID("019aa000-0000-7000-8000-0123456789ab")
    assert short(whole) == "456789ab"
    assert short(whole, wide=True) == str(whole)
    assert short(None) == ""
