"""Where a replay of many stands: read from what became of its items, never counted along."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from core.store.sql import Session
from hub.desk.base import from_row
from hub.desk.errors import NotFoundError
from hub.desk.replay_views import Manifest, ReplayItemView, ReplayStatus, SignatureCount

_COLUMNS = (
    "id, state, verb, mode, ordering, actor, role, selection, manifest, needs_approval, approved_by, approved_at, "
    "run_by, wait_s, reason, recorded_at, started_at, finished_at"
)
_ONE = f"SELECT {_COLUMNS} FROM replays WHERE id = $1"  # noqa: S608 - columns are ours
_LOCKED = f"{_ONE} {{lock}}"
_ALL = f"SELECT {_COLUMNS} FROM replays ORDER BY id DESC LIMIT 100"  # noqa: S608 - columns are ours
JOINED = (
    "FROM replay_items i LEFT JOIN failures f ON f.id = i.failure_id LEFT JOIN messages m ON m.id = i.message_id "
    "LEFT JOIN effects e ON e.id = i.effect_id"
)
"""An item with what it replays: failure, message that is read, effect."""
STANDING = (
    "CASE WHEN i.status <> 'sent' THEN i.status "
    "WHEN i.what = 'failure' AND f.status = 'open' THEN 'failed_again' "
    "WHEN i.what = 'failure' AND f.status = 'replaying' AND m.status = 'waiting' THEN 'waiting' "
    "WHEN i.what = 'failure' THEN f.status "
    "WHEN i.what = 'message' AND m.status = 'received' THEN 'replaying' "
    "WHEN i.what = 'message' AND m.status = 'failed' THEN 'failed_again' "
    "WHEN i.what = 'message' AND m.status = 'waiting' THEN 'waiting' "
    "WHEN i.what = 'effect' AND e.state IN ('pending', 'sending', 'unknown') THEN 'replaying' "
    "WHEN i.what = 'effect' AND e.state = 'parked' THEN 'failed_again' "
    "WHEN i.what = 'effect' AND e.state = 'rejected' THEN 'rejected' ELSE 'resolved' END"
)
"""planned, skipped, replaying, waiting, resolved, failed_again, rejected or discarded."""
_COUNTED = (
    f"SELECT {STANDING} AS standing, i.signature, COUNT(*) AS n {JOINED} WHERE i.replay_id = $1 GROUP BY 1, 2"
)
_ORDERS = f"SELECT COUNT(DISTINCT COALESCE(f.order_id, m.order_id, i.order_id)) AS n {JOINED} WHERE i.replay_id = $1"
_LISTED = (
    "SELECT i.seq, i.what, i.failure_id, i.message_id, i.effect_id, COALESCE(f.order_id, m.order_id, i.order_id) "
    f"AS order_id, i.signature, i.item_id, i.reason, i.sent_at, i.sent_with, m.mapping, {STANDING} AS status "
    f"{JOINED} WHERE i.replay_id = $1 AND i.seq > $2 ORDER BY i.seq LIMIT $3"
)


async def locked(session: Session, replay_id: UUID) -> Any:
    """Lock a replay and return its row; raises `NotFoundError`."""
    rows = await session.rows(_LOCKED, replay_id)
    if not rows:
        raise NotFoundError(f"there is no replay {replay_id}")
    return rows[0]


async def status_of(session: Session, replay_id: UUID) -> ReplayStatus:
    """Return how far a replay has come; raises `NotFoundError`."""
    rows = await session.rows(_ONE, replay_id)
    if not rows:
        raise NotFoundError(f"there is no replay {replay_id}")
    return await _status(session, rows[0])


async def newest(session: Session) -> tuple[ReplayStatus, ...]:
    """Return the newest hundred."""
    return tuple([await _status(session, row) for row in await session.rows(_ALL)])


async def counts_of(session: Session, replay_id: UUID) -> Mapping[str, int]:
    """Return how many items stand where."""
    return _counts(await session.rows(_COUNTED, replay_id))


async def items_of(session: Session, replay_id: UUID, after: int, limit: int) -> tuple[ReplayItemView, ...]:
    """Return the items behind number `after`."""
    return tuple([from_row(ReplayItemView, r) for r in await session.rows(_LISTED, replay_id, after, limit)])


async def _status(session: Session, row: Any) -> ReplayStatus:
    counted = await session.rows(_COUNTED, row["id"])
    by_signature: dict[str, int] = {}
    for one in counted:
        by_signature[one["signature"]] = by_signature.get(one["signature"], 0) + one["n"]
    ordered = sorted(by_signature.items(), key=lambda pair: (-pair[1], pair[0]))
    manifest = Manifest.model_validate_json(row["manifest"]) if row["manifest"] else Manifest()
    known = (await session.rows(_ORDERS, row["id"]))[0]["n"]
    return from_row(
        ReplayStatus,
        row,
        total=sum(by_signature.values()),
        orders=max(known, manifest.orders),
        signatures=tuple(SignatureCount(signature=name, count=n) for name, n in ordered),
        manifest=manifest,
        counts=_counts(counted),
        needs_approval=bool(row["needs_approval"]),
    )


def _counts(counted: Sequence[Any]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in counted:
        counts[row["standing"]] = counts.get(row["standing"], 0) + row["n"]
    return counts
