"""One SSH connection with an SFTP channel in it: opened when needed, used again, dropped when it is dead."""

import asyncio
from pathlib import Path
from typing import Any

import asyncssh

from core.clock import Clock
from core.errors import HubError, RetryableError, UnauthorisedError
from core.transport.settings import FINGERPRINT_PREFIX, SftpSettings

_PROBES = 3


class SshSession:
    """Keeps at most one connection. Trusts the pinned host keys alone, whatever the machine's own files say."""

    def __init__(self, settings: SftpSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._lock = asyncio.Lock()
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None

    async def sftp(self) -> tuple[asyncssh.SFTPClient, bool]:
        """Return the channel, and whether it was open already."""
        async with self._lock:
            if self._sftp is not None and self._connection is not None and not self._connection.is_closed():
                return self._sftp, True
            await self._let_go()
            self._sftp = await self._open()
            return self._sftp, False

    async def drop(self, sftp: asyncssh.SFTPClient) -> None:
        """Abandon the connection of `sftp` at once, unless a newer one took its place."""
        async with self._lock:
            if self._sftp is sftp:
                await self._let_go()

    def cut(self, sftp: asyncssh.SFTPClient) -> None:
        """Cut the connection of `sftp`, so that nothing waits for it any more. The next call opens another."""
        if self._sftp is sftp and self._connection is not None:
            self._connection.abort()

    async def close(self) -> None:
        """End the connection."""
        async with self._lock:
            await self._let_go()

    async def _open(self) -> asyncssh.SFTPClient:
        where = f"{self._settings.username}@{self._settings.host}:{self._settings.port}"
        keeper = _PinnedHostKeys(self._settings.host_key)
        options = await asyncio.to_thread(self._options)
        try:
            async with asyncio.timeout(self._clock.real_seconds(self._settings.connect_timeout_s)):
                self._connection = await asyncssh.connect(client_factory=lambda: keeper, **options)
                return await self._connection.start_sftp_client()
        except (OSError, asyncssh.Error) as error:
            await self._let_go()
            raise _translated(where, error, keeper) from error

    def _options(self) -> dict[str, Any]:
        """Return asyncssh's options. Nothing is taken from the machine: no agent, no `~/.ssh`, no known hosts."""
        settings, secret = self._settings, self._settings.password
        return {
            "host": settings.host,
            "port": settings.port,
            "username": settings.username,
            "password": secret.get_secret_value() if secret else None,
            "client_keys": [key] if (key := private_key(settings)) else None,
            "known_hosts": ([], [], []),  # not empty bytes: those mean the user's own file
            "config": None,
            "agent_path": None,
            "gss_host": None,
            "keepalive_interval": self._clock.real_seconds(settings.keepalive_s),
            "keepalive_count_max": _PROBES,
        }

    async def _let_go(self) -> None:
        connection, self._connection, self._sftp = self._connection, None, None
        if connection is None:
            return
        connection.abort()  # nothing waits for an answer any more, and a black-holed peer would give none
        await connection.wait_closed()


class _PinnedHostKeys(asyncssh.SSHClient):
    """Accepts the pinned keys, and remembers what it was offered instead."""

    def __init__(self, pins: tuple[str, ...]) -> None:
        self._pins = {_fingerprint(pin) for pin in pins}
        self.refused: str | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        offered = key.get_fingerprint()
        if offered in self._pins:
            return True
        self.refused = f"{key.get_algorithm()} {offered}"
        return False


def private_key(settings: SftpSettings) -> asyncssh.SSHKey | None:
    """Return the account's key; raise `UnauthorisedError` when it can't be read. The key's text is in no error."""
    passphrase = settings.passphrase.get_secret_value() if settings.passphrase else None
    try:
        if settings.private_key is not None:
            return asyncssh.import_private_key(settings.private_key.get_secret_value(), passphrase)
        if settings.private_key_file is not None:
            return asyncssh.import_private_key(Path(settings.private_key_file).read_bytes(), passphrase)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        message = (
            f"the private key can't be read: {error}; it is PEM or OpenSSH text, and may need `passphrase`"
        )
        raise UnauthorisedError(message) from None
    except OSError as error:
        message = f"private_key_file {settings.private_key_file} can't be read: {error.strerror}"
        raise UnauthorisedError(message) from error
    return None


def _fingerprint(pin: str) -> str:
    if pin.startswith(FINGERPRINT_PREFIX):
        return pin.rstrip("=")
    return asyncssh.import_public_key(pin).get_fingerprint()


def _translated(where: str, error: Exception, keeper: _PinnedHostKeys) -> HubError:
    if isinstance(error, asyncssh.PermissionDenied):
        return UnauthorisedError(
            f"{where}: the server does not accept the user name with its password or key"
        )
    if keeper.refused is not None:
        return UnauthorisedError(
            f"{where}: the server proves itself with {keeper.refused}, which `host_key` does not name; "
            "ask the partner whether the key was changed before you add it"
        )
    if isinstance(error, TimeoutError):
        return RetryableError(f"{where}: no connection within the time allowed")
    return RetryableError(f"{where}: no connection: {error}")
