"""The folder transport keeps the contract, and makes sense of what an operating system says."""

import errno
import os
import time
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.errors import OutcomeUnknownError, RetryableError
from core.transport.disk import Disk
from core.transport.folder import FolderTransport
from core.transport.settings import FolderSettings
from tests.contracts.transport import Stage, TransportContract


class BadDisk(Disk):
    """A disk that fails in one way, wherever something is written."""

    def __init__(self, root: Path, code: int) -> None:
        super().__init__(root)
        self._error = OSError(code, os.strerror(code))

    def write(self, path: tuple[str, ...], body: bytes) -> None:
        raise self._error


class LossyMount(Disk):
    """A network mount that fails at the first renaming, before or after it was done there."""

    def __init__(self, root: Path, *, done: bool) -> None:
        super().__init__(root)
        self._done, self._failed = done, False

    def publish(self, temporary: tuple[str, ...], path: tuple[str, ...]) -> None:
        if self._failed or self._done:
            super().publish(temporary, path)
        if not self._failed:
            self._failed = True
            raise OSError(errno.EIO, os.strerror(errno.EIO))


class HangingMount(Disk):
    """A network mount that answers nobody for a while."""

    def has_folder(self, folder: tuple[str, ...]) -> bool:
        return True

    def list(self, folder: tuple[str, ...]) -> tuple[()]:
        time.sleep(0.5)
        return ()

    def publish(self, temporary: tuple[str, ...], path: tuple[str, ...]) -> None:
        time.sleep(0.5)
        super().publish(temporary, path)


class NoHardLinks(Disk):
    """A file system such as FAT: `link` is not permitted."""

    def publish(self, temporary: tuple[str, ...], path: tuple[str, ...]) -> None:
        self.rename_unless_taken(self._at(temporary), self._at(path))


class Mount:
    """A folder that can be unmounted."""

    def __init__(self, root: Path) -> None:
        self._root, self._elsewhere = root, root.with_name("elsewhere")

    async def go(self) -> None:
        self._root.rename(self._elsewhere)

    async def come_back(self) -> None:
        self._elsewhere.rename(self._root)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("in", "out"):
        (tmp_path / "place" / name).mkdir(parents=True)
    return tmp_path / "place"


def transport(root: Path, disk: Disk | None = None, timeout_s: float = 10) -> FolderTransport:
    return FolderTransport(FolderSettings(path=root, timeout_s=timeout_s), SystemClock(), disk)


class TestFolderTransport(TransportContract):
    @pytest.fixture
    def stage(self, root: Path) -> Stage:
        return Stage(
            transport(root),
            root,
            Mount(root),
            forbidden=lambda: transport(root, BadDisk(root, errno.EACCES)),
            full=lambda: transport(root, BadDisk(root, errno.ENOSPC)),
            lost_before=lambda: transport(root, LossyMount(root, done=False)),
            lost_after=lambda: transport(root, LossyMount(root, done=True)),
        )


async def test_all_folders_that_are_missing_are_named_with_what_makes_them(root: Path) -> None:
    with pytest.raises(RetryableError) as told:
        await transport(root).test(("in", "new one", "other"))
    assert "has no new one and no other" in str(told.value)
    assert f"`mkdir -p '{root}/new one' {root}/other`" in str(told.value)


async def test_a_disk_that_does_not_answer_is_asked_again_later(root: Path) -> None:
    with pytest.raises(RetryableError, match=r"within 0\.1 s"):
        await transport(root, HangingMount(root), timeout_s=0.1).list("in")


async def test_a_renaming_that_does_not_answer_leaves_the_outcome_open(root: Path) -> None:
    with pytest.raises(OutcomeUnknownError, match="out/one"):
        await transport(root, HangingMount(root), timeout_s=0.1).put("out/one", b"x")


async def test_files_are_put_without_hard_links_too(root: Path) -> None:
    place = transport(root, NoHardLinks(root))
    await place.put("out/one", b"x")
    assert (root / "out" / "one").read_bytes() == b"x"
    (root / "out" / "two.part").write_bytes(b"y")
    (root / "out" / "two").write_bytes(b"z")
    with pytest.raises(FileExistsError):
        NoHardLinks(root).publish(("out", "two.part"), ("out", "two"))
