from collections.abc import Callable

import pytest
from aio_pika.abc import AbstractChannel

from core.bus.embedded import EmbeddedBus
from core.bus.port import Bus
from core.bus.rabbit import RabbitBus
from tests.contracts.bus import BusContract
from tests.core.bus.conftest import QUICK


class TestTheBusInsideTheProcess(BusContract):
    @pytest.fixture
    def make_bus(self) -> Callable[[], Bus]:
        return EmbeddedBus


class TestTheBusOnRabbitMQ(BusContract):
    @pytest.fixture
    def make_bus(self, amqp_url: str, queue_prefix: str, channel: AbstractChannel) -> Callable[[], Bus]:
        return lambda: RabbitBus(amqp_url, prefix=queue_prefix, limits=QUICK)
