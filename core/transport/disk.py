"""The few things that a folder transport does to a disk, blocking; called in threads."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from core.transport.port import FileTooLargeError, RemoteFile, in_order


class Disk:
    """Files below a root, by the parts of their relative paths. Links are never followed. Errors are `OSError`s."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def list(self, folder: tuple[str, ...]) -> tuple[RemoteFile, ...]:
        """Return the regular files of a folder, oldest first."""
        found: list[RemoteFile] = []
        with os.scandir(self._at(folder)) as entries:
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # taken away since the folder was read
                if stat.S_ISREG(status.st_mode):
                    found.append(_file((*folder, entry.name), status))
        return in_order(found)

    def has_folder(self, folder: tuple[str, ...]) -> bool:
        """Say whether a folder is there."""
        return self._at(folder).is_dir()

    def stat(self, path: tuple[str, ...]) -> RemoteFile | None:
        """Return what is known of a regular file; None when the folder holds none of that name."""
        try:
            status = os.lstat(self._at(path))
        except FileNotFoundError:
            os.lstat(self._at(path).parent)  # a folder that is missing is another matter than a file
            return None
        return _file(path, status) if stat.S_ISREG(status.st_mode) else None

    def read(self, path: tuple[str, ...], max_bytes: int) -> bytes:
        """Return a file's bytes, at most `max_bytes`."""
        descriptor = os.open(self._at(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise FileNotFoundError(self._at(path))
            body = file.read(max_bytes + 1) if status.st_size <= max_bytes else b""
        if status.st_size > max_bytes or len(body) > max_bytes:
            message = f"{'/'.join(path)} is larger than {max_bytes} bytes"
            raise FileTooLargeError(message)
        return body

    def write(self, path: tuple[str, ...], body: bytes) -> None:
        """Write a file and bring it to the disk, replacing what had that name."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with os.fdopen(os.open(self._at(path), flags, 0o644), "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())

    def publish(self, temporary: tuple[str, ...], path: tuple[str, ...]) -> None:
        """Give a written file its name, in one step; `FileExistsError` when the name is taken."""
        source, target = self._at(temporary), self._at(path)
        try:
            os.link(source, target, follow_symlinks=False)
        except (PermissionError, NotImplementedError):
            self.rename_unless_taken(source, target)
        else:
            source.unlink()
        self._sync(target.parent)

    @staticmethod
    def rename_unless_taken(source: Path, target: Path) -> None:
        """Do it in two steps, on a file system without hard links (FAT, some mounts): only this hub writes here."""
        if os.path.lexists(target):
            raise FileExistsError(target)
        source.replace(target)

    def move(self, path: tuple[str, ...], target: tuple[str, ...]) -> None:
        """Give a file another path, replacing what lies there."""
        self._at(path).replace(self._at(target))
        self._sync(self._at(target).parent)

    def delete(self, path: tuple[str, ...]) -> None:
        """Take a file away, if it is there."""
        self._at(path).unlink(missing_ok=True)

    def _at(self, path: tuple[str, ...]) -> Path:
        return self._root.joinpath(*path)

    @staticmethod
    def _sync(folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _file(path: tuple[str, ...], status: os.stat_result) -> RemoteFile:
    # Nanoseconds by whole numbers: a float of seconds would not come out the same on both sides.
    modified_at = datetime.fromtimestamp(status.st_mtime_ns // 1_000_000_000, UTC)
    modified_at = modified_at.replace(microsecond=status.st_mtime_ns % 1_000_000_000 // 1000)
    return RemoteFile("/".join(path), status.st_size, modified_at)
