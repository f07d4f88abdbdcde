"""Work with a hard end: a black-holed link must hold up nobody.

When the connection goes, a coroutine of the AMQP client may outlast its own time-out, or end in a
`CancelledError` that nobody asked for. Here it is left behind after its time, and such an end is an error.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from core.bus.port import BusAwayError

T = TypeVar("T")

_left_behind: set[asyncio.Task[Any]] = set()
"""Cancelled and not yet ended; kept so that nothing is lost before it has ended."""


async def within(limit_s: float, work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` returns; raise `BusAwayError` after `limit_s` or when the connection ended it."""
    (result,) = await all_within(limit_s, [work])
    if isinstance(result, BaseException):
        raise result
    return result


async def all_within(limit_s: float, works: Sequence[Coroutine[Any, Any, T]]) -> list[T | BaseException]:
    """Do `works` side by side; return the result or the error of each, after `limit_s` at most."""
    tasks = [asyncio.ensure_future(work) for work in works]
    if not tasks:
        return []
    try:
        await asyncio.wait(tasks, timeout=limit_s)
    finally:
        for task in tasks:
            if not task.done():
                _leave(task)
    return [_outcome(task, limit_s) for task in tasks]


def _outcome(task: asyncio.Task[T], limit_s: float) -> T | BaseException:
    if not task.done():
        return BusAwayError(f"no answer from the broker within {limit_s:g} s")
    if task.cancelled():
        return BusAwayError("the connection was lost before the broker answered")
    error = task.exception()
    return task.result() if error is None else error


def _leave(task: asyncio.Task[Any]) -> None:
    _left_behind.add(task)
    task.add_done_callback(_forget)
    task.cancel()


def _forget(task: asyncio.Task[Any]) -> None:
    _left_behind.discard(task)
    if not task.cancelled():
        task.exception()  # looked at: its caller was told that it came too late
