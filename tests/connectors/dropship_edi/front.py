"""A supplier that is reached by HTTP: what is POSTed lies in its folder; what it leaves there is POSTed to our door."""

import hmac
from pathlib import Path
from typing import Any

import httpx
from starlette.types import Receive, Scope, Send

from core.connector import OpenConnector
from core.loopback import LoopbackServer
from hub.api.doors import Doors
from tests.connectors.dropship_edi.stage import Stage
from tests.connectors.numbered import NumberedPort
from tests.connectors.trading import TIMEOUT_S
from tests.contracts.supplier import NODE

TOKEN, PARTNERS_TOKEN = "a-token-of-ours", "a-token-of-theirs"
STATUSES = {"http_429": 429, "http_503": 503, "http_422": 422}
FILE_SETTINGS = ("folders", "arrival", "poll_interval_s")


class Front:
    """Takes each control number once; other bytes under the same number are a conflict."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self.taken = stage, dict[str, bytes]()
        self.server = LoopbackServer(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status = await self._status(headers, body, scope, receive)
        if status is not None:
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    async def _status(
        self, headers: dict[str, str], body: bytes, scope: Scope, receive: Receive
    ) -> int | None:
        """Return how to answer; None where the connection was broken instead."""
        number = headers["idempotency-key"]
        file, strikes = f"{number}.x12", self._stage.faults.strikes
        if not hmac.compare_digest(headers.get("authorization", ""), f"Bearer {TOKEN}"):
            return 401
        for fault, status in STATUSES.items():
            if strikes(fault, file):
                return status
        if await self._breaks("before", file, scope, receive):
            return None
        known = self.taken.setdefault(number, body)
        place = self._stage.supplier.root / "out" / file
        if known is body:
            place.write_bytes(body)
        if strikes("http_500_after", file):
            return 500
        if await self._breaks("after", file, scope, receive):
            return None
        return 202 if known == body else 409

    async def _breaks(self, when: str, file: str, scope: Scope, receive: Receive) -> bool:
        if self._stage.faults.strikes(f"cut_{when}", file):
            self.server.reset(scope)
            return True
        if self._stage.faults.strikes(f"timeout_{when}", file):
            while (await receive())["type"] != "http.disconnect":
                pass
            return True
        return False


class PostingStage(Stage):
    """The same supplier, with nothing but HTTP between it and the hub."""

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__(folder, "folder", **options)
        self.front = Front(self)
        self._posted: set[str] = set()

    async def start(self) -> OpenConnector:
        url = await self.front.server.start()
        await super().start()
        self.told = {name: value for name, value in self.told.items() if name not in FILE_SETTINGS}
        self.told["transport"] = {
            "type": "https", "url": f"{url}/in", "timeout_s": TIMEOUT_S,
            "credential": {"type": "bearer", "token": TOKEN}, "door": [{"type": "bearer", "token": PARTNERS_TOKEN}],
        }  # fmt: skip
        self.connector = self.open()
        self.port = self.another_port()
        return self.connector

    async def stop(self) -> None:
        await super().stop()
        await self.front.server.stop()

    def locked_out(self) -> NumberedPort:
        wrong = {**self.told["transport"], "credential": {"type": "bearer", "token": "a-wrong-one"}}
        return NumberedPort(self.open(transport=wrong).effects[0], self.clock)

    async def fetch(self) -> None:
        """Have the supplier POST what is new to our door."""
        doors: Any = Doors(
            _nowhere, connectors={NODE: self.connector}, desks={NODE: self.inbox},  # type: ignore[dict-item]
            clock=self.clock,
        )  # fmt: skip
        server = LoopbackServer(doors)
        async with httpx.AsyncClient(base_url=await server.start(), trust_env=False) as client:
            for name, body in self.files("in").items():
                if name not in self._posted:
                    self._posted.add(name)
                    headers = {"authorization": f"Bearer {PARTNERS_TOKEN}", "idempotency-key": name}
                    answer = await client.post(
                        f"/connectors/{NODE}/interchanges", content=body, headers=headers
                    )
                    assert answer.status_code == 202, answer.text
        await server.stop()


async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError(f"{scope['path']} is no door")


class Premises:
    """The supplier and its front, closed and opened together. Fills `core.simulator.Simulator`."""

    def __init__(self, stage: PostingStage) -> None:
        self._stage = stage

    async def start(self) -> dict[str, Any]:
        """Open."""
        await self._stage.front.server.start()
        return await self._stage.supplier.start()

    async def stop(self) -> None:
        """Close."""
        await self._stage.front.server.stop()
        await self._stage.supplier.stop()
