"""What is over goes, and nothing that keeps a thing from happening twice goes with it."""

from typing import Any, cast
from uuid import UUID

from canonical.commands import SendMail
from canonical.events import Event, OrderRejected
from canonical.order import Order
from canonical.policy import Policy
from canonical.steps import Steps
from core.engine import snapshots
from core.engine.history import SNAPSHOT, folded
from core.scheduler import jobs, retention
from core.scheduler.retention import Retention
from core.store.sql import Database
from tests.core.engine.stage import Rules, Stage, engine_on

AT_ONCE = -1
"""Days: the horizon lies in the future, so that everything is old."""
JOURNAL = "SELECT seq, type, schema, message_id, body FROM journal WHERE order_id = $1 ORDER BY seq"
COPY = (
    "INSERT INTO orders (id, channel, channel_ref, version, schema, status, updated_at, doc) "
    "SELECT $1, channel, $2, version, schema, status, updated_at, doc FROM orders WHERE id = $3"
)
COPY_JOURNAL = (
    "INSERT INTO journal (order_id, seq, type, schema, recorded_at, body) "
    "SELECT $1, seq, type, schema, recorded_at, body FROM journal WHERE order_id = $2"
)


async def ended(stage: Stage, ref: str, notes: int = 3) -> UUID:
    """Return an order with some history that has come to an end."""
    order_id = await stage.placed(ref)
    for n in range(notes):
        await stage.note(order_id, f"note {n}")
    await stage.do(order_id, OrderRejected(order_id=order_id, reason="no such thing"))
    return order_id


async def stored(stage: Stage, order_id: UUID) -> Order:
    row = (await stage.rows("SELECT doc, schema FROM orders WHERE id = $1", order_id))[0]
    order = snapshots.read(row["doc"], row["schema"])
    assert order is not None
    return order


def ask(order: Order, event: Event, policy: Policy) -> Steps:
    """Each note asks for a mail, all for one and the same."""
    text = cast("Any", event).text
    yield SendMail(order_id=order.id, connector="till", key=f"mail:{order.id}", template=text)


async def test_one_snapshot_stands_for_the_journal_of_an_ended_order(store: Database) -> None:
    async with engine_on(store) as stage:
        order_id = await ended(stage, "R-1")
        await jobs.clean_up(store, Retention(journal_days=AT_ONCE))
        rows = await stage.rows(JOURNAL, order_id)
        assert [(row["seq"], row["type"]) for row in rows] == [(5, SNAPSHOT)]
        assert folded(rows) == await stored(stage, order_id)


async def test_an_order_goes_on_from_its_snapshot_and_stays_the_fold_of_its_journal(store: Database) -> None:
    async with engine_on(store) as stage:
        order_id = await ended(stage, "R-1")
        await jobs.clean_up(store, Retention(journal_days=AT_ONCE))
        await stage.note(order_id, "came back")
        rows = await stage.rows(JOURNAL, order_id)
        assert [(row["seq"], row["type"]) for row in rows] == [(5, SNAPSHOT), (6, "NoteAdded")]
        order = await stored(stage, order_id)
        assert folded(rows) == order
        assert [note.text for note in order.notes] == ["note 0", "note 1", "note 2", "came back"]
        await jobs.clean_up(store, Retention(journal_days=AT_ONCE))
        again = await stage.rows(JOURNAL, order_id)
        assert [(row["seq"], row["type"]) for row in again] == [(6, SNAPSHOT)]
        assert folded(again) == order


async def test_an_order_that_came_before_is_known_when_its_journal_is_gone(store: Database) -> None:
    async with engine_on(store) as stage:
        order_id = await ended(stage, "R-1")
        await jobs.clean_up(store, Retention(journal_days=AT_ONCE, effects_days=AT_ONCE))
        assert await stage.placed("R-1") == order_id
        assert len(await stage.rows("SELECT id FROM orders")) == 1


async def test_journals_of_what_is_under_way_young_or_quarantined_stay(store: Database) -> None:
    async with engine_on(store) as stage:
        under_way = await stage.placed("R-1")
        await stage.note(under_way, "waiting")
        quarantined = await ended(stage, "R-2")
        await stage.run("UPDATE orders SET quarantined_by = id WHERE id = $1", quarantined)
        await jobs.clean_up(store, Retention(journal_days=AT_ONCE))
        young = await ended(stage, "R-3")
        await jobs.clean_up(store, Retention(journal_days=1))
        await jobs.clean_up(store, Retention())
        for order_id, rows in ((under_way, 2), (quarantined, 5), (young, 5)):
            assert len(await stage.rows(JOURNAL, order_id)) == rows


async def test_the_journal_stays_while_a_partner_has_not_answered(store: Database) -> None:
    async with engine_on(store, Rules({"NoteAdded": (ask,)})) as stage:
        order_id = await ended(stage, "R-1")
        await jobs.clean_up(store, Retention(journal_days=AT_ONCE))
        assert len(await stage.rows(JOURNAL, order_id)) == 5


async def test_more_orders_than_one_transaction_takes_are_all_looked_at(
    store: Database,
) -> None:
    async with engine_on(store) as stage:
        orders = [await ended(stage, f"R-{n}", notes=0) for n in range(3)]
        for n in range(retention.ORDERS):
            await stage.run(COPY, UUID(int=n + 1), f"copy {n}", orders[0])
            await stage.run(COPY_JOURNAL, UUID(int=n + 1), orders[0])
        await jobs.clean_up(store, Retention(journal_days=AT_ONCE))
        left = await stage.rows("SELECT order_id, type FROM journal")
        assert len(left) == retention.ORDERS + 3
        assert {row["type"] for row in left} == {SNAPSHOT}


async def test_a_settled_effect_keeps_its_key_when_its_command_is_forgotten(store: Database) -> None:
    async with engine_on(store, Rules({"NoteAdded": (ask,)})) as stage:
        order_id = await ended(stage, "R-1")
        await stage.run(
            "UPDATE effects SET state = 'confirmed', finished_at = recorded_at, reference = 'ref'"
        )
        await jobs.clean_up(store, Retention(effects_days=AT_ONCE))
        kept = "SELECT key, state, reference, body FROM effects"
        row = {
            "key": f"mail:{order_id}",
            "state": "confirmed",
            "reference": "ref",
            "body": retention.FORGOTTEN,
        }
        assert await stage.rows(kept) == [row]
        await stage.note(order_id, "asked once more")
        assert await stage.rows(kept) == [row]


async def test_commands_stay_while_they_may_be_sent_or_their_order_is_under_way(store: Database) -> None:
    async with engine_on(store, Rules({"NoteAdded": (ask,)})) as stage:
        pending = await ended(stage, "R-1")
        under_way = await stage.placed("R-2")
        await stage.note(under_way, "a mail")
        settle = "UPDATE effects SET state = 'confirmed', finished_at = recorded_at WHERE order_id = $1"
        await stage.run(settle, under_way)
        young = await ended(stage, "R-3")
        await stage.run(settle, young)
        await jobs.clean_up(store, Retention(effects_days=7))
        await stage.run("UPDATE effects SET state = 'parked' WHERE order_id = $1", pending)
        await stage.run("UPDATE orders SET quarantined_by = id WHERE id = $1", young)
        await jobs.clean_up(store, Retention(effects_days=AT_ONCE))
        assert all(row["body"] != retention.FORGOTTEN for row in await stage.rows("SELECT body FROM effects"))
