"""The control: the same trouble and judges, with hubs that lack what keeps them honest. They must be caught."""

import asyncio
from pathlib import Path

import pytest

from hub.demo.scenarios import Outcome
from tests.journeys import deprived
from tests.journeys.journey import journey, seed_of_this_run, told
from tests.journeys.processes import Program

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.timeout(240)]

OUTCOMES = (Outcome.SHIPPED, Outcome.PAID_BY_STORED_CARD, Outcome.WAITED_FOR_STOCK)
KILLS = 4


async def test_a_hub_with_inbox_and_keys_does_not_mind_echoes_lost_answers_and_kills(tmp_path: Path) -> None:
    wrong = await _judged(tmp_path, deprived.complete)
    assert not wrong, "\n".join(wrong)


async def test_a_hub_without_an_inbox_is_caught_doing_things_twice(tmp_path: Path) -> None:
    wrong = await _judged(tmp_path, deprived.without_inbox)
    assert any("happened twice out of one message" in line for line in wrong), "\n".join(wrong)


async def test_a_hub_without_lasting_effect_keys_is_caught_authorising_twice(tmp_path: Path) -> None:
    wrong = await _judged(tmp_path, deprived.without_keys)
    assert any("authorised 2 times, not 1" in line for line in wrong), "\n".join(wrong)


async def _judged(folder: Path, program: Program) -> list[str]:
    """Let 60 orders through a hub that is killed a few times, and return what the judges say."""
    file = {"store_url": f"sqlite:///{folder / 'hub.sqlite3'}", "bus_url": "embedded://", "port": True}
    files = {"hub": file}
    async with journey(folder, 60, seed_of_this_run(), files, program=program, outcomes=OUTCOMES) as trip:
        for _ in range(KILLS):
            trip.customers.some(15, within_s=1.0)
            await asyncio.sleep(trip.chance.uniform(0.5, 2.0))
            await trip.kill_in_flight("hub")
            await trip.processes["hub"].start()
        await trip.customers.done()
        wrong = await trip.verdict()
        print(told(wrong, trip))  # noqa: T201 - the account of this run
        return wrong
