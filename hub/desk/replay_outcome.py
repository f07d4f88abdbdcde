"""What a canary waits for: that what it sent has come to its end in the business, not only in the hub.

An item has come through when its failure is closed (or its message read), and every partner has done what its order
asked of them since. It has not when it fails again, when its failure comes back elsewhere, when a partner refuses or
gives up, or when nothing more is heard of it for too long.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from core.store.sql import Session, as_instant
from hub.desk.replay_standing import JOINED, STANDING

_UNDER_WAY = (
    f"SELECT i.seq, i.signature, i.sent_at, {STANDING} AS standing, f.signature AS now_signature, "
    f"COALESCE(f.order_id, m.order_id, i.order_id) AS order_id {JOINED} "
    "WHERE i.replay_id = $1 AND i.status = 'sent' AND i.sent_at >= $2 ORDER BY i.seq"
)
_ASKED = (
    "SELECT key, connector, state, reason FROM effects WHERE order_id {any:1:uuid} AND recorded_at >= $2 "
    "AND state <> 'confirmed' ORDER BY id"
)
_BACK = (
    "SELECT signature, COUNT(*) AS n FROM failures WHERE signature {any:1:text} AND status = 'open' "
    "AND recorded_at >= $2 GROUP BY signature ORDER BY signature LIMIT 1"
)
_TROUBLE = (
    "SELECT id, signature FROM failures WHERE order_id {any:1:uuid} AND status = 'open' AND recorded_at >= $2 "
    "ORDER BY id LIMIT 1"
)
_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a canary does next. `bad`: why it stops. `waits`: for what it waits. Neither: it goes on."""

    sent: int
    bad: str | None = None
    waits: str | None = None


async def judge(session: Session, replay: Any, wait_s: int) -> Verdict:
    """Look at everything that was sent since the canary began, or was continued."""
    began = replay["started_at"]
    rows = list(await session.rows(_UNDER_WAY, replay["id"], began))
    if not rows:
        return Verdict(0)
    bad = _failed_again(rows) or await _came_back(session, rows, began)
    if bad is not None:
        return Verdict(len(rows), bad=bad)
    orders = sorted({UUID(str(row["order_id"])) for row in rows if row["order_id"] is not None})
    first = min(as_instant(row["sent_at"]) for row in rows)
    bad, waits = await _asked(session, orders, first)
    if bad is None and waits is None:
        bad = await _elsewhere(session, orders, first)
    open_ = [row for row in rows if row["standing"] in {"replaying", "waiting"}]
    if bad is None and open_:
        word = "is being replayed" if open_[0]["standing"] == "replaying" else "waits for its order"
        waits = f"number {open_[0]['seq']} {word}"
    last = max(as_instant(row["sent_at"]) for row in rows)
    if bad is None and waits is not None and session.now > last + timedelta(seconds=wait_s):
        bad = f"no end was reached within {wait_s} s: {waits}"
    return Verdict(len(rows), bad=bad, waits=waits)


def _failed_again(rows: list[Any]) -> str | None:
    again = [row for row in rows if row["standing"] == "failed_again"]
    same = [row for row in again if row["now_signature"] in {None, row["signature"]}]
    if same:
        return f"{len(same)} failed again in the same way: the cause is not mended"
    if again:
        return f"number {again[0]['seq']} failed in another way: {again[0]['now_signature']}"
    refused = [row for row in rows if row["standing"] == "rejected"]
    return f"number {refused[0]['seq']} was refused by the partner" if refused else None


async def _came_back(session: Session, rows: list[Any], began: Any) -> str | None:
    """Say whether something new has failed in the way that is being replayed."""
    signatures = sorted({row["signature"] for row in rows})
    back = await session.rows(_BACK, signatures, began)
    if not back:
        return None
    return f"{back[0]['n']} new failures of the same kind since it began: {back[0]['signature']}"


async def _asked(session: Session, orders: list[UUID], since: Any) -> tuple[str | None, str | None]:
    """Return what a partner refused, and what a partner has not answered yet, of what the orders asked since."""
    waits: str | None = None
    for start in range(0, len(orders), _CHUNK):
        for row in await session.rows(_ASKED, orders[start : start + _CHUNK], since):
            said = f"{row['key']} at {row['connector']} is {row['state']}"
            if row["state"] in {"rejected", "parked"}:
                return f"{said}: {row['reason'] or 'no reason given'}", None
            waits = waits or said
    return None, waits


async def _elsewhere(session: Session, orders: list[UUID], since: Any) -> str | None:
    for start in range(0, len(orders), _CHUNK):
        rows = await session.rows(_TROUBLE, orders[start : start + _CHUNK], since)
        if rows:
            return f"its order has a new failure {rows[0]['id']}: {rows[0]['signature']}"
    return None
