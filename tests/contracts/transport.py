"""What every transport does. Subclass `TransportContract` with a `stage` fixture."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import OutcomeUnknownError, RetryableError, UnauthorisedError
from core.transport.port import FileGoneError, FileTooLargeError, NameTakenError, Transport

NAMES = st.text("abcXYZ019 _-.äß漢'\"%#?&+~", min_size=1, max_size=40).filter(
    lambda name: not name.startswith(".") and not name.endswith((".part", ".")) and len(name.encode()) < 200
)


class Away(Protocol):
    """A place that can be taken away, and comes back with all that was there."""

    async def go(self) -> None:
        """Be away."""
        ...

    async def come_back(self) -> None:
        """Be there again."""
        ...


SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.differing_executors]
"""One stage serves all examples, which clean up after themselves; each transport's class runs them by itself."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A transport, and the folder that it leads to, as the partner sees it."""

    transport: Transport
    root: Path
    away: Away
    """Takes the place away for a while."""
    forbidden: Callable[[], Transport]
    """Gives a transport to the same place that may do nothing there."""
    full: Callable[[], Transport]
    """Gives a transport to the same place, which has no space left."""
    lost_before: Callable[[], Transport]
    """Gives a transport whose next renaming is lost on the way there."""
    lost_after: Callable[[], Transport]
    """Gives a transport whose next renaming's answer is lost."""


class TransportContract:
    """Each place has the folders `in` and `out`."""

    async def test_what_is_put_is_there_whole(self, stage: Stage) -> None:
        await stage.transport.put("out/one.xml", b"<one/>")
        assert (stage.root / "out" / "one.xml").read_bytes() == b"<one/>"
        assert [path.name for path in (stage.root / "out").iterdir()] == ["one.xml"]

    async def test_a_name_that_is_taken_is_left_as_it_is(self, stage: Stage) -> None:
        await stage.transport.put("out/one.xml", b"<one/>")
        with pytest.raises(NameTakenError, match=r"out/one\.xml"):
            await stage.transport.put("out/one.xml", b"<other/>")
        assert (stage.root / "out" / "one.xml").read_bytes() == b"<one/>"

    async def test_what_an_earlier_attempt_left_half_done_is_written_over(self, stage: Stage) -> None:
        (stage.root / "out" / "one.xml.part").write_bytes(b"half of something much longer than the whole")
        await stage.transport.put("out/one.xml", b"<one/>")
        assert (stage.root / "out" / "one.xml").read_bytes() == b"<one/>"

    async def test_files_are_listed_oldest_first_and_then_by_name(self, stage: Stage) -> None:
        for name, age_s in (("c", 50), ("b", 90), ("a", 50)):
            _put(stage.root / "in" / name, age_s=age_s)
        listed = await stage.transport.list("in")
        assert [(file.path, file.name, file.size) for file in listed] == [
            ("in/b", "b", 4), ("in/a", "a", 4), ("in/c", "c", 4),
        ]  # fmt: skip
        assert listed[0].modified_at == datetime(2026, 11, 20, 11, 58, 30, tzinfo=UTC)

    async def test_only_regular_files_count(self, stage: Stage) -> None:
        (stage.root / "secret").write_bytes(b"not for the hub")
        (stage.root / "in" / "link").symlink_to(stage.root / "secret")
        (stage.root / "in" / "folder").mkdir()
        os.mkfifo(stage.root / "in" / "pipe")
        assert await stage.transport.list("in") == ()
        for name in ("link", "folder", "pipe"):
            assert await stage.transport.stat(f"in/{name}") is None
            with pytest.raises(FileGoneError):
                await stage.transport.read(f"in/{name}", 100)

    async def test_a_name_that_is_not_utf_8_stops_nothing(self, stage: Stage) -> None:
        _put(stage.root / "in" / os.fsdecode(b"na\xefve.xml"))
        _put(stage.root / "in" / "plain.xml")
        names = {file.name for file in await stage.transport.list("in")}
        assert names == {"na\udcefve.xml", "plain.xml"}
        assert await stage.transport.read("in/na\udcefve.xml", 100) == b"body"
        await stage.transport.delete("in/na\udcefve.xml")
        assert [file.name for file in await stage.transport.list("in")] == ["plain.xml"]

    async def test_stat_tells_what_the_list_tells(self, stage: Stage) -> None:
        _put(stage.root / "in" / "one")
        assert (await stage.transport.stat("in/one"),) == await stage.transport.list("in")
        assert await stage.transport.stat("in/two") is None

    @pytest.mark.parametrize("size", [0, 1, 99, 100])
    async def test_a_file_is_read_up_to_the_limit(self, stage: Stage, size: int) -> None:
        (stage.root / "in" / "one").write_bytes(b"x" * size)
        assert await stage.transport.read("in/one", 100) == b"x" * size

    async def test_a_file_above_the_limit_is_refused_unread(self, stage: Stage) -> None:
        with (stage.root / "in" / "huge").open("wb") as file:
            file.truncate(50 * 1024 * 1024)
        with pytest.raises(FileTooLargeError, match="100 bytes"):
            await stage.transport.read("in/huge", 100)

    async def test_a_large_file_is_read_and_put_whole(self, stage: Stage) -> None:
        body = os.urandom(3 * 1024 * 1024 + 17)
        (stage.root / "in" / "large").write_bytes(body)
        assert await stage.transport.read("in/large", len(body)) == body
        await stage.transport.put("out/large", body)
        assert (stage.root / "out" / "large").read_bytes() == body

    async def test_what_is_not_there_is_gone(self, stage: Stage) -> None:
        with pytest.raises(FileGoneError, match="in/none"):
            await stage.transport.read("in/none", 100)
        with pytest.raises(FileGoneError, match="in/none"):
            await stage.transport.move("in/none", "out/none")
        await stage.transport.delete("in/none")

    async def test_a_moved_file_takes_the_place_of_another(self, stage: Stage) -> None:
        for _ in range(2):
            _put(stage.root / "in" / "one")
            await stage.transport.move("in/one", "out/two")
        assert (stage.root / "out" / "two").read_bytes() == b"body"
        assert list((stage.root / "in").iterdir()) == []

    async def test_a_deleted_file_is_away(self, stage: Stage) -> None:
        _put(stage.root / "in" / "one")
        for _ in range(2):
            await stage.transport.delete("in/one")
        assert await stage.transport.list("in") == ()

    @pytest.mark.parametrize(
        "path", ["../secret", "in/../../secret", "/etc/passwd", "in//one", "in/\0", "in/./one"]
    )
    async def test_no_path_leads_out(self, stage: Stage, path: str) -> None:
        for call in (
            stage.transport.read(path, 1), stage.transport.stat(path), stage.transport.put(path, b""),
            stage.transport.delete(path), stage.transport.list(path), stage.transport.move("in/one", path),
        ):  # fmt: skip
            with pytest.raises(ValueError, match="no path inside"):
                await call

    async def test_a_missing_folder_is_named_and_not_taken_for_an_empty_one(self, stage: Stage) -> None:
        for call in (
            stage.transport.list("nowhere"), stage.transport.stat("nowhere/one"),
            stage.transport.put("nowhere/one", b""), stage.transport.read("nowhere/one", 1),
        ):  # fmt: skip
            with pytest.raises(RetryableError, match="nowhere"):
                await call

    async def test_a_place_that_is_away_is_asked_again_later(self, stage: Stage) -> None:
        _put(stage.root / "in" / "one")
        await stage.transport.list("in")
        await stage.away.go()
        for call in (
            stage.transport.list("in"), stage.transport.read("in/one", 100), stage.transport.put("out/x", b"x"),
        ):  # fmt: skip
            with pytest.raises(RetryableError):
                await call
        await stage.away.come_back()
        assert await stage.transport.read("in/one", 100) == b"body"

    async def test_without_the_right_to_it_somebody_has_to_act(self, stage: Stage) -> None:
        transport = stage.forbidden()
        with pytest.raises(UnauthorisedError):
            await transport.put("out/one", b"x")
        await transport.close()

    async def test_a_full_disk_leaves_nothing_behind_and_is_tried_again(self, stage: Stage) -> None:
        transport = stage.full()
        with pytest.raises(RetryableError, match="space"):
            await transport.put("out/one", b"x")
        assert await stage.transport.stat("out/one") is None
        await transport.close()

    async def test_a_renaming_that_was_lost_leaves_the_outcome_open(self, stage: Stage) -> None:
        transport = stage.lost_before()
        with pytest.raises(OutcomeUnknownError, match="out/one"):
            await transport.put("out/one", b"x")
        assert await stage.transport.stat("out/one") is None
        await transport.put("out/one", b"x")
        assert await stage.transport.stat("out/one") is not None
        await transport.close()

    async def test_a_renaming_without_an_answer_leaves_the_outcome_open(self, stage: Stage) -> None:
        transport = stage.lost_after()
        with pytest.raises(OutcomeUnknownError, match="out/one"):
            await transport.put("out/one", b"x")
        assert await stage.transport.stat("out/one") is not None
        with pytest.raises(NameTakenError):
            await transport.put("out/one", b"x")
        await transport.close()

    async def test_a_closed_transport_opens_again(self, stage: Stage) -> None:
        await stage.transport.put("out/one", b"x")
        for _ in range(2):
            await stage.transport.close()
        assert await stage.transport.read("out/one", 10) == b"x"

    async def test_the_test_looks_into_each_folder(self, stage: Stage) -> None:
        assert "2 folders" in await stage.transport.test(("in", "out"))
        with pytest.raises(RetryableError, match="elsewhere"):
            await stage.transport.test(("in", "elsewhere"))

    @settings(max_examples=30, deadline=None, suppress_health_check=SHARED)
    @given(name=NAMES, body=st.binary(max_size=300))
    async def test_any_name_and_any_bytes_come_back(self, stage: Stage, name: str, body: bytes) -> None:
        await stage.transport.delete(f"out/{name}")
        await stage.transport.put(f"out/{name}", body)
        assert await stage.transport.read(f"out/{name}", 300) == body
        assert name in {file.name for file in await stage.transport.list("out")}
        await stage.transport.delete(f"out/{name}")


def _put(path: Path, *, age_s: int = 0) -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
    path.write_bytes(b"body")
    os.utime(path, (noon - age_s, noon - age_s))
