"""The poll brings every order that changed, once in each of its states, however search and clocks behave."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from connectors.shopify.feeds import CURSOR
from connectors.shopify.simulator.checkout import Basket, Wanted
from core.clock import ManualClock
from core.errors import RetryableError
from tests.connectors.shopify.stage import CUPS_AND_POT, stage

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


async def test_only_what_changed_since_the_last_poll_is_fetched() -> None:
    clock = ManualClock(NOON)
    async with stage(clock=clock) as on:
        await on.poll.poll(on.desk)
        references = [on.shop.place(CUPS_AND_POT) for _ in range(3)]
        clock.advance(60)
        assert await on.poll.poll(on.desk) == 3
        assert await on.poll.poll(on.desk) == 0
        fetches = on.shop.api.calls.count("query Order")
        clock.advance(60)
        on.shop.refund(on.shop.place(CUPS_AND_POT, payment="paid"), "1.00")
        on.shop.edit(references[1], {0: 1})
        clock.advance(60)
        assert await on.poll.poll(on.desk) == 2
        assert on.shop.api.calls.count("query Order") == fetches + 2


async def test_a_second_change_within_the_same_second_is_not_lost() -> None:
    clock = ManualClock(NOON)
    async with stage(clock=clock) as on:
        await on.poll.poll(on.desk)
        reference = on.shop.place(CUPS_AND_POT, payment="paid")
        assert await on.poll.poll(on.desk) == 1
        on.shop.refund(reference, "1.00")
        clock.advance(60)
        assert await on.poll.poll(on.desk) == 1


async def test_an_order_that_search_shows_late_is_found_in_the_overlap() -> None:
    clock = ManualClock(NOON)
    async with stage(clock=clock) as on:
        await on.poll.poll(on.desk)
        on.faults.plan["lagging_search"] = {"1001"}
        on.shop.place(CUPS_AND_POT, number=1001)
        on.shop.place(CUPS_AND_POT, number=1002)
        clock.advance(10)
        assert await on.poll.poll(on.desk) == 1
        clock.advance(60)
        assert await on.poll.poll(on.desk) == 1


async def test_a_restart_goes_on_where_the_last_poll_ended() -> None:
    clock = ManualClock(NOON)
    async with stage(clock=clock) as on:
        await on.poll.poll(on.desk)
        clock.advance(7200)
        on.shop.place(CUPS_AND_POT)
        clock.advance(7200)
        assert await on.open().feeds[0].poll(on.desk) == 1


async def test_the_cursor_stays_when_an_order_can_not_be_handed_in() -> None:
    clock = ManualClock(NOON)
    async with stage(clock=clock) as on:
        await on.poll.poll(on.desk)
        before = on.cursors.values[CURSOR]
        clock.advance(60)
        on.shop.place(CUPS_AND_POT, number=1001)
        on.faults.plan["http_429"] = {"Order:gid://shopify/Order/1001"}
        with pytest.raises(RetryableError):
            await on.poll.poll(on.desk)
        assert on.cursors.values[CURSOR] == before
        assert await on.poll.poll(on.desk) == 1


async def test_what_was_fetched_before_a_poll_failed_is_not_fetched_again() -> None:
    clock = ManualClock(NOON)
    async with stage(clock=clock) as on:
        await on.poll.poll(on.desk)
        since = json.loads(on.cursors.values[CURSOR])["since"]
        for number in (1001, 1002, 1003):
            on.shop.place(CUPS_AND_POT, number=number)
        clock.advance(60)
        on.faults.plan["http_429"] = {"Order:gid://shopify/Order/1003"}
        with pytest.raises(RetryableError):
            await on.poll.poll(on.desk)
        cursor = json.loads(on.cursors.values[CURSOR])
        assert (cursor["since"], len(cursor["seen"])) == (since, 2)
        assert await on.poll.poll(on.desk) == 1


async def test_times_in_the_cursor_are_shopifys() -> None:
    clock = ManualClock(NOON)
    async with stage(clock=clock) as on:
        await on.poll.poll(on.desk)
        on.shop.place(CUPS_AND_POT)
        clock.advance(3600)
        await on.poll.poll(on.desk)
        cursor = json.loads(on.cursors.values[CURSOR])
        assert datetime.fromisoformat(cursor["since"]) == NOON


async def test_more_orders_than_a_page_are_all_fetched() -> None:
    clock = ManualClock(NOON)
    async with stage(clock=clock, points=100_000) as on:
        await on.poll.poll(on.desk)
        for _ in range(120):
            on.shop.place(CUPS_AND_POT)
        clock.advance(60)
        assert await on.poll.poll(on.desk) == 120


async def test_an_order_with_more_lines_than_a_page_is_fetched_whole() -> None:
    clock = ManualClock(NOON)
    async with stage(clock=clock) as on:
        await on.poll.poll(on.desk)
        on.shop.place(Basket(tuple(Wanted("CUP", 1, "1.00") for _ in range(230))))
        clock.advance(60)
        await on.poll.poll(on.desk)
        (raw,) = on.desk.orders()
        assert len(json.loads(raw.body)["order"]["lineItems"]["nodes"]) == 230


async def test_the_first_poll_begins_where_the_settings_say() -> None:
    clock = ManualClock(NOON)
    async with stage(clock=clock) as on:
        on.shop.place(CUPS_AND_POT)
        clock.advance(7200)
        assert await on.open().feeds[0].poll(on.desk) == 0
        on.cursors.values.clear()
        since = (NOON - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        assert await on.open(since=since).feeds[0].poll(on.desk) == 1


async def test_whatever_happens_to_an_order_is_found_by_the_poll_alone() -> None:
    clock = ManualClock(NOON)
    async with stage(clock=clock) as on:
        await on.poll.poll(on.desk)
        on.shop.place(CUPS_AND_POT, "pending", 1001)
        on.shop.place(CUPS_AND_POT, "pending", 1002)
        on.shop.place(CUPS_AND_POT, "paid", 1003)
        on.shop.place(CUPS_AND_POT, "authorised", 1004)
        clock.advance(60)
        assert await on.poll.poll(on.desk) == 4
        on.shop.pay("1001")
        on.shop.fail("1002")
        on.shop.refund("1003", "1.00")
        on.shop.cancel("1004")
        clock.advance(60)
        assert await on.poll.poll(on.desk) == 4
