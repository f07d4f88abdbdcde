"""The failure record of a single item whose transaction can't be committed."""

from dataclasses import replace
from uuid import UUID

from core.bus.port import EnvelopeError, Item
from core.engine.changes import Changes
from core.engine.crashes import UNMARK
from core.engine.inbox import INBOX
from core.engine.reading import Blame
from core.engine.work import Content, Ending, Happening, Outcome, Stored, Work, successor
from core.ids import uuid7
from core.security.keys import KeyRing
from core.store.sql import Session

_QUARANTINE = "UPDATE orders SET quarantined_by = $2 WHERE id = $1 AND quarantined_by IS NULL"


async def record(session: Session, ring: KeyRing, work: Work, error: Exception) -> Outcome:
    """Write it, as the one end of this attempt, unless the attempt had its end before.

    The effect that the work settles is settled all the same: what its partner answered is known.
    """
    item = work.item
    new = await session.write(INBOX, [(work.queue, item.id, item.attempt)])
    changes = Changes(session.now)
    outcome = Outcome(Ending.DUPLICATE, "it was taken in before")
    if new:
        blame = Blame("commit", type(error).__name__, printable(str(error) or repr(error)))
        failure_id = work.failure_id or uuid7()
        order_id = work.content.order_id if isinstance(work.content, Happening) else None
        changes.failed(failure_id, work, blame, order_id, _again(work, session))
        if work.settlement is not None:
            reference = work.settlement.reference
            changes.settle(replace(work.settlement, reference=reference and printable(reference)))
        if order_id is not None:
            await session.run(_QUARANTINE, order_id, failure_id)
        await session.write(UNMARK, [item.key] if work.marked else [])
        outcome = Outcome(Ending.FAILED, blame.reason, failure_id=failure_id)
    await changes.write(session, ring, [item.key] if work.consumes_row else [])
    return outcome


def _again(work: Work, session: Session) -> Item:
    """Return the item by which it is tried again; where its content can't be written down, what names its message."""
    try:
        return _checked(work, work.content, session)
    except (EnvelopeError, ValueError, TypeError):
        message_id: UUID = work.message_id or work.item.id
        return _checked(work, Stored(message_id), session)


def _checked(work: Work, content: Content, session: Session) -> Item:
    item = successor(work, content, tag="failed", now=session.now)
    item.data.encode()  # a lone surrogate can't be stored
    return item


def printable(text: str) -> str:
    """Return a text as both databases take it: without NUL characters and lone surrogates."""
    return text.replace("\x00", "\\0").encode("utf-8", "backslashreplace").decode()
