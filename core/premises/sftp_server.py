"""A simulated partner's SFTP server: one account, shut into its folder. It loses connections at the worst moments."""

import hmac
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

from core.premises.trays import UNFINISHED
from core.simulator import Faults


@dataclass(frozen=True, slots=True)
class Account:
    """Who may come in: with a password, a key, or either."""

    username: str
    password: str | None = None
    public_key: asyncssh.SSHKey | None = None


@dataclass(slots=True)
class House:
    """What all connections share."""

    account: Account
    faults: Faults
    root: Path
    connections: set[asyncssh.SSHServerConnection] = field(default_factory=set[asyncssh.SSHServerConnection])
    logins: int = 0


class SftpServer:
    """Listens on loopback. It may be stopped and started again, on the same port and with the same key."""

    def __init__(self, house: House, host_key: asyncssh.SSHKey, port: int = 0) -> None:
        self.house, self.port = house, port
        self._host_key = host_key
        self._acceptor: asyncssh.SSHAcceptor | None = None

    async def start(self) -> None:
        """Listen."""
        self._acceptor = await asyncssh.listen(
            "127.0.0.1",
            self.port,
            server_factory=lambda: _Door(self.house),
            sftp_factory=self._files,
            server_host_keys=[self._host_key],
            allow_scp=False,
        )
        self.port = self._acceptor.get_port()

    def _files(self, channel: "asyncssh.SSHServerChannel[bytes]") -> "_Files":
        return _Files(channel, self.house)

    async def stop(self) -> None:
        """Listen no more, and cut every connection."""
        if self._acceptor is None:
            return
        self._acceptor.close()
        for connection in tuple(self.house.connections):
            connection.abort()
            await connection.wait_closed()
        await self._acceptor.wait_closed()
        self._acceptor = None


class _Door(asyncssh.SSHServer):
    """Asks who is there. Password and key count alike."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._house.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._house.connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        self._house.logins += 1
        return True

    def password_auth_supported(self) -> bool:
        return self._house.account.password is not None

    def public_key_auth_supported(self) -> bool:
        return self._house.account.public_key is not None

    def validate_password(self, username: str, password: str) -> bool:
        expected = self._house.account.password or ""
        right = hmac.compare_digest(password.encode(), expected.encode())
        return right and self._may(username)

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return key == self._house.account.public_key and self._may(username)

    def _may(self, username: str) -> bool:
        known = username == self._house.account.username
        return known and not self._house.faults.strikes("auth", username)


class _Files(asyncssh.SFTPServer):
    """The folder. Faults are known by the file's final name."""

    def __init__(self, channel: "asyncssh.SSHServerChannel[bytes]", house: House) -> None:
        super().__init__(channel, chroot=str(house.root).encode())  # pyright: ignore[reportUnknownMemberType] - half typed
        self._house = house

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        name = _final(newpath)
        if self._house.faults.strikes("name_taken", name):
            (self._house.root / newpath.decode().lstrip("/")).write_bytes(b"somebody else's")
        await self._lose("before", name)
        result = super().rename(oldpath, newpath)
        if result is not None:
            await result
        await self._lose("after", name)

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        name = _final(getattr(file_obj, "name", b""))
        if self._house.faults.strikes("disk_full", name):
            raise asyncssh.SFTPNoSpaceOnFilesystem("no space left on device")
        if self._house.faults.strikes("cut_upload", name):
            self._cut()
        return await _written(super().write(file_obj, offset, data))

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        if self._house.faults.strikes("cut_download", _final(getattr(file_obj, "name", b""))):
            self._cut()
        found = super().read(file_obj, offset, size)
        return found if isinstance(found, bytes) else await found

    async def _lose(self, moment: str, name: str) -> None:
        """Cut the connection or never answer, before or after the effect."""
        if self._house.faults.strikes(f"cut_{moment}", name):
            self._cut()
        if self._house.faults.strikes(f"timeout_{moment}", name):
            await self.connection.wait_closed()
            raise asyncssh.SFTPConnectionLost("the other side has given up")

    def _cut(self) -> None:
        self.connection.abort()
        raise asyncssh.SFTPConnectionLost("cut")


async def _written(result: Any) -> int:
    found: int = result if isinstance(result, int) else await result
    return found


def _final(path: Any) -> str:
    text = path.decode(errors="replace") if isinstance(path, bytes) else str(path)
    name = text.rpartition("/")[2]
    for suffix in UNFINISHED:
        name = name.removesuffix(suffix)
    return name
