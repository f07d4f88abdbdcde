"""The proof of "nothing lost, nothing twice": hubs that are killed and cut off, judged by their partners' books."""

import asyncio
from pathlib import Path

import pytest

from tests.journeys.journey import Journey, journey, seed_of_this_run, told
from tests.journeys.trouble import Cutter
from tests.services import Service

pytestmark = [pytest.mark.journey, pytest.mark.slow]

KILLS = 20
MAILS_UNDER_WAY = 8
"""How many mails a worker sends at once: as many may be repeated after its death, and no more."""
SECOND_THOUGHTS = {
    "reviewed_then_shipped", "cancelled_before_release", "cancelled_at_the_warehouse", "cancelled_too_late",
    "returned", "halved",
}  # fmt: skip
"""What people did about orders that were on their way: each kind is in the mixture, whatever the seed."""


@pytest.mark.timeout(700)
async def test_500_orders_outlive_an_embedded_hub_that_is_killed_twenty_times(
    tmp_path: Path,
) -> None:
    file = {"store_url": f"sqlite:///{tmp_path / 'hub.sqlite3'}", "bus_url": "embedded://", "port": True}
    async with journey(tmp_path, 500, seed_of_this_run(), {"hub": file}) as trip:
        for _ in range(KILLS):
            trip.customers.some(25, within_s=1.5)
            await asyncio.sleep(trip.chance.uniform(0.3, 2.0))
            await trip.kill_in_flight("hub")
            await trip.processes["hub"].start()
        await _judge(trip)


@pytest.mark.timeout(700)
async def test_500_orders_outlive_killed_workers_a_broker_and_a_database_that_are_cut_off(
    tmp_path: Path, rabbitmq_server: Service, amqp_url: str, postgres_url: str, queue_prefix: str
) -> None:
    async with Cutter.between(rabbitmq_server, amqp_url, postgres_url, queue_prefix) as cutter:
        hub: dict[str, object] = {
            "store_url": postgres_url,
            "bus_url": cutter.amqp_url,
            "queue_prefix": queue_prefix,
        }
        files = {"front": {**hub, "role": "api", "port": True}, "worker": hub}
        async with journey(tmp_path, 500, seed_of_this_run(), files) as trip:
            for turn in range(KILLS):
                trip.customers.some(25, within_s=1.5)
                await asyncio.sleep(trip.chance.uniform(0.3, 1.0))
                await cutter.trouble(turn)
                await asyncio.sleep(trip.chance.uniform(0.1, 1.0))
                await trip.kill_in_flight("worker")
                if turn % 7 == 3:
                    await trip.processes["front"].kill()
                    await trip.processes["front"].start()
                await trip.processes["worker"].start()
            print(cutter.happened)  # noqa: T201 - the account of this run
            assert cutter.happened["database cut"] >= 5
            assert cutter.happened["broker restarted"] + cutter.happened["broker cut"] >= 5
            await _judge(trip)


async def _judge(trip: Journey) -> None:
    await trip.customers.done()
    wrong = await trip.verdict()
    print(trip.report())  # noqa: T201 - the account of this run
    assert not wrong, told(wrong, trip)
    assert len(trip.caught) >= KILLS
    assert all(trip.caught)
    assert trip.thoughts.acted.keys() == SECOND_THOUGHTS
    assert len(trip.partners.ledgers["stripe"].of("refunded")) == trip.thoughts.acted["halved"]
    assert trip.mails_repeated <= trip.mails_unanswered + len(trip.caught) * MAILS_UNDER_WAY
