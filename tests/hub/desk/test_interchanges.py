"""The ledger of interchanges, as the desk shows it."""

from datetime import timedelta

import pytest

from core.ids import uuid7
from core.store.sql import Session
from hub.desk.errors import RefusedError
from hub.desk.interchanges import list_ledger, resend
from tests.hub.stage import ADMIN, VIEWER, Stage

_PUT = (
    "INSERT INTO interchanges (id, direction, connector, pair, control, digest, message_id, status, recorded_at, "
    "due_at, raised_at, ended_at) VALUES ($1, $2, 'bench', 'x12 ZZ:A>ZZ:B', $3, '', $1, $4, $5, $6, $7, $8)"
)


async def put(session: Session, control: str, *, late: bool = False, ended: bool = False) -> None:
    now = session.now + timedelta(seconds=int(control))
    due, raised = (None, now) if late else (now + timedelta(hours=1), None)
    await session.run(
        _PUT, uuid7(), "out", control, "accepted" if ended else "open", now, None if ended else due, raised,
        now if ended else None,
    )  # fmt: skip


async def test_the_ledger_shows_what_is_open_and_what_is_late(either: Stage) -> None:
    async with either.ctx.database.transaction() as session:
        await put(session, "1", ended=True)
        await put(session, "2")
        await put(session, "3", late=True)
        await session.run(
            "INSERT INTO expected_sets (connector, kind, reference, after, interchange_id, since, due_at) "
            "VALUES ('bench', '856', 'PO-1', '850', $1, $2, $2)", uuid7(), session.now,
        )  # fmt: skip
    everything = await list_ledger(either.ctx, VIEWER)
    assert [one.control for one in everything.interchanges] == ["3", "2", "1"]
    assert [(one.kind, one.reference) for one in everything.expected] == [("856", "PO-1")]
    is_open = await list_ledger(either.ctx, VIEWER, "open")
    assert [one.control for one in is_open.interchanges] == ["3", "2"]
    late = await list_ledger(either.ctx, VIEWER, "overdue", "bench")
    assert [one.control for one in late.interchanges] == ["3"]
    assert late.expected == ()
    assert (await list_ledger(either.ctx, VIEWER, "all", "other")).interchanges == ()


async def test_an_interchange_is_sent_again_with_its_old_bytes(either: Stage) -> None:
    sent, came, request = uuid7(), uuid7(), uuid7()
    async with either.ctx.database.transaction() as session:
        now = session.now
        for one, direction, key in ((sent, "out", "interchange:1"), (came, "in", None)):
            await session.run(
                _PUT.replace("recorded_at, ", "recorded_at, effect_key, ").replace("$5,", "$5, $9,"),
                one, direction, "7", "open", now, None, now, None, key,
            )  # fmt: skip
        await session.run(
            "INSERT INTO effects (id, key, connector, command, body, order_id, state, due_at, recorded_at, request_id, "
            "attempt) VALUES ($1, 'interchange:1', 'nobody', 'SendInterchange', '{}', $1, 'confirmed', $2, $2, $3, 1)",
            sent, now, request,
        )  # fmt: skip
    assert await resend(either.ctx, ADMIN, sent) == "7"
    (effect,) = await either.rows(
        "SELECT state, request_id, attempt FROM effects WHERE key = 'interchange:1'"
    )
    assert (effect["state"], effect["request_id"], effect["attempt"]) == ("pending", request, 0)
    with pytest.raises(RefusedError, match="has not been sent yet"):
        await resend(either.ctx, ADMIN, sent)
    with pytest.raises(RefusedError, match="only it can send it again"):
        await resend(either.ctx, ADMIN, came)
