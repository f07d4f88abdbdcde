import aiormq
from aio_pika.abc import AbstractChannel
from aiormq.abc import AbstractConnection
from faststream.rabbit import RabbitBroker
from pamqp import commands

from core.bus.envelope import pack
from core.bus.port import BusStatistics, Subscription
from core.bus.rabbit_consumer import PATIENCE, Consumer, as_it_is
from core.bus.rabbit_topology import Topology, channel_of, connection_to
from tests.contracts.bus import Desk, items


async def look(consumer: Consumer, link: AbstractConnection) -> None:
    async with channel_of(link) as channel:
        await consumer.look(channel)


async def test_a_consumer_that_went_without_an_error_is_made_again(
    amqp_url: str, channel: AbstractChannel, queue_prefix: str, desk: Desk
) -> None:
    """As RabbitMQ 4.3 may do it: the client believes in a consumer that the broker has no more."""
    topology = Topology(queue_prefix, ["in.shop"], delivery_limit=10)
    broker = RabbitBroker(amqp_url, logger=None, decoder=as_it_is, apply_types=False)
    consumer = Consumer(
        broker, topology, Subscription("in.shop", desk.take), BusStatistics(), prefetch=10, limit_s=1
    )
    async with connection_to(amqp_url, 5) as link, broker:
        await topology.declare(link)
        await broker.start()
        await consumer.started()
        await look(consumer, link)
        assert consumer.statistics().consuming

        queue = await broker.declare_queue(topology.queue("in.shop"))
        underlay = await queue.channel.get_underlay_channel()
        assert isinstance(underlay, aiormq.Channel)
        (tag,) = underlay.consumers
        await underlay.rpc(commands.Basic.Cancel(consumer_tag=tag, nowait=True))
        assert tag in underlay.consumers
        (_, body), *_ = pack("in.shop", items(1))
        await broker.publish(body, routing_key=topology.name("in.shop"))
        for _ in range(PATIENCE):
            await look(consumer, link)
            assert not consumer.statistics().consuming
        assert "nothing consumes" in str(consumer.trouble())
        await look(consumer, link)
        await desk.one()
        await look(consumer, link)
        assert consumer.trouble() is None
