"""Where a simulated partner is reached: its SFTP server, or its folder."""

from pathlib import Path
from typing import Any

import asyncssh
from pydantic import BaseModel, ConfigDict, Field

from core.premises.sftp_server import Account, House, SftpServer
from core.simulator import Workshop

_REAL_TIMEOUT_S = 10
_LONGEST_TIMEOUT_S = 600


class PremisesOptions(BaseModel):
    """What `Workshop.options` may say of the way in; a simulator's own options are a subclass."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    transport: str = Field(default="sftp", pattern="^(sftp|folder)$")
    auth: str = Field(default="password", pattern="^(password|key)$")
    username: str = "hub"
    password: str = "simulated-password"  # noqa: S105 - the simulator's own


class Premises:
    """Opened and closed like a shop; what lies in the folder stays there meanwhile."""

    def __init__(self, workshop: Workshop, options: PremisesOptions, root: Path) -> None:
        self._workshop, self._options, self._root = workshop, options, root
        self._share = workshop.folder / "share"
        self._server: SftpServer | None = None
        self._client_key: asyncssh.SSHKey | None = None

    async def open(self) -> dict[str, Any]:
        """Let the hub in, and return the settings of the transport by which it comes."""
        if self._options.transport == "sftp":
            self._server = self._server or self._new_server()
            await self._server.start()
        elif not self._share.is_symlink():
            self._share.symlink_to(self._root, target_is_directory=True)
        return self._settings()

    async def close(self) -> None:
        """Let nobody in."""
        if self._server is not None:
            await self._server.stop()
        else:
            self._share.unlink(missing_ok=True)  # what a share looks like that is not mounted

    def _new_server(self) -> SftpServer:
        if self._options.auth == "key":
            self._client_key = new_key()
        public = self._client_key.convert_to_public() if self._client_key else None
        password = self._options.password if public is None else None
        house = House(Account(self._options.username, password, public), self._workshop.faults, self._root)
        return SftpServer(house, self._host_key(), self._workshop.port)

    def _host_key(self) -> asyncssh.SSHKey:
        """Return the server's key: always the same one in this folder, so that it can be pinned."""
        file = self._workshop.folder / "host_key"
        if not file.exists():
            file.write_bytes(new_key().export_private_key())
        return asyncssh.import_private_key(file.read_bytes())

    def _settings(self) -> dict[str, Any]:
        # Loopback does not get faster with the clock: ten seconds on the wall, whatever its speed.
        timeout_s = min(_LONGEST_TIMEOUT_S, _REAL_TIMEOUT_S / self._workshop.clock.real_seconds(1))
        if self._server is None:
            return {"type": "folder", "path": str(self._share), "timeout_s": timeout_s}
        return {
            "type": "sftp",
            "host": "127.0.0.1",
            "port": self._server.port,
            "username": self._options.username,
            "host_key": self._host_key().get_fingerprint(),
            "timeout_s": timeout_s,
            "connect_timeout_s": timeout_s,
            **self._credentials(),
        }

    def _credentials(self) -> dict[str, str]:
        if self._client_key is not None:
            return {"private_key": self._client_key.export_private_key().decode()}
        return {"password": self._options.password}


def new_key() -> asyncssh.SSHKey:
    """Return a new key of the kind that servers have today."""
    return asyncssh.generate_private_key("ssh-ed25519")  # pyright: ignore[reportUnknownMemberType] - half typed
