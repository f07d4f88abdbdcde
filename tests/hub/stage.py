"""A small hub for tests: SQLite, the embedded bus, the real rules, and partners that do as they are told.

`shop` sells (a door and a reader for JSON), `wms` sends goods, `mailer` mails; all are of one type, `bench`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel

from canonical.commands import COMMANDS
from canonical.documents import CancelDocument, Document, DocumentLine, DocumentTender, OrderDocument
from canonical.parties import Parties, Party
from canonical.payment import PaymentMethod
from canonical.policy import Policy
from core.clock import SystemClock
from core.connector import Connector, Limits, OpenConnector, Resources
from core.errors import DocumentError, DoorError, Problem
from core.ports import (
    Answer,
    Desk,
    Door,
    DoorRequest,
    DoorResponse,
    Effect,
    EffectContext,
    Outgoing,
    RawDocument,
    StockSink,
)
from core.scheduler.scheduler import Beat
from core.security.keys import MasterKey
from core.simulator import Simulator, Workshop
from hub.application import Hub
from hub.blueprint import Blueprint, Placement
from hub.desk import master_data, stock
from hub.desk.access import Principal, Role
from hub.desk.context import DeskContext
from hub.desk.master_data import Kind
from routes.catalogue import RULES
from routes.workflow import WORKFLOW_FILE, parse_workflow
from tests.connectors.webstore.resources import NoMappings

ADMIN = Principal("root", Role.ADMIN)
ENGINEER = Principal("mapper", Role.ENGINEER)
SUPPORT = Principal("helper", Role.SUPPORT)
VIEWER = Principal("reader", Role.VIEWER)

EMAIL = "a.customer@example.com"
NAME = "A. Customer"


@dataclass
class Partner:
    """A partner that carries out everything, unless it was told what to do first. `took` are the keys that it did."""

    troubles: list[Exception] = field(default_factory=list[Exception])
    took: list[str] = field(default_factory=list[str])
    looked_up: list[str] = field(default_factory=list[str])
    asked: int = 0
    answers: asyncio.Event | None = None
    """Where there is one, nothing is carried out before it is set."""
    commands = frozenset(COMMANDS)
    deadline_s = 2.0
    settle_s = 0.0

    def render(self, command: Any, context: EffectContext) -> Outgoing:
        said = {
            "command": type(command).__name__,
            "to": context.parties.ship_to.name if context.parties else None,
        }
        return Outgoing(orjson.dumps(said))

    async def send(self, effect: Effect) -> Answer:
        self.asked += 1
        if self.troubles:
            raise self.troubles.pop(0)
        if self.answers is not None:
            await self.answers.wait()
        self.took.append(effect.key)
        return Answer(reference=f"ref-{len(self.took)}")

    async def look_up(self, effect: Effect) -> Answer | None:
        self.looked_up.append(effect.key)
        return Answer(reference="found") if effect.key in self.took else None


PARTNERS: dict[str, Partner] = {}
"""The partner of each connector of the hub that is open now."""


SHELVES: dict[str, StockSink] = {}
"""Where connectors of the hub that is opened next tell stock; a test puts them here."""


class BenchSettings(BaseModel):
    """It needs none."""


def _no_simulator(workshop: Workshop) -> Simulator:
    raise NotImplementedError(workshop.name)


def open_bench(name: str, settings: BenchSettings, resources: Resources) -> OpenConnector:
    PARTNERS[name] = Partner()
    doors: tuple[Door, ...] = ()
    if name == "shop":
        doors = (
            Door("POST", "/orders", post_order, "Place an order", max_body_bytes=2000),
            Door("GET", "/orders/{ref}", get_order, "Show an order"),
            Door("POST", "/slow", slow, "Never answer"),
            Door("POST", "/broken", broken, "Have a defect"),
        )
    return OpenConnector(
        name=name,
        effects=(PARTNERS[name],),
        stock=SHELVES.get(name),
        doors=doors,
        readers={"order": Reading(name), "cancel": Reading(name)},
    )


BENCH = Connector("bench", "for tests", BenchSettings, open_bench, _no_simulator)


class Reading:
    """Reads the shop's JSON. `mend` makes it take what it refused: a mapping that was changed."""

    mended = False

    def __init__(self, channel: str) -> None:
        self.channel = channel

    def __call__(self, raw: RawDocument) -> tuple[Document, ...]:
        try:
            document = orjson.loads(raw.body)
        except orjson.JSONDecodeError as error:
            raise DocumentError(
                (Problem("is no JSON", line=error.lineno, column=error.colno, source="bench/order@1"),)
            ) from error
        several = document if isinstance(document, list) else [document]
        return tuple(self._one(raw.kind, one) for one in several)

    def _one(self, kind: str, document: Mapping[str, Any]) -> Document:
        if document.get("colour") == "octarine" and not Reading.mended:
            raise DocumentError(
                (
                    Problem(
                        "no such colour is known",
                        field="colour",
                        value=str(document.get("name")),
                        line=3,
                        source="bench/order@1",
                    ),
                )
            )
        if kind == "cancel":
            return CancelDocument(channel=self.channel, channel_ref=document["ref"], cancel_id=document["id"])
        return order_document(self.channel, document)


def order_document(channel: str, document: Mapping[str, Any]) -> OrderDocument:
    party = Party(
        name=document["name"], address_lines=("1 Some Street",), city="Town", postcode=document["postcode"],
        country="DE", phone="+49 30 1234567", email=document["email"],
    )  # fmt: skip
    price, quantity = document["price"], document["quantity"]
    total = str(round(float(price) * quantity, 2))
    return OrderDocument.model_validate(
        {
            "channel": channel,
            "channel_ref": document["ref"],
            "placed_at": "2026-03-01T10:00:00Z",
            "currency": "EUR",
            "parties": Parties(buyer=party, ship_to=party),
            "lines": (
                DocumentLine.model_validate(
                    {"id": "1", "reference": document["sku"], "quantity": quantity, "unit_price": price}
                ),
            ),
            "total": total,
            "deadlines": {"ship_by": document.get("ship_by")},
            "tenders": (
                DocumentTender.model_validate(
                    {"gateway": "till", "method": PaymentMethod.PREPAID, "amount": total}
                ),
            ),
        }
    )


def order_json(ref: str, **changes: Any) -> bytes:
    """Return the shop's order. `colour="octarine"` is one that its reader refuses, on line 3."""
    document = {
        "ref": ref,
        "name": NAME,
        "colour": "red",
        "email": EMAIL,
        "postcode": "10115",
        "sku": "MUG-1",
        "quantity": 2,
        "price": "12.50",
    }
    return orjson.dumps({**document, **changes}, option=orjson.OPT_INDENT_2)


# --- doors ---


async def post_order(request: DoorRequest, desk: Desk) -> DoorResponse:
    if request.headers.get("x-key") != "letmein":
        raise DoorError(401, "bad_signature", "Who are you?", headers={"www-authenticate": "Key"})
    try:
        document = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        problem = Problem("is no JSON", line=1)
        raise DoorError(400, "malformed", "The body is no JSON", problems=(problem,)) from None
    receipt = await desk.receive(RawDocument("order", request.body, external_id=document["ref"]))
    return DoorResponse(202, orjson.dumps({"message": str(receipt.message_id), "target": request.target}))


async def get_order(request: DoorRequest, desk: Desk) -> DoorResponse:
    order = await desk.find_order(request.parameters["ref"])
    if order is None:
        raise DoorError(404, "unknown", "No such order")
    stock_of = await desk.available(("MUG-1", "NOPE"))
    return DoorResponse(
        200, orjson.dumps({"status": order.status(), "stock": dict(stock_of)}), headers={"x-shop": "1"}
    )


async def slow(request: DoorRequest, desk: Desk) -> DoorResponse:
    await asyncio.sleep(3600)
    return DoorResponse(200)


async def broken(request: DoorRequest, desk: Desk) -> DoorResponse:
    raise LookupError(NAME)


# --- the hub ---


@dataclass
class Stage:
    """A running hub, its desk, and short words for what tests do with it."""

    hub: Hub
    ctx: DeskContext

    @property
    def partners(self) -> Mapping[str, Partner]:
        return PARTNERS

    async def receive(self, body: bytes, kind: str = "order", connector: str = "shop") -> UUID:
        receipt = await self.hub.engine.receive(connector, RawDocument(kind, body))
        return receipt.message_id

    async def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        async with self.hub.database.reading() as session:
            return [dict(row) for row in await session.rows(sql, *values)]

    async def run(self, sql: str, *values: Any) -> None:
        async with self.hub.database.transaction() as session:
            await session.run(sql, *values)

    async def placed(self, ref: str, **changes: Any) -> UUID:
        """Place an order, and return its id once the hub has taken it."""
        await self.receive(order_json(ref, **changes))
        return await self.order_id(ref)

    async def order_id(self, ref: str) -> UUID:
        sql = "SELECT id FROM orders WHERE channel_ref = $1 AND doc IS NOT NULL"
        found: UUID = (await self.until(lambda: self.rows(sql, ref)))[0]["id"]
        return found

    async def failed(self, ref: str = "bad-1") -> tuple[UUID, UUID]:
        """Let a message fail; returns the failure's and the message's id."""
        message_id = await self.receive(order_json(ref, colour="octarine"))
        sql = "SELECT id FROM failures WHERE message_id = $1"
        return (await self.until(lambda: self.rows(sql, message_id)))[0]["id"], message_id

    async def until(self, look: Callable[[], Awaitable[Any]], seconds: float = 10.0) -> Any:
        """Look again and again until there is something."""
        async with asyncio.timeout(seconds):
            while True:
                if found := await look():
                    return found
                await asyncio.sleep(0.01)

    async def failure_is(self, failure_id: UUID, status: str) -> None:
        sql = "SELECT id FROM failures WHERE id = $1 AND status = $2"
        await self.until(lambda: self.rows(sql, failure_id, status))

    async def settled(self) -> None:
        """Wait until every effect has its end."""
        sql = "SELECT id FROM effects WHERE state NOT IN ('confirmed', 'rejected', 'parked')"

        async def none_left() -> bool:
            return not await self.rows(sql) and not await self.rows("SELECT item_id FROM outbox")

        await self.until(none_left)


@asynccontextmanager
async def stage(
    store_url: str,
    *,
    beat: Beat | None = None,
    policy: Policy | None = None,
    bus_url: str = "embedded://",
    queue_prefix: str = "",
) -> AsyncIterator[Stage]:
    """Run a hub with an item, a node and stock, on a store of its own that has its tables."""
    PARTNERS.clear()
    Reading.mended = False
    placements = {
        name: Placement(BENCH, BenchSettings(), Limits(ladder_s=(0.01,)))
        for name in ("shop", "wms", "mailer")
    }
    blueprint = Blueprint(
        store_url=store_url,
        bus_url=bus_url,
        queue_prefix=queue_prefix,
        master_key=MasterKey(b"k" * 32),
        connectors=placements,
        rulebook=parse_workflow(WORKFLOW_FILE.read_text(encoding="utf-8"), RULES),
        mappings=NoMappings(),
        clock=SystemClock(),
        beat=beat or Beat(),
        policy=policy or Policy(),
    )
    hub = await Hub.open(blueprint)
    await hub.start()
    try:
        ctx = DeskContext(
            hub.database, hub.engine, hub.ring, blueprint.clock, hub.connectors,
            types=dict.fromkeys(placements, "bench"), bus=hub.bus.statistics, runner=hub.runner,
        )  # fmt: skip
        await _furnish(ctx)
        yield Stage(hub, ctx)
    finally:
        try:
            await hub.stop(grace_s=5)
        except BaseException:
            await hub.database.close()  # its threads would keep the whole run from ending
            raise


async def _furnish(ctx: DeskContext) -> None:
    await master_data.import_file(
        ctx, ADMIN, Kind.ITEMS, "items.csv", b"sku,title\nMUG-1,A mug\nCUP-2,A cup\n"
    )
    node = b"id,connector,country\nhall,wms,DE\n"
    await master_data.import_file(ctx, ADMIN, Kind.NODES, "nodes.csv", node)
    await stock.set_stock(ctx, ADMIN, "MUG-1", "hall", 100, "opening count")
