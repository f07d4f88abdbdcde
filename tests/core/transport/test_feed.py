"""A feed of files hands in whole ones, loses none, and is stopped by none."""

import asyncio
import os
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import DocumentError, DoorError, RetryableError
from core.ports import RawDocument, Receipt
from core.transport.feed import POLL_S, TOGETHER, UNREADABLE, ArrivalSettings, read_unreadable
from core.transport.port import RemoteFile, Transport
from tests.core.transport.places import Place, Store


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


class Watching(Store):
    """Looks, whenever something is handed in, whether the file is still there."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self._place, self.still_there = place, list[list[str]]()

    async def receive(self, raw: RawDocument) -> Receipt:
        self.still_there.append(self._place.names())
        return await super().receive(raw)


class Troubled:
    """A transport that fails at chosen calls and paths."""

    def __init__(self, inner: Transport) -> None:
        self._inner, self.failing = inner, dict[tuple[str, str], Exception]()

    def __getattr__(self, call: str) -> object:
        method = getattr(self._inner, call)

        async def checked(path: str, *rest: object) -> object:
            if error := self.failing.get((call, path)):
                raise error
            return await method(path, *rest)

        return checked


def troubled(place: Place) -> Troubled:
    trouble = Troubled(place.transport)
    place.transport = trouble  # type: ignore[assignment]
    return trouble


# --- order, identity, taking away ---


async def test_files_are_handed_in_oldest_first_and_then_taken_away(place: Place) -> None:
    for name, age_s in (("b", 10), ("a", 10), ("c", 99)):
        place.put(name, name.encode(), age_s=age_s)
    assert await place.feed().poll(place.store) == 3
    assert place.store.bodies() == [b"c", b"a", b"b"]
    assert place.names() == []
    assert await place.feed().poll(place.store) == 0


async def test_a_file_is_there_until_it_is_stored(place: Place) -> None:
    place.put("one")
    watching = Watching(place)
    await place.feed().poll(watching)
    assert watching.still_there == [["one"]]
    assert place.names() == []


async def test_a_document_says_which_file_it_was(place: Place) -> None:
    place.put("one.xml", b"<one/>")
    await place.feed().poll(place.store)
    (raw,) = place.store.received
    assert (raw.kind, raw.body, raw.media_type) == ("dispatch", b"<one/>", "application/xml")
    assert raw.headers == {"file": "in/one.xml", "modified-at": "2026-11-20T12:00:00+00:00"}


async def test_a_crash_before_the_file_is_taken_away_stores_it_once(place: Place) -> None:
    place.put("one")
    trouble = troubled(place)
    trouble.failing["delete", "in/one"] = RetryableError("the hub was killed here")
    with pytest.raises(RetryableError):
        await place.feed().poll(place.store)
    trouble.failing.clear()
    assert await place.feed().poll(place.store) == 1
    assert (len(place.store.told), len(place.store.received), place.names()) == (2, 1, [])


async def test_the_same_name_with_other_content_is_another_document(place: Place) -> None:
    for body in (b"first", b"other"):
        place.put("stock.csv", body)
        await place.feed().poll(place.store)
    assert place.store.bodies() == [b"first", b"other"]


async def test_the_same_content_at_another_time_is_told_again(place: Place) -> None:
    for age_s in (60, 0):
        place.put("stock.csv", b"5", age_s=age_s)
        await place.feed().poll(place.store)
    assert place.store.bodies() == [b"5", b"5"]


async def test_a_file_that_was_written_anew_meanwhile_is_not_taken_away(place: Place) -> None:
    class Rewriting(Store):
        async def receive(self, raw: RawDocument) -> Receipt:
            if not self.received:
                place.put("one", b"the second document")
            return await super().receive(raw)

    place.put("one", b"the first")
    store, feed = Rewriting(), place.feed()
    await feed.poll(store)
    assert place.names() == ["one"]
    await feed.poll(store)
    assert store.bodies() == [b"the first", b"the second document"]
    assert place.names() == []


class Gate(Store):
    """Confirms nothing until so many documents are there, as one commit does."""

    def __init__(self, places: int) -> None:
        super().__init__()
        self._places, self._open = places, asyncio.Event()
        self.waiting = self.most = 0

    async def receive(self, raw: RawDocument) -> Receipt:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        if self.waiting == self._places:
            self._open.set()
        receipt = await super().receive(raw)
        async with asyncio.timeout(10):
            await self._open.wait()
            await asyncio.sleep(0)
        self.waiting -= 1
        return receipt


async def test_many_files_wait_for_one_commit_together_in_their_order(place: Place) -> None:
    names = [f"{n:02}" for n in range(TOGETHER)]
    for name in names:
        place.put(name, name.encode())
    gate = Gate(TOGETHER)
    assert await place.feed().poll(gate) == TOGETHER
    assert gate.bodies() == [name.encode() for name in names]


async def test_no_more_of_them_are_in_memory_than_fit(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.transport.feed.TOGETHER_BYTES", 10)
    for name, size in (("a", 5), ("b", 5), ("c", 6), ("d", 50)):
        place.put(name, name.encode() * size)
    gate = Gate(1)
    assert await place.feed().poll(gate) == 4
    assert (gate.most, [len(body) for body in gate.bodies()]) == (2, [5, 5, 6, 50])


async def test_files_may_be_archived_instead(tmp_path: Path) -> None:
    place = Place(tmp_path, after="archive")
    place.put("one")
    await place.feed().poll(place.store)
    assert (place.names(), place.names("archive")) == ([], ["one"])


async def test_a_poll_has_an_end(tmp_path: Path) -> None:
    place = Place(tmp_path, max_files_per_poll=2)
    for n in range(5):
        place.put(str(n), str(n).encode())
    feed = place.feed()
    assert [await feed.poll(place.store) for _ in range(4)] == [2, 2, 1, 0]


async def test_a_poll_does_not_outlive_its_lease(place: Place) -> None:
    class Slow(Store):
        async def receive(self, raw: RawDocument) -> Receipt:
            place.clock.advance(POLL_S / TOGETHER + 1)
            return await super().receive(raw)

    for n in range(2 * TOGETHER + 1):
        place.put(str(n), str(n).encode())
    slow, feed = Slow(), place.feed()
    assert [await feed.poll(slow) for _ in range(3)] == [TOGETHER, TOGETHER, 1]


async def test_a_pattern_says_which_files_are_meant(place: Place) -> None:
    for name in ("dispatch-1.xml", "answer-1.xml", "dispatch-1.txt"):
        place.put(name, name.encode())
    await place.feed("dispatch-*.xml").poll(place.store)
    assert place.store.bodies() == [b"dispatch-1.xml"]


# --- half-written files ---


@pytest.mark.parametrize("name", ["one.part", "one.tmp", "one.filepart", ".one.xml", "one.writing"])
async def test_names_of_files_being_written_are_never_taken(place: Place, name: str) -> None:
    place.put(name)
    assert await place.feed().poll(place.store) == 0
    assert place.names() == [name]


async def test_a_file_is_whole_when_it_was_the_same_at_the_poll_before(tmp_path: Path) -> None:
    place = Place(tmp_path, complete="stable")
    feed = place.feed()
    place.put("one", b"half")
    assert await feed.poll(place.store) == 0
    place.put("one", b"half, and the rest")
    assert await feed.poll(place.store) == 0
    assert await feed.poll(place.store) == 1
    assert place.store.bodies() == [b"half, and the rest"]


async def test_a_file_with_an_older_time_but_the_same_size_is_not_yet_whole(tmp_path: Path) -> None:
    place = Place(tmp_path, complete="stable")
    feed = place.feed()
    place.put("one", b"abcd", age_s=5)
    assert await feed.poll(place.store) == 0
    place.put("one", b"efgh", age_s=0)
    assert await feed.poll(place.store) == 0
    assert await feed.poll(place.store) == 1
    assert place.store.bodies() == [b"efgh"]


async def test_a_file_is_whole_when_its_marker_is_there(tmp_path: Path) -> None:
    place = Place(tmp_path, complete="marker")
    feed = place.feed()
    place.put("one.xml")
    assert await feed.poll(place.store) == 0
    place.put("one.xml.done", b"")
    assert await feed.poll(place.store) == 1
    assert place.names() == []


async def test_a_half_written_file_that_waits_stops_none_behind_it(tmp_path: Path) -> None:
    place = Place(tmp_path, complete="stable")
    feed = place.feed()
    place.put("half", b"1", age_s=60)
    place.put("whole", b"2")
    await feed.poll(place.store)
    place.put("half", b"12", age_s=59)
    assert await feed.poll(place.store) == 1
    assert place.store.bodies() == [b"2"]


async def test_a_file_that_grew_since_it_was_listed_is_left_for_the_next_poll(place: Place) -> None:
    place.put("one", b"half, and the rest")
    (whole,) = await place.transport.list("in")
    listed = RemoteFile("in/one", 4, whole.modified_at)
    place.transport = Listing(place.transport, (listed,))  # type: ignore[assignment]
    assert await place.feed().poll(place.store) == 0
    assert place.names() == ["one"]


class Listing:
    """A transport whose list is out of date."""

    def __init__(self, inner: Transport, listed: tuple[RemoteFile, ...]) -> None:
        self._inner, self._listed = inner, listed

    async def list(self, folder: str) -> tuple[RemoteFile, ...]:
        return self._listed

    def __getattr__(self, call: str) -> object:
        return getattr(self._inner, call)


# --- what can't be handed in ---


async def test_a_file_of_50_mb_is_put_aside_unread_and_somebody_is_told(tmp_path: Path) -> None:
    place = Place(tmp_path, max_file_bytes=1000)
    with place.put("huge.xml", age_s=60).open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    os.utime(tmp_path / "in" / "huge.xml", (0, 0))
    place.put("good.xml")
    assert await place.feed().poll(place.store) == 2
    note, good = place.store.received
    assert (note.kind, good.body) == (UNREADABLE, b"body")
    assert (place.names(), place.names("errors")) == ([], ["huge.xml"])
    with pytest.raises(DocumentError) as failure:
        read_unreadable(note)
    assert "in/huge.xml" in str(failure.value)
    assert "larger than 1000 bytes" in str(failure.value)
    assert "52428800 bytes" in str(failure.value)
    assert "errors/huge.xml" in str(failure.value)


async def test_a_file_that_could_not_be_put_aside_is_told_of_once(tmp_path: Path) -> None:
    place = Place(tmp_path, max_file_bytes=1)
    place.put("huge")
    trouble = troubled(place)
    trouble.failing["move", "in/huge"] = RetryableError("away")
    for _ in range(2):
        with pytest.raises(RetryableError):
            await place.feed().poll(place.store)
    assert [raw.kind for raw in place.store.received] == [UNREADABLE]


async def test_a_document_that_the_hub_refuses_is_put_aside(place: Place) -> None:
    place.put("bad", b"bad", age_s=60)
    place.put("good", b"good")
    place.store.refusing[b"bad"] = DoorError(422, "refused", "can't be stored")
    assert await place.feed().poll(place.store) == 2
    assert place.store.bodies() == [b"good"]
    assert place.names("errors") == ["bad"]
    assert orjson.loads(place.store.received[0].body)["reason"] == "can't be stored"


async def test_back_pressure_ends_the_poll_and_nothing_is_taken_away_that_is_not_stored(place: Place) -> None:
    place.put("one", b"one", age_s=60)
    place.put("two", b"two")
    place.store.refusing[b"one"] = DoorError(503, "busy", "later")
    with pytest.raises(DoorError):
        await place.feed().poll(place.store)
    assert (place.names(), place.store.bodies()) == (["one"], [b"two"])
    place.store.refusing.clear()
    assert await place.feed().poll(place.store) == 1


async def test_a_file_at_which_the_connection_breaks_goes_to_the_end_of_the_line(place: Place) -> None:
    place.put("breaking", b"1", age_s=60)
    place.put("other", b"2")
    trouble = troubled(place)
    trouble.failing["read", "in/breaking"] = RetryableError("connection lost")
    feed = place.feed()
    for _ in range(2):
        with pytest.raises(RetryableError):
            await feed.poll(place.store)
    assert place.store.bodies() == [b"2"]
    trouble.failing.clear()
    assert await feed.poll(place.store) == 1


async def test_a_file_that_breaks_every_connection_keeps_nobody_else_out(place: Place) -> None:
    names = [f"{n:02}" for n in range(5)]
    for name in names:
        place.put(name, name.encode())
    trouble = troubled(place)
    for name in names:  # it takes the others' connection with it
        trouble.failing["read", f"in/{name}"] = RetryableError("connection lost")
    feed = place.feed()
    with pytest.raises(RetryableError):
        await feed.poll(place.store)
    trouble.failing = {("read", "in/00"): RetryableError("connection lost")}
    place.put("new", b"new")
    for _ in range(2):
        with pytest.raises(RetryableError):
            await feed.poll(place.store)
    assert place.store.bodies() == [b"new", b"01", b"02", b"03", b"04"]


async def test_a_file_that_somebody_else_took_is_passed_over(place: Place) -> None:
    place.put("one")
    listed = await place.transport.list("in")
    (place.root / "in" / "one").unlink()
    place.transport = Listing(place.transport, listed)  # type: ignore[assignment]
    assert await place.feed().poll(place.store) == 0


async def test_a_name_that_is_not_utf_8_can_be_stored(place: Place) -> None:
    place.put(os.fsdecode(b"na\xefve.xml"))
    assert await place.feed().poll(place.store) == 1
    (raw,) = place.store.received
    assert raw.headers["file"] == "in/na\\udcefve.xml"
    assert raw.external_id is not None
    raw.external_id.encode()
    assert place.names() == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(st.binary(max_size=40), max_size=6), crashes=st.sets(st.integers(0, 12)))
async def test_whatever_breaks_every_file_is_stored_once(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes], crashes: set[int]
) -> None:
    place = Place(tmp_path_factory.mktemp("place"))
    for n, body in enumerate(bodies):
        place.put(f"{n}", body, age_s=100 - n)
    breaking = Breaking(place.transport, crashes)
    place.transport = breaking  # type: ignore[assignment]
    for _ in range(20):
        try:
            await place.feed().poll(place.store)
        except RetryableError:
            continue
    assert sorted(place.store.bodies()) == sorted(bodies)
    assert place.names() == []


class Breaking:
    """A transport that breaks at the calls with certain numbers, before or after they took effect."""

    def __init__(self, inner: Transport, at: set[int]) -> None:
        self._inner, self._at, self._calls = inner, at, 0

    def __getattr__(self, call: str) -> object:
        method = getattr(self._inner, call)

        async def counted(*arguments: object) -> object:
            self._calls += 1
            if self._calls in self._at and self._calls % 2:
                raise RetryableError("before")
            result = await method(*arguments)
            if self._calls in self._at:
                raise RetryableError("after")
            return result

        return counted


def test_the_kinds_of_completeness_are_closed() -> None:
    with pytest.raises(ValueError, match="stable"):
        ArrivalSettings.model_validate({"complete": "hopefully"})
