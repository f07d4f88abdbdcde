"""The connector as the hub opens it, from its declaration."""

import asyncio
from pathlib import Path

import pytest
import uvloop

from connectors.mailer import CONNECTOR
from connectors.mailer.simulator import MailServer
from core.clock import ManualClock
from core.connector import Resources
from core.errors import OutcomeUnknownError
from core.simulator import Faults, Ledger, Workshop
from tests.connectors.webstore.resources import NoCursors, NoMappings
from tests.contracts.building import NOON, a_context, an_effect
from tests.contracts.notifier import NotifierContract


async def test_the_simulator_gives_the_settings_that_the_connector_needs(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    server = CONNECTOR.simulator(Workshop("mailer", clock, Ledger(clock), Faults(), tmp_path))
    assert isinstance(server, MailServer)
    told = CONNECTOR.settings.model_validate(await server.start())
    opened = CONNECTOR.open("mailer", told, Resources(clock, NoMappings(), NoCursors()))
    assert "lets us in" in await opened.test()
    await opened.close()
    await server.stop()


async def test_a_server_that_was_away_serves_at_its_old_port(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    server = MailServer(Workshop("mailer", clock, Ledger(clock), Faults(), tmp_path))
    first = await server.start()
    assert await server.start() == first
    await server.stop()
    await server.stop()
    assert await server.start() == first
    await server.stop()


def test_an_answer_is_lost_under_every_event_loop(tmp_path: Path) -> None:
    async def lose_an_answer() -> int:
        clock, faults = ManualClock(NOON), Faults(share={"timeout_after": 1.0})
        server = MailServer(Workshop("mailer", clock, Ledger(clock), faults, tmp_path))
        told = CONNECTOR.settings.model_validate(await server.start())
        (mailer,) = CONNECTOR.open("mailer", told, Resources(clock, NoMappings(), NoCursors())).effects
        command = NotifierContract().mail()
        with pytest.raises(OutcomeUnknownError):
            await mailer.send(an_effect(command, mailer.render(command, a_context())))
        await server.stop()
        return len(server.ledger.of("mailed"))

    assert asyncio.run(lose_an_answer()) == 1
    assert uvloop.run(lose_an_answer()) == 1
