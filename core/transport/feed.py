"""Arriving files as raw documents: whole ones only, in order, each taken away only after it is stored."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from canonical.documents import Document
from core.clock import Clock
from core.errors import DocumentError, DoorError, PartnerError, Problem, RejectedError
from core.ports import Intake, RawDocument
from core.transport.port import FileGoneError, FileTooLargeError, RemoteFile, Transport

UNREADABLE = "unreadable"
"""The `RawDocument.kind` of a note about a file that could not be handed in."""

POLL_S = 20.0
"""How long a poll may go on taking files, in hub time: the hub's lease on the feed lasts at least 30 s."""

TOGETHER = 16
"""How many files are under way at a time: read side by side, and stored in one commit."""
TOGETHER_BYTES = 8 * 1024 * 1024
"""How much of them is in memory at a time; a larger file goes alone."""

_BUSY = 503
FolderPath = Annotated[str, StringConstraints(pattern=r"^[^/\x00]+(/[^/\x00]+)*$", max_length=500)]


class ArrivalSettings(BaseModel):
    """When a file is whole, and what becomes of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    complete: Literal["stable", "renamed", "marker"] = "stable"
    """When a file is taken for whole. `stable`: its size and time were the same at the poll before. `renamed`: at once,
    because the partner writes under a temporary name and renames. `marker`: when `NAME.done` stands beside it."""
    ignore: tuple[str, ...] = (".*", "*.part", "*.tmp", "*.filepart", "*.writing")
    """Names that are never taken: what partners and their tools call a file while they write it."""
    marker_suffix: Annotated[str, StringConstraints(pattern=r"^\.[A-Za-z0-9_-]{1,20}$")] = ".done"
    after: Literal["delete", "archive"] = "delete"
    """What becomes of a file once it is stored."""
    archive: FolderPath = "archive"
    errors: FolderPath = "errors"
    """Where a file goes that can't be handed in (too large); support sees a failure for it."""
    max_file_bytes: Annotated[int, Field(gt=0, le=256 * 1024 * 1024)] = 10 * 1024 * 1024
    max_files_per_poll: Annotated[int, Field(gt=0, le=10_000)] = 500


@dataclass(frozen=True, slots=True)
class Source:
    """Which files hold which kind of document."""

    kind: str
    folder: str
    pattern: str = "*"
    media_type: str = "application/xml"


class FileFeed:
    """A feed over one folder of a transport. Fills `core.ports.Feed`.

    Files are read some at a time and handed in in their order, so that many are stored in one commit. One that can't be
    handed in is reported as a document of kind `unreadable`, put aside, and never stops those behind it; one at which
    the connection broke goes to the end of the line, and alone. Only what concerns them all (the partner is away,
    credentials, the hub's back-pressure) ends a poll early.
    """

    def __init__(
        self, source: Source, transport: Transport, arrival: ArrivalSettings, interval_s: float, clock: Clock
    ) -> None:
        self.name, self.interval_s = source.kind, interval_s
        self._clock = clock
        self._source, self._transport, self._arrival = source, transport, arrival
        self._seen_before: dict[str, RemoteFile] = {}
        self._broke_at: Counter[str] = Counter()

    async def poll(self, intake: Intake) -> int:
        handed_in, until = 0, self._clock.monotonic() + POLL_S
        for files in self._some_at_a_time((await self._whole_files())[: self._arrival.max_files_per_poll]):
            if self._clock.monotonic() > until:
                break
            handed_in += await self._take(files, intake)
        return handed_in

    def _some_at_a_time(self, files: Sequence[RemoteFile]) -> Iterator[list[RemoteFile]]:
        some: list[RemoteFile] = []
        size = 0
        for file in files:
            size += file.size
            alone = self._broke_at[file.path] > 0
            if some and (alone or len(some) == TOGETHER or size > TOGETHER_BYTES):
                yield some
                some, size = [], file.size
            some.append(file)
            if alone:
                yield some
                some, size = [], 0
        if some:
            yield some

    async def _whole_files(self) -> list[RemoteFile]:
        listed = await self._transport.list(self._source.folder)
        before, self._seen_before = self._seen_before, {file.path: file for file in listed}
        whole = [file for file in listed if self._is_ours(file.name) and self._is_whole(file, before)]
        return sorted(
            whole, key=lambda file: self._broke_at[file.path]
        )  # stable: keeps the order by time and name

    def _is_ours(self, name: str) -> bool:
        if any(fnmatchcase(name, pattern) for pattern in self._arrival.ignore):
            return False
        if self._arrival.complete == "marker" and name.endswith(self._arrival.marker_suffix):
            return False
        return fnmatchcase(name, self._source.pattern)

    def _is_whole(self, file: RemoteFile, before: dict[str, RemoteFile]) -> bool:
        match self._arrival.complete:
            case "renamed":
                return True
            case "stable":
                return before.get(file.path) == file
            case "marker":
                return file.path + self._arrival.marker_suffix in self._seen_before

    async def _take(self, files: Sequence[RemoteFile], intake: Intake) -> int:
        """Hand in some files, and take each away once it is stored; return how many documents that was."""
        contents = await asyncio.gather(*map(self._read, files), return_exceptions=True)
        # Started in the files' order, in which the intake gets them.
        handing = (
            self._hand_in(file, content, intake) for file, content in zip(files, contents, strict=True)
        )
        outcomes = await asyncio.gather(*handing, return_exceptions=True)
        handed_in, errors = 0, list[BaseException]()
        for file, outcome in zip(files, outcomes, strict=True):
            if isinstance(outcome, PartnerError):
                self._broke_at[file.path] += 1
            else:
                self._broke_at.pop(file.path, None)
            if isinstance(outcome, BaseException):
                errors.append(outcome)
            else:
                handed_in += outcome
        if errors:
            raise errors[0]
        return handed_in

    async def _read(self, file: RemoteFile) -> bytes:
        return await self._transport.read(file.path, self._arrival.max_file_bytes)

    async def _hand_in(self, file: RemoteFile, content: bytes | BaseException, intake: Intake) -> int:
        match content:
            case FileGoneError():
                return 0  # somebody else took it
            case FileTooLargeError():
                return await self._put_aside(file, str(content), intake)
            case BaseException():
                raise content
            case _ if len(content) != file.size:
                return 0  # it is being written after all: the next poll looks again
            case _:
                return await self._store(file, content, intake)

    async def _store(self, file: RemoteFile, body: bytes, intake: Intake) -> int:
        try:
            await intake.receive(self._document(file, body))
        except DoorError as error:
            if error.status == _BUSY:
                raise
            return await self._put_aside(file, str(error), intake)
        await self._clear_away(file)
        return 1

    def _document(self, file: RemoteFile, body: bytes) -> RawDocument:
        return RawDocument(
            kind=self._source.kind,
            body=body,
            media_type=self._source.media_type,
            external_id=_external_id(file, hashlib.sha256(body).hexdigest()[:32]),
            headers={"file": _shown(file.path), "modified-at": file.modified_at.isoformat()},
        )

    async def _clear_away(self, file: RemoteFile) -> None:
        if await self._transport.stat(file.path) != file:
            return  # the partner has written it anew since: that is another document
        if self._arrival.after == "archive":
            await self._move(file, self._arrival.archive)
        else:
            await self._transport.delete(file.path)
        if self._arrival.complete == "marker":
            await self._transport.delete(file.path + self._arrival.marker_suffix)

    async def _put_aside(self, file: RemoteFile, reason: str, intake: Intake) -> int:
        """Tell support of a file, durably, and only then move it out of the way."""
        target = f"{self._arrival.errors}/{file.name}"
        note = _Note(
            file=_shown(file.path),
            size=file.size,
            modified_at=file.modified_at,
            reason=reason,
            moved_to=_shown(target),
        )
        body = note.model_dump_json().encode()
        await intake.receive(
            RawDocument(kind=UNREADABLE, body=body, external_id=_external_id(file, UNREADABLE))
        )
        await self._move(file, self._arrival.errors)
        return 1

    async def _move(self, file: RemoteFile, folder: str) -> None:
        try:
            await self._transport.move(file.path, f"{folder}/{file.name}")
        except FileGoneError:
            return
        except RejectedError:
            await self._transport.delete(file.path)


class _Note(BaseModel):
    """What is known of a file that could not be handed in."""

    file: str
    size: int
    modified_at: datetime
    reason: str
    moved_to: str


def read_unreadable(raw: RawDocument) -> tuple[Document, ...]:
    """Read the note about a file that could not be handed in: always a failure, so that somebody looks at it."""
    try:
        note = _Note.model_validate_json(raw.body)
    except ValidationError as error:
        problem = Problem(f"this is no note about a file: {error.error_count()} fields are wrong")
        raise DocumentError((problem,)) from error
    way_out = (
        f"the file ({note.size} bytes) was moved to {note.moved_to}: put it right, or raise the limit, and "
    )
    raise DocumentError((Problem(f"{note.reason}; {way_out}move it back", source=note.file),))


def _external_id(file: RemoteFile, content: str) -> str:
    """Name this telling: the file's name and time, and its content. A file put there again later is a new telling."""
    return f"{_shown(file.path)}@{file.modified_at.isoformat()}#{content}"


def _shown(text: str) -> str:
    """Return a name that any store can keep: a file's name need not be UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()
