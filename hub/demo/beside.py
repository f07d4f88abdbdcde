"""The demo's side of its hub: starts the process, looks into the store, speaks to the desk as support staff does."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import httpx
import orjson
from pydantic import ValidationError

from canonical.statuses import HoldType
from core.clock import Clock
from core.errors import HubError
from core.store.sql import Database
from core.store.sqlite import SqliteDatabase
from hub.demo.agreed import STORE, Doorplate, House

START_S = 60.0
END_S = 20.0
_CALL_S = 30.0


class HubEndedError(HubError):
    """The hub's process is gone, or never came to serve."""


class DeskRefusedError(HubError):
    """The desk would not do what it was asked to."""


@dataclass(slots=True)
class HubProcess:
    """The hub's process, from the moment that it is started: it gets ready while the partners do."""

    _process: Process
    _speaking: asyncio.StreamWriter
    _hearing: asyncio.StreamReader
    _data: Path

    @classmethod
    async def start(cls, data: Path) -> Self:
        """Start it. It keeps its files, and its log, in `data`."""
        with (data / "hub.log").open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "hub.demo.house", str(data), stdin=PIPE, stdout=PIPE, stderr=errors,
                start_new_session=True,
            )  # fmt: skip
        if process.stdin is None or process.stdout is None:
            message = f"the hub's process has no pipes: {process}"
            raise HubEndedError(message)
        return cls(process, process.stdin, process.stdout, data)

    @property
    def _log(self) -> Path:
        return self._data / "hub.log"

    async def open(self, house: House, clock: Clock) -> "HubBeside":
        """Tell it what it is to be, and wait until it serves. Raises `HubEndedError`."""
        plate = await self._told(orjson.dumps(house.model_dump(mode="json"), default=str))
        client = httpx.AsyncClient(
            base_url=plate.url, timeout=_CALL_S, headers={"authorization": f"Bearer {plate.token}"}
        )
        return HubBeside(plate.url, await SqliteDatabase.open(self._data / STORE, clock), client, self)

    async def _told(self, line: bytes) -> Doorplate:
        answer = b""
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(START_S):
                self._speaking.write(line + b"\n")
                await self._speaking.drain()
                answer = await self._hearing.readline()
        try:
            return Doorplate.model_validate_json(answer)
        except ValidationError:
            await self.end()
            message = f"the hub did not come to serve; its log says why: {self._log}"
            raise HubEndedError(message) from None

    def must_run(self) -> None:
        """Raise `HubEndedError` if it has ended by itself."""
        if self._process.returncode is not None:
            message = f"the hub ended with status {self._process.returncode}; its log is {self._log}"
            raise HubEndedError(message)

    async def end(self) -> None:
        """Let it finish what it has begun, and end."""
        self._speaking.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                await self._process.wait()
        await self.kill()

    async def kill(self) -> None:
        """End it as a power cut would, if it still runs."""
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


@dataclass(frozen=True, slots=True)
class HubBeside:
    """A hub that serves. `database` is for looking; what is to change goes through the desk's API."""

    url: str
    database: Database
    _client: httpx.AsyncClient
    process: HubProcess

    async def release(self, order_id: UUID, hold: HoldType, reason: str) -> None:
        """Take a hold away."""
        await self._post(f"/orders/{order_id}/release", type=hold.value, reason=reason)

    async def cancel(self, order_id: UUID, reason: str) -> None:
        """Cancel what is not shipped."""
        await self._post(f"/orders/{order_id}/cancel", reason=reason)

    async def discard(self, failure_id: UUID, reason: str) -> None:
        """Claim a failure, and give its message up."""
        await self._post(f"/failures/{failure_id}/claim")
        await self._post(f"/failures/{failure_id}/discard", reason=reason)

    async def _post(self, path: str, **said: Any) -> None:
        try:
            response = await self._client.post(path, json=said)
        except httpx.HTTPError as error:
            self.process.must_run()
            message = f"{path}: {error!r}"
            raise DeskRefusedError(message) from error
        if response.is_error:
            message = f"{path}: {response.status_code} {response.text[:500]}"
            raise DeskRefusedError(message)

    async def close(self) -> None:
        """End the hub, and let go of its store."""
        await self._client.aclose()
        await self.process.end()
        await self.database.close()
