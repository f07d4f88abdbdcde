"""The transport `folder`: a directory on this machine or mounted here."""

import asyncio
import errno
import shlex
from collections.abc import Awaitable, Callable
from typing import TypeVar

from core.clock import Clock
from core.errors import HubError, OutcomeUnknownError, RetryableError, UnauthorisedError
from core.transport.disk import Disk
from core.transport.port import FileGoneError, NameTakenError, RemoteFile, parts_of
from core.transport.settings import FolderSettings

T = TypeVar("T")

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


class FolderTransport:
    """Files below one folder. Disk calls run in threads, so that a slow mount never stops the hub."""

    def __init__(self, settings: FolderSettings, clock: Clock, disk: Disk | None = None) -> None:
        self._settings, self._clock = settings, clock
        self._disk = disk or Disk(settings.path)

    async def list(self, folder: str) -> tuple[RemoteFile, ...]:
        parts = parts_of(folder)
        return await self._run(folder, lambda: self._disk.list(parts))

    async def stat(self, path: str) -> RemoteFile | None:
        parts = parts_of(path)
        return await self._run(path, lambda: self._disk.stat(parts))

    async def read(self, path: str, max_bytes: int) -> bytes:
        parts = parts_of(path)
        await self._must_be_there(path)
        try:
            return await self._bounded(path, lambda: self._disk.read(parts, max_bytes))
        except FileNotFoundError as error:
            raise _gone(path) from error
        except OSError as error:
            raise _translated(path, error) from error

    async def put(self, path: str, body: bytes) -> None:
        parts = parts_of(path)
        temporary = (*parts[:-1], parts[-1] + self._settings.temporary_suffix)
        if await self.stat(path) is not None:
            raise _taken(path)
        await self._run(path, lambda: self._disk.write(temporary, body))
        try:
            await self._bounded(path, lambda: self._disk.publish(temporary, parts))
        except FileExistsError as error:
            raise _taken(path) from error
        except (OSError, RetryableError) as error:
            message = f"{path}: it is not known whether the file got its name: {error}"
            raise OutcomeUnknownError(message) from error

    async def move(self, path: str, target: str) -> None:
        source, destination = parts_of(path), parts_of(target)
        await self._must_be_there(path)
        await self._run(target, lambda: self._disk.move(source, destination))

    async def delete(self, path: str) -> None:
        parts = parts_of(path)
        await self._run(path, lambda: self._disk.delete(parts))

    async def test(self, folders: tuple[str, ...]) -> str:
        missing = [folder for folder in folders if not await self._is_there(folder)]
        if missing:
            root = self._settings.path
            make = " ".join(shlex.quote(str(root / folder)) for folder in missing)
            raise RetryableError(
                f"{root} has no {' and no '.join(missing)}; is it mounted? Where it is new: `mkdir -p {make}`"
            )
        for folder in folders:
            await self.list(folder)
        return f"{self._settings.path} has all of its {len(folders)} folders"

    async def close(self) -> None:
        """Nothing is held open between calls."""

    async def _is_there(self, folder: str) -> bool:
        parts = parts_of(folder)
        return await self._run(folder, lambda: self._disk.has_folder(parts))

    async def _must_be_there(self, path: str) -> None:
        if await self.stat(path) is None:
            raise _gone(path)

    async def _run(self, path: str, work: Callable[[], T]) -> T:
        try:
            return await self._bounded(path, work)
        except OSError as error:
            raise _translated(path, error) from error

    async def _bounded(self, path: str, work: Callable[[], T]) -> T:
        # A thread can't be interrupted: after the time-out it goes on alone, and its outcome is no longer looked at.
        running: Awaitable[T] = asyncio.to_thread(work)
        try:
            async with asyncio.timeout(self._clock.real_seconds(self._settings.timeout_s)):
                return await running
        except TimeoutError as error:
            message = f"{path}: the disk did not answer within {self._settings.timeout_s:g} s"
            raise RetryableError(message) from error


def _gone(path: str) -> FileGoneError:
    return FileGoneError(f"{path}: there is no such file", code="gone")


def _taken(path: str) -> NameTakenError:
    return NameTakenError(f"{path}: there is a file of that name already", code="name_taken")


def _translated(path: str, error: OSError) -> HubError:
    """Return what to do next, from what the operating system said."""
    said = error.strerror or str(error)
    if error.errno in _FORBIDDEN:
        return UnauthorisedError(f"{path}: {said}; give the hub's user the right to read and write there")
    if error.errno in _FULL:
        return RetryableError(f"{path}: {said}; free some space", retry_after_s=60)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return RetryableError(
            f"{path}: its folder is missing or not mounted; create it or correct the settings"
        )
    return RetryableError(f"{path}: {said}")
