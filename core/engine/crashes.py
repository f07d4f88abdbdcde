"""Items that end their worker: found by the marks that they leave, and parked alone."""

from dataclasses import replace

from core.bus.port import Delivery, Item
from core.engine.changes import Changes, Posting
from core.engine.inbox import INBOX
from core.engine.reading import Blame
from core.engine.work import Stored, data_of
from core.ids import named_id, uuid7
from core.security.keys import KeyRing
from core.store import messages
from core.store.sql import Session, bulk

TIMES = 2
"""An item found started this often, and never ended, is parked."""

_START = (
    "INSERT INTO started (item_id, attempt, times, recorded_at) VALUES ($1, $2, 1, $3) "
    "ON CONFLICT (item_id, attempt) DO UPDATE SET times = started.times + 1 RETURNING times"
)
_STARTED = "SELECT times FROM started WHERE item_id = $1 AND attempt = $2"
UNMARK = bulk(
    "DELETE FROM started WHERE (item_id, attempt) IN (SELECT item_id, attempt FROM {rows})",
    "item_id uuid, attempt int",
)
"""For an item that came to an end, whatever it was: it did not end its worker."""


async def begin(session: Session, ring: KeyRing, queue: str, item: Item) -> bool:
    """Mark an item as started, in a commit of its own. Says True when it was parked instead: twice is enough."""
    times = (await session.rows(_START, item.id, item.attempt, session.now))[0]["times"]
    if times <= TIMES:
        return False
    if await session.write(INBOX, [(queue, item.id, item.attempt)]):
        await park(session, ring, queue, item)
    return True


async def park(session: Session, ring: KeyRing, queue: str, item: Item) -> None:
    """Write the failure record of an item that ends its worker."""
    reason = (
        "it ended its worker each time it was tried: look at the worker's last log lines before replaying it"
    )
    changes = Changes(session.now)
    again = _again(item)
    changes.failed_item(
        named_id(f"parked:{item.id}:{item.attempt}", item.time),
        queue,
        again,
        Blame("crash", "CrashLoop", reason),
    )
    await changes.write(session, ring, [item.key])
    await session.write(UNMARK, [item.key])


async def keep_unreadable(session: Session, ring: KeyRing, queue: str, item: Item, reason: str) -> None:
    """Write the failure record of an item that does not say what it is about: its neighbours go on without it."""
    if not await session.write(INBOX, [(queue, item.id, item.attempt)]):
        return
    changes = Changes(session.now)
    failure_id = named_id(f"unreadable:{item.id}:{item.attempt}", item.time)
    changes.failed_item(failure_id, queue, _again(item), Blame("bus", "ItemError", reason))
    await changes.write(session, ring, [item.key])


async def scatter(session: Session, ring: KeyRing, delivery: Delivery) -> None:
    """Send the items of an envelope again, each by itself: the innocent go through, the culprit stands alone."""
    queue = delivery.origin or delivery.queue
    rows = [(queue, item.id, item.attempt) for item in delivery.items]
    new = {str(row["item_id"]) for row in await session.write(INBOX, sorted(rows))}
    changes = Changes(session.now)
    for item in delivery.items:
        if str(item.id) not in new:
            continue
        marks = await session.rows(_STARTED, item.id, item.attempt)
        if marks and marks[0]["times"] >= TIMES:
            await park(session, ring, queue, item)
        else:
            changes.postings.append(Posting(queue, _again(item), delay_s=0.001))
    keys = [item.key for item in delivery.items]
    await changes.write(session, ring, keys)
    await session.write(UNMARK, keys)


def _again(item: Item) -> Item:
    return replace(item, attempt=item.attempt + 1)


async def keep_broken(session: Session, ring: KeyRing, delivery: Delivery) -> None:
    """Keep a delivery that is no envelope: its bytes as a message, and a failure record that says what is wrong."""
    message_id = uuid7()
    changes = Changes(session.now)
    changes.message_rows.append(
        messages.Row(
            message_id, "internal", "hub", "envelope", "failed", "application/octet-stream", delivery.body, sealed=True,
        ),
    )  # fmt: skip
    item = Item(
        id=message_id,
        type="envelope",
        subject=None,
        attempt=1,
        time=session.now,
        correlation_id=message_id,
        causation_id=message_id,
        data=data_of(Stored(message_id)),
    )
    blame = Blame("bus", "EnvelopeError", str(delivery.problem or "the envelope is empty"))
    changes.failed_item(message_id, delivery.origin or delivery.queue, item, blame, message_id=message_id)
    await changes.write(session, ring, ())
