"""A file is put into the outbox once, however often it is asked for and wherever the partner has it by now."""

from pathlib import Path

import pytest

from core.clock import SystemClock
from core.errors import RejectedError
from core.transport.folder import FolderTransport
from core.transport.outbox import Outbox
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


async def test_what_was_never_delivered_is_not_found(outbox: Outbox) -> None:
    assert await outbox.find("one.xml", b"one") is None
