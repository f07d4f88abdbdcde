"""Two workers share everything: what one does, the other leaves alone."""

from pathlib import Path

import pytest

from tests.journeys.journey import journey, seed_of_this_run, told
from tests.journeys.trouble import Cutter
from tests.services import Service

pytestmark = [pytest.mark.journey, pytest.mark.slow]


@pytest.mark.timeout(300)
async def test_two_workers_side_by_side_do_everything_once(
    tmp_path: Path, rabbitmq_server: Service, amqp_url: str, postgres_url: str, queue_prefix: str
) -> None:
    async with Cutter.between(rabbitmq_server, amqp_url, postgres_url, queue_prefix) as cutter:
        hub: dict[str, object] = {
            "store_url": postgres_url,
            "bus_url": cutter.amqp_url,
            "queue_prefix": queue_prefix,
        }
        files = {"front": {**hub, "role": "api", "port": True}, "worker": hub, "other": hub}
        async with journey(tmp_path, 100, seed_of_this_run(), files) as trip:
            trip.customers.some(100, within_s=8.0)
            await trip.customers.done()
            wrong = await trip.verdict()
            print(trip.report())  # noqa: T201 - the account of this run
            assert not wrong, told(wrong, trip)
            assert trip.mails_repeated <= trip.mails_unanswered
