"""What simulators share, and the deadline that connectors keep several calls within."""

import asyncio
from datetime import UTC, datetime

import pytest

from core.clock import ManualClock, SystemClock, in_time
from core.errors import DocumentError, OutcomeUnknownError
from core.raw_json import parse_json
from core.simulator import Later


async def test_calls_that_take_too_long_together_end_as_is_said() -> None:
    late = OutcomeUnknownError("the partner was not done")
    with pytest.raises(OutcomeUnknownError) as raised:
        async with in_time(SystemClock(speed=1000), 1, late):
            await asyncio.Event().wait()
    assert raised.value is late


async def test_calls_that_are_done_in_time_are_left_alone() -> None:
    async with in_time(SystemClock(), 60, OutcomeUnknownError("late")):
        await asyncio.sleep(0)


def test_what_is_no_json_is_refused_with_its_place() -> None:
    with pytest.raises(DocumentError) as refused:
        parse_json(b'{"a": 1,\n "b": }')
    assert (refused.value.problems[0].line, refused.value.problems[0].column) == (2, 7)


def test_what_nests_too_deep_is_refused() -> None:
    with pytest.raises(DocumentError, match="this is not JSON"):
        parse_json(b"[" * 100_000)


async def test_each_piece_of_later_work_is_done_at_its_time() -> None:
    clock, done = ManualClock(datetime(2026, 3, 1, tzinfo=UTC)), list[str]()
    later = Later(clock)

    async def work(name: str) -> None:
        done.append(name)

    later(20, lambda: work("second"))
    later(10, lambda: work("first"))
    await asyncio.sleep(0)
    for seconds in (10, 10):
        clock.advance(seconds)
        await later.next()
    assert done == ["first", "second"]
    assert not later.busy


async def test_what_is_left_is_given_up_at_the_end() -> None:
    later, done = Later(ManualClock(datetime(2026, 3, 1, tzinfo=UTC))), list[str]()

    async def work() -> None:
        done.append("done")

    later(10, work)
    await later.stop()
    assert not later.busy
    assert done == []
