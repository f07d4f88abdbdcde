"""A hub and its partners in one process, for what comes in at its doors and feeds: good, bad, and unspeakable."""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import orjson

from hub.application import Hub
from hub.demo.plan import PlannedOrder, order_document
from hub.demo.scenarios import Outcome
from hub.serving import ApiServer
from tests.journeys.hubfile import HubFile, Shelf
from tests.journeys.partners import NO_FAULTS, Partners
from tests.journeys.processes import free_port

_FAILURES = "SELECT stage, error, reason, details, connector FROM failures WHERE status = 'open' ORDER BY id"
_STATUS = "SELECT status FROM orders WHERE channel_ref = $1 AND version > 0"


async def until(look: Callable[[], Awaitable[bool]], within_s: float = 30.0) -> None:
    """Look again and again until there is something to see."""
    async with asyncio.timeout(within_s):
        while True:
            if await look():
                return
            await asyncio.sleep(0.05)


@dataclass(slots=True)
class Doorstep:
    """Where everything arrives."""

    hub: Hub
    url: str
    partners: Partners
    http: httpx.AsyncClient
    _orders: int = field(default=0)

    def order(self, **changes: Any) -> dict[str, Any]:
        """Return a good order, prepaid, with some of its members changed."""
        self._orders += 1
        planned = PlannedOrder(
            n=self._orders, reference=f"G-{self._orders:04d}", channel="webstore", outcome=Outcome.SHIPPED,
            lines=(("TEE-BLUE-M", 2), ("CAP-NAVY", 1)), total=Decimal("59.70"), email="a.customer@example.com",
            language="en",
        )  # fmt: skip
        payment = {"gateway": "till", "type": "prepaid", "reference": "receipt", "amount": "59.70"}
        return order_document(planned, payment, "2026-03-02T12:00:00Z") | changes

    async def post(
        self,
        body: bytes,
        *,
        key: str | None = None,
        at: int | None = None,
        secret: str | None = None,
        target: str = "/orders",
        media_type: str = "application/json",
    ) -> httpx.Response:
        """Post bytes as the shop does, signed as the shop signs."""
        key = key or f"request-{time.monotonic_ns()}"
        timestamp = str(at or int(time.time()))
        content = f"{key}\n{timestamp}\nPOST\n{target}\n".encode() + body
        given = secret or self.partners.settings["webstore"]["api_secrets"][0]
        mac = hmac.new(base64.b64decode(given.removeprefix("whsec_")), content, hashlib.sha256).digest()
        headers = {
            "webhook-id": key, "webhook-timestamp": timestamp, "idempotency-key": key, "content-type": media_type,
            "webhook-signature": "v1," + base64.b64encode(mac).decode(),
        }  # fmt: skip
        return await self.http.post(f"{self.url}/connectors/webstore{target}", content=body, headers=headers)

    @asynccontextmanager
    async def beside_a_good_order(self) -> AsyncGenerator[None]:
        """Send a good order along with whatever the block sends; the good one goes through all the same."""
        order = self.order()
        sending = asyncio.create_task(self.post(orjson.dumps(order)))
        yield
        answer = await sending
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text

        async def went_through() -> bool:
            return await self.status(order["reference"]) in {"confirmed", "in_progress", "completed"}

        await until(went_through)

    async def status(self, reference: str) -> str | None:
        """Return how an order stands; None for one that nobody knows."""
        async with self.hub.database.reading() as session:
            rows = await session.rows(_STATUS, reference)
        return str(rows[0]["status"]) if rows else None

    async def failures(self) -> list[dict[str, Any]]:
        """Return the open failure records, oldest first, with their problems and positions."""
        async with self.hub.database.reading() as session:
            rows = await session.rows(_FAILURES)
        return [{**dict(row), "problems": orjson.loads(row["details"] or "[]")} for row in rows]

    async def next_failure(self, so_far: int) -> Mapping[str, Any]:
        """Return the failure record after the first `so_far` ones, once it is there."""
        await until(lambda: self._has_failed(so_far))
        return (await self.failures())[so_far]

    async def _has_failed(self, times: int) -> bool:
        return len(await self.failures()) > times

    def arrives(self, kind: str, name: str, body: bytes) -> Path:
        """Let a file arrive from the warehouse that has a watched folder."""
        path = self.partners.leipzig.root / "in" / kind / name
        part = path.with_name(f"{name}.part")
        part.write_bytes(body)
        return part.rename(path)


@asynccontextmanager
async def doorstep(folder: Path) -> AsyncGenerator[Doorstep]:
    """Open everything, embedded; no partner has faults of its own."""
    partners = await Partners.open(folder, 1, faults=NO_FAULTS)
    file = HubFile(
        store_url=f"sqlite:///{folder / 'hub.sqlite3'}", bus_url="embedded://", key_file=folder / "master.key",
        settings=partners.settings,
    )  # fmt: skip
    await Shelf(()).prepare(file)
    hub = await Hub.open(file.blueprint())
    await hub.start()
    api = await ApiServer.start(hub, port=free_port())
    partners.connect(api.url)
    partners.berlin.send_stock_report()
    partners.leipzig.send_stock_report()
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        found = Doorstep(hub, api.url, partners, http)
        await until(lambda: _stocked(hub))
        yield found
    await api.stop()
    await hub.stop(grace_s=5)
    await partners.close()


async def _stocked(hub: Hub) -> bool:
    async with hub.database.reading() as session:
        rows = await session.rows("SELECT COUNT(DISTINCT node) AS n FROM stock WHERE on_hand > 0")
    return bool(rows[0]["n"] > 1)
