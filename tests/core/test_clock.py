"""Clocks that agree."""

from datetime import UTC, datetime, timedelta

import pytest

from core.clock import SystemClock


def test_clocks_of_one_speed_and_moment_tell_the_same_time_whenever_they_were_made() -> None:
    earlier = datetime.now(UTC) - timedelta(hours=1)
    one, other = SystemClock(20, earlier), SystemClock(20, earlier)
    assert abs(one.now() - other.now()) < timedelta(minutes=1)
    assert one.now() - earlier >= timedelta(hours=20)
    assert one.monotonic() >= 20 * 3600


def test_a_clock_begins_when_it_is_made_unless_it_is_told_another_moment() -> None:
    before = datetime.now(UTC)
    assert before <= SystemClock(5).since <= datetime.now(UTC)


def test_a_clock_that_stands_still_is_refused() -> None:
    with pytest.raises(ValueError, match="speed must be above 0, not 0"):
        SystemClock(0)
