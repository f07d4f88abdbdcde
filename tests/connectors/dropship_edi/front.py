"""A supplier reached by HTTP: what is POSTed lies in its folder; what it leaves there is POSTed to our door."""

import hmac
from pathlib import Path
from typing import Any, ClassVar

import httpx
from starlette.types import Receive, Scope, Send

from connectors.dropship_edi.simulator.xml_side import parsed
from core.connector import OpenConnector
from core.loopback import LoopbackServer
from hub.api.doors import Doors
from tests.connectors.dropship_edi.stage import Stage
from tests.connectors.numbered import NumberedPort
from tests.connectors.trading import TIMEOUT_S
from tests.contracts.supplier import NODE

TOKEN, PARTNERS_TOKEN = "a-token-of-ours", "a-token-of-theirs"
STATUSES = {"http_429": 429, "http_503": 503, "http_422": 422}
STATUSES_AFTER = {"http_500_after": 500, "no_word_after": 204}
FILE_SETTINGS = ("folders", "arrival", "poll_interval_s")


class Front:
    """Takes each control number once; other bytes under the same number are a conflict."""

    statuses: ClassVar[dict[str, int]] = STATUSES
    suffix = "x12"

    def __init__(self, stage: Stage) -> None:
        self._stage, self.taken = stage, dict[str, bytes]()
        self.responds_with = b""
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
            status, answer = self.said(status)
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": answer})

    def is_known(self, headers: dict[str, str], body: bytes) -> bool:
        """Say whether the request shows what was agreed."""
        return hmac.compare_digest(headers.get("authorization", ""), f"Bearer {TOKEN}")

    def said(self, status: int) -> tuple[int, bytes]:
        """Return HTTP's status and the body."""
        return status, self.responds_with

    async def _status(
        self, headers: dict[str, str], body: bytes, scope: Scope, receive: Receive
    ) -> int | None:
        """Return how to answer; None where the connection was broken instead."""
        number = headers["idempotency-key"]
        file, strikes = f"{number}.{self.suffix}", self._stage.faults.strikes
        if not self.is_known(headers, body):
            return 401
        for fault, status in self.statuses.items():
            if strikes(fault, file):
                return status
        if await self._breaks("before", file, scope, receive):
            return None
        known = self.taken.setdefault(number, body)
        place = self._stage.supplier.root / "out" / file
        if known is body:
            place.write_bytes(body)
        for fault, status in STATUSES_AFTER.items():
            if strikes(fault, file):
                return status
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


class UblFront(Front):
    """Takes each document of UBL once."""

    suffix = "xml"


class CxmlFront(UblFront):
    """Knows the buyer by its SharedSecret, and says what became of a Request in the Status of a Response."""

    _shown = ""
    statuses: ClassVar[dict[str, int]] = {**STATUSES, "cxml_406": 406, "cxml_450": 450, "cxml_560": 560}

    def is_known(self, headers: dict[str, str], body: bytes) -> bool:
        """Say whether the Sender shows our buyer's SharedSecret."""
        self._shown = parsed(body).findtext("Header/Sender/Credential/SharedSecret") or ""
        return hmac.compare_digest(self._shown.encode(), self._stage.supplier.options.buyers_secret.encode())

    def said(self, status: int) -> tuple[int, bytes]:
        """Return HTTP's status and the Response: HTTP itself fails only where the server does."""
        if status in {429, 500, 503}:
            return status, b""
        if status == 204:
            return 200, b"<html><body>Thank you.</body></html>"
        code, text = (200, "OK") if status == 202 else (status, "as planned")
        told = f'<Status code="{code}" text="{text}">Echo of {self._shown}</Status>'
        return 200, f'<cXML payloadID="r-{code}@acme.example"><Response>{told}</Response></cXML>'.encode()


FRONTS = {"x12": Front, "ubl": UblFront, "cxml": CxmlFront}


class PostingStage(Stage):
    """The same supplier, with nothing but HTTP between it and the hub."""

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__(folder, "folder", **options)
        self.front = FRONTS[self.supplier.options.standard](self)
        self._posted: set[str] = set()

    async def start(self) -> OpenConnector:
        url = await self.front.server.start()
        await super().start()
        self.told = {name: value for name, value in self.told.items() if name not in FILE_SETTINGS}
        self.told["transport"] = {
            "type": "https", "url": f"{url}/in", "timeout_s": TIMEOUT_S,
            "credential": {"type": "bearer", "token": TOKEN}, "door": [{"type": "bearer", "token": PARTNERS_TOKEN}],
        }  # fmt: skip
        if self.supplier.options.standard == "cxml":
            self.told["transport"] |= {"credential": None, "door": []}
            self.told["partner"]["their_secrets"] = [self.supplier.options.own_secret]
        self.connector = self.open()
        self.port = self.another_port()
        return self.connector

    async def stop(self) -> None:
        await super().stop()
        await self.front.server.stop()

    def locked_out(self) -> NumberedPort:
        if self.supplier.options.standard == "cxml":
            partner = {**self.told["partner"], "shared_secret": "a-wrong-one"}
            return NumberedPort(self.open(partner=partner).effects[0], self.clock)
        wrong = {**self.told["transport"], "credential": {"type": "bearer", "token": "a-wrong-one"}}
        return NumberedPort(self.open(transport=wrong).effects[0], self.clock)

    async def fetch(self) -> None:
        """Have the supplier POST what is new to our door."""
        for name, body in self.files("in").items():
            if name not in self._posted:
                self._posted.add(name)
                answer = await self.post(body, name)
                if self.supplier.options.standard == "cxml":
                    assert (answer.status_code, status_in(answer)) == (200, "201"), answer.text
                else:
                    assert answer.status_code == 202, answer.text

    async def post(self, body: bytes, name: str = "", **headers: str) -> httpx.Response:
        """POST a body to our door, and show what was agreed."""
        doors: Any = Doors(
            _nowhere, connectors={NODE: self.connector}, desks={NODE: self.inbox},  # type: ignore[dict-item]
            clock=self.clock,
        )  # fmt: skip
        server = LoopbackServer(doors)
        async with httpx.AsyncClient(base_url=await server.start(), trust_env=False) as client:
            shown = {"authorization": f"Bearer {PARTNERS_TOKEN}", "idempotency-key": name}
            agreed = {} if self.supplier.options.standard == "cxml" else shown
            answer = await client.post(
                f"/connectors/{NODE}/interchanges", content=body, headers={**agreed, **headers}
            )
        await server.stop()
        return answer


def status_in(answer: httpx.Response) -> str | None:
    """Return the code of a cXML Response's Status."""
    found = parsed(answer.content).find("Response/Status")
    return None if found is None else found.get("code")


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
