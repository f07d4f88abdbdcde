"""Leaving files: each put in place once, under a name that says what it is."""

from core.errors import RejectedError
from core.transport.port import FileGoneError, FileTooLargeError, NameTakenError, RemoteFile, Transport


class Outbox:
    """A folder that a partner empties, and the folders where it keeps what it has read.

    The partner moves files from `folder` to one of `processed`, never back: so a name is looked for in that order,
    and can't be missed while it moves. A partner that deletes instead leaves nothing to find: then only its own
    dedupe by the document's id keeps a second upload from counting.
    """

    def __init__(self, transport: Transport, folder: str, processed: tuple[str, ...] = ()) -> None:
        self._transport = transport
        self.folder, self.processed = folder, processed

    async def deliver(self, name: str, body: bytes) -> str:
        """Put `body` in place as `name`, unless it is there or was taken already; return its path.

        Raises `RejectedError` when that name was used for other bytes, and what `Transport.put` raises.
        """
        found = await self.find(name, body)
        if found is not None:
            return found.path
        path = f"{self.folder}/{name}" if self.folder else name
        try:
            await self._transport.put(path, body)
        except NameTakenError:
            found = await self.find(name, body)
            if found is None:
                raise
            return found.path
        return path

    async def find(self, name: str, body: bytes) -> RemoteFile | None:
        """Return where the file `name` with those bytes is; None when there is none of that name.

        Raises `RejectedError` when there is one with other bytes.
        """
        for folder in (self.folder, *self.processed):
            path = f"{folder}/{name}" if folder else name
            found = await self._transport.stat(path)
            if found is None:
                continue
            try:
                same = found.size == len(body) and await self._transport.read(path, len(body)) == body
            except FileGoneError:
                continue  # the partner has just moved it on: it is in one of the next folders
            except FileTooLargeError:
                same = False
            if not same:
                message = f"{path} exists with other content, of {found.size} bytes; a name is used once"
                raise RejectedError(message, code="name_taken")
            return found
        return None
