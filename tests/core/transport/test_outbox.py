"""A file is put into the outbox once, however often it is asked for and wherever the partner has it by now."""

from pathlib import Path
from typing import Any

import pytest

from core.clock import SystemClock
from core.errors import RejectedError
from core.transport.folder import FolderTransport
from core.transport.outbox import Outbox
from core.transport.port import NameTakenError
from core.transport.settings import FolderSettings


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("out", "out/processed", "out/rejected"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def outbox(root: Path) -> Outbox:
    transport = FolderTransport(FolderSettings(path=root), SystemClock())
    return Outbox(transport, "out", ("out/processed", "out/rejected"))


async def test_a_delivery_says_where_the_file_is(outbox: Outbox, root: Path) -> None:
    assert await outbox.deliver("one.xml", b"one") == "out/one.xml"
    assert (root / "out" / "one.xml").read_bytes() == b"one"


async def test_a_second_delivery_changes_nothing(outbox: Outbox, root: Path) -> None:
    await outbox.deliver("one.xml", b"one")
    before = (root / "out" / "one.xml").stat()
    assert await outbox.deliver("one.xml", b"one") == "out/one.xml"
    after = (root / "out" / "one.xml").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.parametrize("folder", ["out/processed", "out/rejected"])
async def test_what_the_partner_has_read_is_not_delivered_again(
    outbox: Outbox, root: Path, folder: str
) -> None:
    await outbox.deliver("one.xml", b"one")
    (root / "out" / "one.xml").rename(root / folder / "one.xml")
    assert await outbox.deliver("one.xml", b"one") == f"{folder}/one.xml"
    assert not (root / "out" / "one.xml").exists()


@pytest.mark.parametrize("folder", ["out", "out/processed"])
@pytest.mark.parametrize("body", [b"two", b"longer than that", b""])
async def test_a_name_that_stands_for_something_else_is_refused(
    outbox: Outbox, root: Path, folder: str, body: bytes
) -> None:
    (root / folder / "one.xml").write_bytes(b"one")
    with pytest.raises(RejectedError, match="other content") as refused:
        await outbox.deliver("one.xml", body)
    assert refused.value.code == "name_taken"


class Moving:
    """A transport on which the partner moves the file on at a certain call."""

    def __init__(self, root: Path, call: str, *, target: str = "out/processed/one.xml") -> None:
        self._inner = FolderTransport(FolderSettings(path=root), SystemClock())
        self._root, self._call, self._target = root, call, target

    def __getattr__(self, call: str) -> object:
        method = getattr(self._inner, call)

        async def called(path: str, *rest: object) -> object:
            if call == self._call:
                self._call = ""
                (self._root / "out" / "one.xml").rename(self._root / self._target)
            return await method(path, *rest)

        return called


async def test_a_file_that_is_moved_on_while_it_is_looked_at_is_found(root: Path) -> None:
    (root / "out" / "one.xml").write_bytes(b"one")
    moving: Any = Moving(root, "read")
    found = await Outbox(moving, "out", ("out/processed",)).find("one.xml", b"one")
    assert found is not None
    assert found.path == "out/processed/one.xml"


class Late:
    """A transport that does not see what another worker has put there, the first time that it looks."""

    def __init__(self, root: Path) -> None:
        self._inner = FolderTransport(FolderSettings(path=root), SystemClock())
        self._blind = True

    async def stat(self, path: str) -> object:
        if self._blind:
            self._blind = False
            return None
        return await self._inner.stat(path)

    def __getattr__(self, call: str) -> object:
        return getattr(self._inner, call)


async def test_what_another_worker_put_there_meanwhile_counts(root: Path) -> None:
    (root / "out" / "one.xml").write_bytes(b"one")
    late: Any = Late(root)
    assert await Outbox(late, "out").deliver("one.xml", b"one") == "out/one.xml"


async def test_what_was_put_there_meanwhile_and_taken_away_again_is_refused(root: Path) -> None:
    class Vanishing(Late):
        async def put(self, path: str, body: bytes) -> None:
            raise NameTakenError("taken", code="name_taken")

    vanishing: Any = Vanishing(root)
    with pytest.raises(NameTakenError):
        await Outbox(vanishing, "out").deliver("one.xml", b"one")


async def test_what_was_never_delivered_is_not_found(outbox: Outbox) -> None:
    assert await outbox.find("one.xml", b"one") is None
