"""A partner with an SFTP server or a URL, a connector that is open on it, and the engine and runner that use it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from starlette.types import Receive, Scope, Send

from canonical.commands import CancelPurchaseOrder
from canonical.events import Event
from canonical.order import Order
from canonical.policy import Policy
from canonical.steps import Steps
from core.bus.port import Bus
from core.clock import SystemClock
from core.connector import Limits, OpenConnector
from core.effects.runner import EffectRunner
from core.engine.changes import UNPUBLISHED_GRACE_S
from core.loopback import LoopbackServer
from core.ports import Answer, Effect, EffectContext, EffectPort, Outgoing, RawDocument, Receipt
from core.premises.place import new_key
from core.premises.sftp_server import Account, House, SftpServer
from core.premises.trays import InTray, OutTray
from core.scheduler import jobs
from core.simulator import Faults
from core.store.sql import Database
from core.trading.settings import TradingSettings
from mappings.syntax.edi.ack.composing import Body
from mappings.syntax.edi.counterpart import Counterpart
from mappings.syntax.edi.counterpart_shapes import Arrived, Terms
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary
from mappings.syntax.edi.model import Standard
from tests.core.engine.stage import Rules, Stage, engine_on
from tests.hub.trading import PROFILES, opened_with

NAME = "acme"
ANSWER = Body(
    "855",
    (
        ("BAK", "00", "AC", "PO-1", "20260302"),
        ("PO1", "1", "2", "EA", "", "", "VN", "CUP"),
        ("ACK", "IA", "2", "EA"),
    ),
    "PR",
)


def a_counterpart() -> Counterpart:
    """The other side of `PROFILES["x12"]`."""
    terms = Terms(Standard.X12, ("01", "123456789"), ("ZZ", "HUB"), "004010")
    return Counterpart(terms, GrammarLibrary(GrammarFolders()))


class SftpPartner:
    """Empties its folder when it is told to, acknowledges, and answers each 850 by an 855."""

    def __init__(self, folder: Path) -> None:
        self.side, self.clock = a_counterpart(), SystemClock()
        self.root = folder / "files"
        self.inbox, self._outbox = InTray(self.root / "out"), OutTray(self.root / "in", Faults())
        self.came: list[Arrived] = []
        self._left = 0
        self._key = new_key()
        self._server = SftpServer(House(Account("hub", "secret"), Faults(), self.root), self._key)

    async def start(self) -> dict[str, Any]:
        """Serve, and return the settings of the transport."""
        self.inbox.prepare()
        self._outbox.prepare()
        (self.root / "errors").mkdir(exist_ok=True)
        await self._server.start()
        return {
            "type": "sftp", "host": "127.0.0.1", "port": self._server.port, "username": "hub", "password": "secret",
            "host_key": self._key.get_fingerprint(),
        }  # fmt: skip

    async def stop(self) -> None:
        """Serve no more."""
        await self._server.stop()

    def step(self) -> list[Arrived]:
        """Take what lies there, and answer; return what came."""
        came = [self._take(file) for file in self.inbox.files()]
        self.came += came
        return came

    def leave(self, body: bytes) -> None:
        """Leave a file for the hub."""
        self._left += 1
        self._outbox.put(f"{self._left}.x12", body)

    def _take(self, file: Path) -> Arrived:
        arrived = self.side.receive(file.read_bytes(), self.clock.now())
        self.inbox.done(file)
        if arrived.reply:
            self.leave(arrived.reply)
        for one in arrived.sets:
            if one.kind == "850":
                self.leave(self.side.send([ANSWER], self.clock.now()))
        return arrived


class PostedPartner:
    """Takes what is POSTed, and acknowledges it in the response."""

    def __init__(self) -> None:
        self.side, self.came, self.bodies = a_counterpart(), list[Arrived](), list[bytes]()
        self._server = LoopbackServer(self)

    async def start(self) -> dict[str, Any]:
        """Serve, and return the settings of the transport."""
        return {"type": "https", "url": await self._server.start()}

    async def stop(self) -> None:
        """Serve no more."""
        await self._server.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        arrived = self.side.receive(body, SystemClock().now())
        self.came.append(arrived)
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": arrived.reply})


def order_it(order: Order, event: Event, policy: Policy) -> Steps:
    """Each note asks for the purchase order, once for the order."""
    yield CancelPurchaseOrder(
        order_id=order.id, connector=NAME, key=f"po:{order.id}", purchase_id="PO-1", supplier=NAME
    )


@dataclass
class Exchange:
    """A hub's engine and runner over the connector. Files are fetched when the test says so."""

    stage: Stage
    connector: OpenConnector
    read: list[RawDocument] = field(default_factory=list[RawDocument])

    async def receive(self, raw: RawDocument) -> Receipt:
        """Hand a file in, and wait until the engine has done with it."""
        receipt = await self.stage.engine.receive(NAME, raw)
        sql = "SELECT id FROM messages WHERE id = $1 AND status <> 'received'"
        await self.stage.until_rows(1, sql, receipt.message_id)
        return receipt

    async def fetch(self) -> None:
        """Fetch what the partner has left."""
        for feed in self.connector.feeds:
            await feed.poll(self)

    async def order(self) -> None:
        """Have the hub order something."""
        await self.stage.note(await self.stage.placed("R-1"), "order it")

    @asynccontextmanager
    async def running(self, port: EffectPort | None = None) -> AsyncIterator[EffectRunner]:
        """Run a worker that sends, by another port where one is given."""
        effects = (port,) if port is not None else self.connector.effects
        connectors: Mapping[str, OpenConnector] = {NAME: OpenConnector(NAME, effects=effects)}
        runner = EffectRunner(
            self.stage.database, self.stage.engine, cast("Bus", self.stage.bus), SystemClock(), connectors,
            {NAME: Limits()},
        )  # fmt: skip
        runner.start()
        try:
            yield runner
        finally:
            await runner.stop(5)

    async def sent(self, count: int) -> None:
        """Wait until so many effects have been confirmed."""
        self.stage.engine.publish(await jobs.sweep(self.stage.database, horizon_s=UNPUBLISHED_GRACE_S))
        await self.stage.until_rows(count, "SELECT id FROM effects WHERE state = 'confirmed'")

    async def ledger(self, direction: str) -> list[tuple[str, str]]:
        """Return control numbers and standings."""
        sql = "SELECT control, status FROM interchanges WHERE direction = $1 ORDER BY recorded_at, id"
        return [(row["control"], row["status"]) for row in await self.stage.rows(sql, direction)]


@asynccontextmanager
async def exchange_on(
    store: Database, folder: Path, transport: dict[str, Any], **partner: Any
) -> AsyncIterator[Exchange]:
    """Open the connector and an engine that takes its interchanges."""
    more = {} if transport["type"] == "https" else {"arrival": {"complete": "renamed"}}
    settings = TradingSettings.model_validate(
        {"transport": transport, "partner": {**PROFILES["x12"], **partner}, "settle_s": 0, **more}
    )
    connector = opened_with(folder, SystemClock(), settings)
    read: list[RawDocument] = []

    def noted(raw: RawDocument) -> tuple[()]:
        read.append(raw)
        return ()

    takers = {(NAME, kind): taker for kind, taker in connector.takers.items()}
    try:
        async with engine_on(
            store, Rules({"NoteAdded": (order_it,)}), readers={(NAME, "855"): noted}, takers=takers
        ) as stage:
            yield Exchange(stage, connector, read)
    finally:
        await connector.close()


class Dying:
    """A port whose worker is killed: its caller never hears of it again. Fills `core.ports.EffectPort`."""

    def __init__(self, port: EffectPort, when: str, death: Any) -> None:
        self.commands, self.deadline_s, self.settle_s = port.commands, port.deadline_s, port.settle_s
        self._port, self._when, self._death = port, when, death

    def render(self, command: Any, context: EffectContext) -> Outgoing:
        return self._port.render(command, context)

    async def send(self, effect: Effect) -> Answer:
        if self._when == "after the upload":
            await self._port.send(effect)
        await self._death.come()
        raise AssertionError("the dead say nothing")

    async def look_up(self, effect: Effect) -> Answer | None:
        raise AssertionError("the dead ask nothing")
