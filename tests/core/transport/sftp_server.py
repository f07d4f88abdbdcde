"""A partner's SFTP server that can be troublesome. Each trouble happens once."""

from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import asyncssh

USERNAME, PASSWORD = "hub", "correct horse"


def key() -> asyncssh.SSHKey:
    """Return a new key."""
    return asyncssh.generate_private_key("ssh-ed25519")


class Partner:
    """Serves a folder on loopback; may be away for a while."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.host_key, self.client_key = key(), key()
        self.trouble: set[str] = set()
        self.logins = 0
        self.port = 0
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self._acceptor: asyncssh.SSHAcceptor | None = None

    async def come_back(self) -> None:
        self._acceptor = await asyncssh.listen(
            "127.0.0.1", self.port, server_factory=lambda: _Door(self), sftp_factory=self._files,
            server_host_keys=[self.host_key],
        )  # fmt: skip
        self.port = self._acceptor.get_port()

    async def go(self) -> None:
        assert self._acceptor is not None
        self._acceptor.close()
        self.cut()
        await self._acceptor.wait_closed()

    def cut(self) -> None:
        """Cut every connection."""
        for connection in tuple(self.connections):
            connection.abort()

    def has(self, trouble: str) -> bool:
        """Say whether there is that trouble, and have done with it."""
        if trouble not in self.trouble:
            return False
        self.trouble.discard(trouble)
        return True

    def _files(self, channel: "asyncssh.SSHServerChannel[bytes]") -> "_Files":
        return _Files(channel, self)


class _Door(asyncssh.SSHServer):
    def __init__(self, partner: Partner) -> None:
        self._partner = partner
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._partner.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        assert self._connection is not None
        self._partner.connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        self._partner.logins += 1
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USERNAME, PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USERNAME and key == self._partner.client_key.convert_to_public()


class _Files(asyncssh.SFTPServer):
    def __init__(self, channel: "asyncssh.SSHServerChannel[bytes]", partner: Partner) -> None:
        super().__init__(channel, chroot=str(partner.root).encode())
        self._partner = partner

    def _maybe_cut(self, trouble: str) -> None:
        if self._partner.has(trouble):
            self.connection.abort()
            raise asyncssh.SFTPConnectionLost("cut")

    async def _hang(self) -> None:
        """Answer nothing, until the other side has given up."""
        await self.connection.wait_closed()
        raise asyncssh.SFTPConnectionLost("the other side has given up")

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        self._maybe_cut("cut before renaming")
        if self._partner.has("hang at renaming"):
            await self._hang()
        super().rename(oldpath, newpath)
        self._maybe_cut("cut after renaming")

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        if "no extensions" in self._partner.trouble:
            raise asyncssh.SFTPOpUnsupported("no extensions")
        super().posix_rename(oldpath, newpath)

    def fsync(self, file_obj: object) -> None:
        if "no extensions" in self._partner.trouble:
            raise asyncssh.SFTPOpUnsupported("no extensions")
        super().fsync(file_obj)

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        if self._partner.has("hang at writing"):
            await self._hang()
        for trouble in ("cut upload", "cut upload again"):
            self._maybe_cut(trouble)
        if self._partner.has("forbidden"):
            raise asyncssh.SFTPPermissionDenied("permission denied")
        if self._partner.has("full"):
            raise asyncssh.SFTPFailure("no space left on device")
        if self._partner.has("lose bytes"):
            super().write(file_obj, offset, data[:-7])
            return len(data)
        written = super().write(file_obj, offset, data)
        assert isinstance(written, int)
        return written

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        if self._partner.has("hang at reading"):
            await self._hang()
        for trouble in ("cut download", "cut download again"):
            self._maybe_cut(trouble)
        found = super().read(file_obj, offset, size)
        assert isinstance(found, bytes)
        return found

    def close(self, file_obj: object) -> Awaitable[None] | None:
        super().close(file_obj)
        return self._hang() if self._partner.has("hang at closing") else None

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        if self._partner.has("hang at listing"):
            await self._hang()
        async for entry in super().scandir(path):
            yield entry
