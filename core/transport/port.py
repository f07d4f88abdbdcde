"""What a transport is: a place with folders, in which files appear whole, are read, and are taken away."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.errors import RejectedError

_PART = re.compile(r"[^/\0]{1,255}")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file at the partner's place. `path` is relative to the transport's root, with `/` between its parts."""

    path: str
    size: int
    modified_at: datetime
    """UTC, by the clock of the machine that keeps the file."""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


class FileGoneError(RejectedError):
    """There is no file of that path: it never was, or somebody took it."""


class FileTooLargeError(RejectedError):
    """The file is larger than was allowed; not more than that was read of it."""


class NameTakenError(RejectedError):
    """Another file has that name already, and it isn't overwritten."""


class Transport(Protocol):
    """Files in folders, at a partner or on this machine.

    Paths are relative to the transport's root and never leave it. Every call is bounded in time. Errors, for all
    calls: `RetryableError` (the place can't be reached, a folder is missing, the disk is full), `UnauthorisedError`
    (credentials, host key, or no right to a folder), `RejectedError` and its kin above (this file, for good).
    Repetition: every call may be repeated; `put` says what a repetition does.
    """

    async def list(self, folder: str) -> tuple[RemoteFile, ...]:
        """Return the regular files of `folder`, oldest first and equally old ones by name; never links or folders."""
        ...

    async def stat(self, path: str) -> RemoteFile | None:
        """Return what is known of a regular file; None when there is none."""
        ...

    async def read(self, path: str, max_bytes: int) -> bytes:
        """Return a file's bytes; raise `FileTooLargeError` above `max_bytes`, and `FileGoneError`."""
        ...

    async def put(self, path: str, body: bytes) -> None:
        """Make a file appear whole under its name, durably, as far as the place can.

        It is written under a temporary name first; what goes wrong before the renaming is a `RetryableError`, what
        goes wrong while it is under way an `OutcomeUnknownError`. A name that is taken is left as it is:
        `NameTakenError`, whatever that file holds.
        """
        ...

    async def move(self, path: str, target: str) -> None:
        """Give a file another path; what lies there already is replaced. Raises `FileGoneError`."""
        ...

    async def delete(self, path: str) -> None:
        """Take a file away; one that isn't there is no error."""
        ...

    async def test(self, folders: tuple[str, ...]) -> str:
        """Try reachability, credentials and that each folder is there; return a sentence."""
        ...

    async def close(self) -> None:
        """Let go of connections. A later call opens them again."""
        ...


def parts_of(path: str) -> tuple[str, ...]:
    """Return the parts of a relative path; one that could leave its root raises ValueError."""
    parts = tuple(path.split("/")) if path else ()
    for part in parts:
        if part in {".", ".."} or not _PART.fullmatch(part):
            message = f"{path!r} is no path inside a transport: parts, none of them empty, `.` or `..`, joined by `/`"
            raise ValueError(message)
    return parts


def in_order(files: list[RemoteFile]) -> tuple[RemoteFile, ...]:
    """Return files oldest first, equally old ones by name."""
    return tuple(sorted(files, key=lambda file: (file.modified_at, file.name)))
