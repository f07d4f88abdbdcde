"""Shares that fail, for connectors that exchange files by a folder."""

import errno
import os
from pathlib import Path

from core.simulator import Faults
from core.transport.disk import Disk


class FaultyDisk(Disk):
    """A share that fails as the simulator's faults say: the same ones as over SFTP."""

    def __init__(self, root: Path, faults: Faults) -> None:
        super().__init__(root)
        self._faults = faults

    def write(self, path: tuple[str, ...], body: bytes) -> None:
        name = path[-1].removesuffix(".part")
        if self._faults.strikes("disk_full", name):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self._faults.strikes("cut_upload", name):
            super().write(path, body[: len(body) // 2])
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().write(path, body)

    def publish(self, temporary: tuple[str, ...], path: tuple[str, ...]) -> None:
        if self._faults.strikes("name_taken", path[-1]):
            self.write(path, b"somebody else's")
        if self._faults.strikes("cut_before", path[-1]):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().publish(temporary, path)
        if self._faults.strikes("cut_after", path[-1]):
            raise OSError(errno.EIO, os.strerror(errno.EIO))


class ForbiddenDisk(Disk):
    """A share on which the hub's user has no rights."""

    def stat(self, path: tuple[str, ...]) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def list(self, folder: tuple[str, ...]) -> tuple[()]:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
