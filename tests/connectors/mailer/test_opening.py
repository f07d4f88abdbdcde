"""The connector as the hub opens it, from its declaration."""

from pathlib import Path

from connectors.mailer import CONNECTOR
from connectors.mailer.simulator import MailServer
from core.clock import ManualClock
from core.connector import Resources
from core.simulator import Faults, Ledger, Workshop
from tests.connectors.webstore.resources import NoCursors, NoMappings
from tests.contracts.building import NOON


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
