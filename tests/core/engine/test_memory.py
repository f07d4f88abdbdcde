"""What an engine remembers of the orders that it wrote: enough to spare work, never enough to be wrong."""

from canonical.events import NoteAdded
from canonical.evolve import evolve
from core.engine import snapshots
from core.engine.memory import OrderMemory, Written
from core.store.sql import Database
from tests.canonical.building import ORDER_ID, line, placed
from tests.core.engine.stage import Rules, engine_on

ORDER = evolve(None, placed(line("1")))
NOTED = evolve(ORDER, NoteAdded(order_id=ORDER_ID, text="hello", actor="support"))


def test_the_lines_of_an_order_are_remembered_while_nothing_touches_them() -> None:
    memory = OrderMemory()
    memory.put(Written(ORDER, "[…]", 10))
    assert memory.lines_of(NOTED) == "[…]"
    assert memory.lines_of(ORDER.replace(lines=(line("1", ordered=2),))) is None
    assert memory.lines_of(ORDER.replace(lines=tuple(one.replace() for one in ORDER.lines))) is None


def test_an_order_that_was_written_later_is_not_forgotten_for_an_earlier_one() -> None:
    memory = OrderMemory()
    memory.put(Written(NOTED, "[2]", 10))
    memory.put(Written(ORDER, "[1]", 10))
    assert memory.get(ORDER_ID) is NOTED
    assert memory.lines_of(NOTED) == "[2]"


def test_the_longest_unused_is_forgotten_when_there_is_no_room() -> None:
    memory = OrderMemory(limit_bytes=15)
    memory.put(Written(ORDER, "[]", 10))
    other = ORDER.replace(id=type(ORDER_ID)(int=7))
    memory.put(Written(other, "[]", 10))
    assert memory.get(ORDER_ID) is None
    assert memory.get(other.id) is other


async def test_what_is_stored_with_remembered_lines_is_the_whole_order(store: Database) -> None:
    async with engine_on(store, Rules({})) as stage:
        order_id = await stage.placed("R-1", "MUG", "CUP")
        await stage.note(order_id, "one")
        await stage.note(order_id, "two")
        async with store.reading() as session:
            stored = (await snapshots.load(session, [order_id], OrderMemory()))[order_id]
        assert stored is not None
        assert stored == stage.engine.memory.get(order_id)
        assert [note.text for note in stored.notes] == ["one", "two"]
