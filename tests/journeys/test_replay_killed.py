"""A replay whose hub is killed again and again while it runs: each order is done once, and the counts agree."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from hub.demo.scenarios import Outcome
from hub.desk import replay_standing
from hub.desk.access import Role
from tests.journeys import books, deprived, worker
from tests.journeys.doorstep import until
from tests.journeys.illiterate import IlliterateFile
from tests.journeys.journey import Journey, journey, seed_of_this_run, told
from tests.journeys.processes import Program
from tests.journeys.second_thoughts import let_in

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.timeout(240)]

ORDERS = 33
"""What a canary sends in four portions: one, five, twenty-five, the rest; it waits for the end of all but the last."""
FEWEST_KILLS, MOST_KILLS = 3, 4
FURTHER = 4
"""How many more of a portion are done before the hub is killed again; a new portion is reason enough."""
OUTCOMES = (Outcome.SHIPPED, Outcome.PAID_BY_STORED_CARD)
_TOKEN = "oh_replaying"
_OPEN = "SELECT id FROM failures WHERE status = 'open' ORDER BY id"
Shown = Mapping[str, Any]


async def test_a_replay_whose_hub_is_killed_again_and_again_does_each_order_once(tmp_path: Path) -> None:
    async with _incident(tmp_path, ORDERS) as trip, _desk(trip) as desk:
        replay = await _begun(desk, await _failed(trip), "canary")
        caught = [moment async for moment in _killed_on_its_way(trip, replay)]
        shown = await _over(desk, replay)
        wrong = [*_disagreements(shown, trip), *await trip.verdict()]
        print(caught, trip.report())  # noqa: T201 - the account of this run
        assert not wrong, told(wrong, trip)
        assert len(caught) >= FEWEST_KILLS


async def test_a_replay_by_a_hub_without_lasting_effect_keys_is_caught_authorising_twice(
    tmp_path: Path,
) -> None:
    async with _incident(tmp_path, 4, deprived.without_keys) as trip, _desk(trip) as desk:
        await _over(desk, await _begun(desk, await _failed(trip), "all"))
        wrong = await trip.verdict()
        assert any("authorised 2 times, not 1" in line for line in wrong), told(wrong, trip)


async def test_a_failure_that_a_replay_leaves_out_is_found_missing(tmp_path: Path) -> None:
    async with _incident(tmp_path, 4) as trip, _desk(trip) as desk:
        _, *others = await _failed(trip)
        shown = await _over(desk, await _begun(desk, others, "all"))
        assert len(_disagreements(shown, trip)) == 4
        async with trip.database.reading() as session:
            assert len(await session.rows(_OPEN)) == 1
        wrong = await books.wrong_books(trip.database, trip.plan)
        assert any("orders that are not in the store" in line for line in wrong)


# ---- the incident, and the replay ----


@asynccontextmanager
async def _incident(folder: Path, count: int, program: Program = worker.main) -> AsyncGenerator[Journey]:
    """Orders come in, and the hub can read none of them; then it can, as `program`, and nothing is replayed yet."""
    file = {"store_url": f"sqlite:///{folder / 'hub.sqlite3'}", "bus_url": "embedded://", "port": True}
    async with journey(folder, count, seed_of_this_run(), {"hub": file}, outcomes=OUTCOMES) as trip:
        hub = trip.processes["hub"]
        good = hub.file
        await hub.end()
        hub.file = IlliterateFile.model_validate(good.model_dump())
        await hub.start()
        trip.customers.some(count, within_s=1.0)
        await trip.customers.done()

        async def all_failed() -> bool:
            return len(await _failed(trip)) == count

        await until(all_failed)
        await hub.kill()
        hub.file, hub.program = good, program
        await hub.start()
        yield trip


@asynccontextmanager
async def _desk(trip: Journey) -> AsyncGenerator[httpx.AsyncClient]:
    await let_in(trip.database, _TOKEN, Role.ENGINEER)
    headers = {"authorization": f"Bearer {_TOKEN}"}
    async with httpx.AsyncClient(base_url=trip.url, headers=headers, timeout=30, trust_env=False) as desk:
        yield desk


async def _failed(trip: Journey) -> list[str]:
    async with trip.database.reading() as session:
        return [str(row["id"]) for row in await session.rows(_OPEN)]


async def _begun(desk: httpx.AsyncClient, ids: list[str], mode: str) -> UUID:
    planned = (await desk.post("/replays", json={"ids": ids})).raise_for_status().json()
    (await desk.post(f"/replays/{planned['id']}/run", json={"mode": mode})).raise_for_status()
    return UUID(planned["id"])


async def _over(desk: httpx.AsyncClient, replay: UUID) -> Shown:
    """Return the replay once it is done."""
    shown: dict[str, Any] = {}

    async def is_over() -> bool:
        shown.update((await desk.get(f"/replays/{replay}")).raise_for_status().json())
        assert shown["state"] != "stopped", shown
        return bool(shown["state"] == "done")

    await until(is_over, within_s=90)
    return shown


# ---- kills ----


async def _killed_on_its_way(trip: Journey, replay: UUID) -> AsyncGenerator[Mapping[str, int]]:
    """Kill the hub at moments at which the replay has come further and is not over; yield what stood where."""
    before: Mapping[str, int] = {}
    for _ in range(MOST_KILLS):
        moment = await _killed(trip, replay, before)
        if moment is None:
            return
        await trip.processes["hub"].start()
        yield moment
        before = moment


async def _killed(trip: Journey, replay: UUID, before: Mapping[str, int]) -> Mapping[str, int] | None:
    """Kill the hub once; None where the replay is over before that."""
    hub, limit = trip.processes["hub"], time.monotonic() + 30
    while True:
        hub.freeze()
        async with trip.database.reading() as session:
            counts = await replay_standing.counts_of(session, replay)
        goes_on = bool(counts.get("planned") or counts.get("replaying"))
        due = goes_on and _is_further(counts, before) and await books.in_flight(trip.database)
        if due and not await books.suspects(trip.database):
            await hub.kill()
            return counts
        hub.thaw()
        if not goes_on:
            return None
        assert time.monotonic() < limit, f"it does not move: {counts}"
        await asyncio.sleep(trip.chance.uniform(0.01, 0.1))


def _is_further(counts: Mapping[str, int], before: Mapping[str, int]) -> bool:
    done = counts.get("resolved", 0) - before.get("resolved", 0)
    return done >= FURTHER or counts.get("planned") != before.get("planned")


# ---- judging ----


def _disagreements(shown: Shown, trip: Journey) -> list[str]:
    """Return where the replay's own account is another than that of the orders that were placed."""
    count, worth = len(trip.plan), sum((order.total for order in trip.plan), Decimal(0))
    manifest = shown["manifest"]
    said = {
        "counts": shown["counts"],
        "in the manifest": sum(one["count"] for one in manifest["sorts"]),
        "orders": manifest["orders"],
        "money": {currency: Decimal(sum_) for currency, sum_ in manifest["money"].items()},
    }
    meant = {
        "counts": {"resolved": count},
        "in the manifest": count,
        "orders": count,
        "money": {"EUR": worth},
    }
    return [f"{name}: {said[name]}, not {meant[name]}" for name in said if said[name] != meant[name]]
