"""The transport `sftp`: an account on a partner's SFTP server (protocol version 3, as nearly all speak it)."""

import asyncio
import contextlib
import stat
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import asyncssh

from core.clock import Clock
from core.errors import HubError, OutcomeUnknownError, RejectedError, RetryableError, UnauthorisedError
from core.transport.port import (
    FileGoneError,
    FileTooLargeError,
    NameTakenError,
    RemoteFile,
    in_order,
    parts_of,
)
from core.transport.settings import SftpSettings
from core.transport.ssh_session import SshSession

T = TypeVar("T")
Work = Callable[[asyncssh.SFTPClient], Awaitable[T]]

_LOST = (OSError, asyncssh.DisconnectError, asyncssh.ChannelOpenError, asyncssh.SFTPConnectionLost,
         asyncssh.SFTPNoConnection)  # fmt: skip
"""What ends a connection; `OSError` holds `TimeoutError`: who does not answer in time is as good as lost."""

_MISSING = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)
_BLOCK = 256 * 1024


class SftpTransport:
    """Files at an SFTP server. One connection, kept open and shared; a lost one is opened again at the next call."""

    def __init__(self, settings: SftpSettings, clock: Clock, session: SshSession | None = None) -> None:
        self._settings, self._clock = settings, clock
        self._session = session or SshSession(settings, clock)

    async def list(self, folder: str) -> tuple[RemoteFile, ...]:
        remote = self._at(folder)

        async def work(sftp: asyncssh.SFTPClient) -> tuple[RemoteFile, ...]:
            prefix = f"{folder}/" if folder else ""
            found = [
                _file(prefix + _text(entry.filename), entry.attrs)
                async for entry in sftp.scandir(remote)
                if _is_file(entry.attrs)
            ]
            return in_order(found)

        return await self._run(folder, work)

    async def stat(self, path: str) -> RemoteFile | None:
        remote = self._at(path)

        async def work(sftp: asyncssh.SFTPClient) -> RemoteFile | None:
            try:
                attributes = await sftp.lstat(remote)
            except _MISSING:
                await sftp.lstat(remote.rpartition(b"/")[0] or b".")  # a missing folder is another matter
                return None
            return _file(path, attributes) if _is_file(attributes) else None

        return await self._run(path, work)

    async def read(self, path: str, max_bytes: int) -> bytes:
        remote = self._at(path)
        found = await self.stat(path)
        if found is None:
            raise _gone(path)
        if found.size > max_bytes:
            raise _too_large(path, max_bytes)

        async def work(sftp: asyncssh.SFTPClient) -> bytes:
            try:
                return await _read(sftp, remote, max_bytes + 1)
            except _MISSING as error:
                raise _gone(path) from error

        body = await self._run(path, work, blocks=found.size // _BLOCK)
        if len(body) > max_bytes:
            raise _too_large(path, max_bytes)
        return body

    async def put(self, path: str, body: bytes) -> None:
        if await self.stat(path) is not None:
            raise _taken(path)
        remote = self._at(path)
        temporary = remote + self._settings.temporary_suffix.encode()

        async def upload(sftp: asyncssh.SFTPClient) -> None:
            async with sftp.open(temporary, "wb") as file:
                await file.write(body)
                # An extension of OpenSSH; without it, the server's word at closing has to do.
                with contextlib.suppress(asyncssh.SFTPOpUnsupported):
                    await file.fsync()
            arrived = (await sftp.stat(temporary)).size
            if arrived != len(body):
                message = f"{path}: {arrived} of {len(body)} bytes arrived"
                raise RetryableError(message)

        await self._run(path, upload, blocks=len(body) // _BLOCK)
        await self._publish(path, temporary, remote)

    async def move(self, path: str, target: str) -> None:
        source, destination = self._at(path), self._at(target)

        async def work(sftp: asyncssh.SFTPClient) -> None:
            try:
                await sftp.posix_rename(source, destination)
            except asyncssh.SFTPOpUnsupported:
                if await sftp.exists(destination):
                    await sftp.remove(destination)
                await sftp.rename(source, destination)

        if await self.stat(path) is None:
            raise _gone(path)
        await self._run(target, work)

    async def delete(self, path: str) -> None:
        remote = self._at(path)

        async def work(sftp: asyncssh.SFTPClient) -> None:
            try:
                await sftp.remove(remote)
            except _MISSING:
                return

        await self._run(path, work)

    async def test(self, folders: tuple[str, ...]) -> str:
        for folder in folders:
            await self.list(folder)
        settings = self._settings
        return f"{settings.username}@{settings.host}:{settings.port} has all of its {len(folders)} folders"

    async def close(self) -> None:
        await self._session.close()

    async def _publish(self, path: str, temporary: bytes, remote: bytes) -> None:
        """Give the uploaded file its name. The request is sent once: its answer may be lost, not its effect."""
        sftp, _ = await self._session.sftp()
        try:
            async with asyncio.timeout(self._clock.real_seconds(self._settings.timeout_s)):
                await sftp.rename(temporary, remote)
        except _LOST as error:
            await self._session.drop(sftp)
            message = f"{path}: uploaded, but it is not known whether it got its name: {_said(error)}"
            raise OutcomeUnknownError(message) from error
        except asyncssh.SFTPPermissionDenied as error:
            raise _translated(path, error) from error
        except asyncssh.SFTPError as error:
            # Version 3 has no word for "the name is taken": only looking tells.
            if await self.stat(path) is not None:
                raise _taken(path) from error
            raise _translated(path, error) from error

    async def _run(self, path: str, work: Work[T], *, blocks: int = 0) -> T:
        """Do something that may be repeated: once more at once, if the connection had died while it lay idle."""
        sftp, used_before = await self._session.sftp()
        try:
            return await self._bounded(sftp, work, blocks)
        except _LOST as error:
            await self._session.drop(sftp)
            if not used_before or isinstance(error, TimeoutError):
                raise _translated(path, error) from error
        except asyncssh.SFTPError as error:
            raise _translated(path, error) from error
        sftp, _ = await self._session.sftp()
        try:
            return await self._bounded(sftp, work, blocks)
        except (*_LOST, asyncssh.SFTPError) as error:
            if isinstance(error, _LOST):
                await self._session.drop(sftp)
            raise _translated(path, error) from error

    async def _bounded(self, sftp: asyncssh.SFTPClient, work: Work[T], blocks: int) -> T:
        """Do something within its time. After it the connection is cut: a file that closes would wait for an answer."""
        # A large file takes longer; 256 KiB a second is what a poor line carries.
        allowed_s = self._clock.real_seconds(self._settings.timeout_s + blocks)
        task = asyncio.ensure_future(work(sftp))
        try:
            done, _ = await asyncio.wait({task}, timeout=allowed_s)
            if not done:
                raise TimeoutError
            return task.result()
        finally:
            if not task.done():
                self._session.cut(sftp)  # whatever `work` waits for fails at once, and it ends by itself
                await asyncio.gather(task, return_exceptions=True)

    def _at(self, path: str) -> bytes:
        """Return the path at the server. Bytes: one file name that isn't UTF-8 must not stop a listing."""
        root = self._settings.root.rstrip("/")
        if not root and self._settings.root:
            root = "/."
        return ("/".join(part for part in (root, *parts_of(path)) if part) or ".").encode(
            "utf-8", "surrogateescape"
        )


def _is_file(attributes: asyncssh.SFTPAttrs) -> bool:
    return attributes.permissions is not None and stat.S_ISREG(attributes.permissions)


def _file(path: str, attributes: asyncssh.SFTPAttrs) -> RemoteFile:
    return RemoteFile(path, attributes.size or 0, datetime.fromtimestamp(attributes.mtime or 0, UTC))


def _text(name: str | bytes) -> str:
    return name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name


async def _read(sftp: asyncssh.SFTPClient, remote: bytes, at_most: int) -> bytes:
    """Read to the end of the file, or `at_most` bytes: it may be growing."""
    body = bytearray()
    async with sftp.open(remote, "rb") as file:
        while len(body) < at_most:
            block: bytes = await file.read(min(_BLOCK, at_most - len(body)))
            if not block:
                break
            body += block
    return bytes(body)


def _gone(path: str) -> FileGoneError:
    return FileGoneError(f"{path}: there is no such file", code="gone")


def _taken(path: str) -> NameTakenError:
    return NameTakenError(f"{path}: there is a file of that name already", code="name_taken")


def _too_large(path: str, max_bytes: int) -> FileTooLargeError:
    return FileTooLargeError(f"{path} is larger than {max_bytes} bytes")


def _said(error: Exception) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__


def _translated(path: str, error: Exception) -> HubError:
    """Return what to do next, from what the server said."""
    said = _said(error)
    match error:
        case asyncssh.SFTPPermissionDenied() | asyncssh.SFTPWriteProtect():
            return UnauthorisedError(f"{path}: {said}; the partner must give the account the right to it")
        case asyncssh.SFTPNoSpaceOnFilesystem() | asyncssh.SFTPQuotaExceeded():
            return RetryableError(f"{path}: {said}; the partner must free some space", retry_after_s=60)
        case asyncssh.SFTPNoSuchFile() | asyncssh.SFTPNoSuchPath():
            return RetryableError(
                f"{path}: the folder is missing at the server; create it or correct the settings"
            )
        case asyncssh.SFTPInvalidFilename():
            return RejectedError(f"{path}: the server does not take such a name", code="name")
        case _:
            return RetryableError(f"{path}: {said}")
