"""What is published right after its commit is not published by the sweeper meanwhile."""

from typing import cast

import pytest

from core.bus.port import PUBLISH_TIMEOUT_S, Bus
from core.bus.rabbit import RabbitLimits
from core.engine.changes import LONGEST_BATCH_S, UNPUBLISHED_GRACE_S
from core.engine.publishing import Publisher
from core.store.sql import Database
from tests.core.engine.stage import Broker


def test_the_sweeper_waits_for_the_longest_batch_and_its_publishing() -> None:
    assert LONGEST_BATCH_S + RabbitLimits().publish_timeout_s <= UNPUBLISHED_GRACE_S


async def test_a_bus_that_takes_longer_is_refused(sqlite_store: Database) -> None:
    slow = cast("Bus", Broker(publish_timeout_s=PUBLISH_TIMEOUT_S + 1))
    with pytest.raises(ValueError, match="overtaken by the sweeper"):
        Publisher(sqlite_store, slow, lambda: None)
