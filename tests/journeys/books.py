"""Judges a journey's end: by the partners' ledgers first, then by the store."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from canonical.stock import StockMoveKind
from core.engine import crashes, snapshots
from core.engine.history import folded
from core.simulator import Ledger
from core.store.sql import Database, Session
from hub.demo.judge import judge
from hub.demo.plan import PlannedOrder
from hub.demo.scenarios import Outcome
from tests.journeys.partners import Partners

_ORDERED = (
    "SELECT COUNT(*) AS n FROM messages WHERE direction = 'in' AND connector = 'webstore' AND kind = 'order' "
    "AND status = 'done'"
)
_OPEN_EFFECTS = (
    "SELECT state, COUNT(*) AS n FROM effects WHERE state IN ('pending', 'sending', 'unknown') GROUP BY state"
)
_OUTBOX = "SELECT COUNT(*) AS n FROM outbox"
_SUSPECTS = "SELECT COUNT(*) AS n FROM started WHERE times >= $1"
_WAITING = "SELECT COUNT(*) AS n FROM waiting"
_UNREAD = "SELECT COUNT(*) AS n FROM messages WHERE direction = 'in' AND status = 'received'"
_MESSAGES = (
    "SELECT connector, kind, status, COUNT(*) AS n FROM messages WHERE direction = 'in' "
    "GROUP BY connector, kind, status"
)
_EFFECTS = "SELECT connector, command, state, COUNT(*) AS n FROM effects GROUP BY connector, command, state"
_FAILURES = "SELECT stage, error, reason, queue FROM failures WHERE status <> 'resolved' LIMIT 10"
_ORDERS = "SELECT id, channel_ref, version, schema, status, doc FROM orders"
_JOURNAL = "SELECT order_id, seq, type, schema, message_id, body FROM journal ORDER BY order_id, seq"
_INTERCHANGES = "SELECT control, status FROM interchanges WHERE direction = 'out'"
_LEDGER = (
    "SELECT l.kind, l.sku, l.node, l.quantity, o.channel_ref, o.status FROM stock_ledger l "
    "JOIN orders o ON o.id = l.order_id"
)
_HELD_BACK = "SELECT sku, node, allocated, reserved FROM stock WHERE allocated <> 0 OR reserved <> 0 ORDER BY sku, node"
_ENDS = {
    Outcome.DECLINED: "placed",
    Outcome.CANCELLED_BEFORE_RELEASE: "cancelled",
    Outcome.CANCELLED_AT_THE_WAREHOUSE: "cancelled",
}
"""Where an order stands in the end, if it is not completed: one that was declined keeps its stock while the buyer may
pay in another way."""
_OVER = frozenset({"completed", "cancelled"})
_TAKEN = frozenset({"done", "duplicate", "stale", "ignored"})
"""What may have become of a message in the end."""
_SETTLED = frozenset({"accepted", "sent"})
"""Where interchanges of ours stand in the end: `sent` is an acknowledgement, which nobody acknowledges."""
_NEVER: Mapping[str, tuple[str, ...]] = {
    "webstore": ("contradiction", "unsigned"),
    "berlin": ("duplicate_release", "malformed"),
    "leipzig": ("duplicate_release", "malformed"),
    "acme": ("duplicate_order", "not_understood", "interchange_refused", "set_refused"),
}
"""Entries that no ledger may have: the partner was told something twice, and not the same."""


async def in_flight(database: Database) -> Counter[str]:
    """Return what a hub has begun and not finished: `effects` being sent, rows in the `outbox`."""
    async with database.reading() as session:
        effects = {row["state"]: row["n"] for row in await session.rows(_OPEN_EFFECTS)}
        outbox = (await session.rows(_OUTBOX))[0]["n"]
    return +Counter({"sending": effects.get("sending", 0), "outbox": outbox})


async def suspects(database: Database) -> int:
    """Return how many items were under way at so many kills that one more would have them parked, and rightly so."""
    async with database.reading() as session:
        return int((await session.rows(_SUSPECTS, crashes.TIMES))[0]["n"])


async def restless(database: Database) -> dict[str, int]:
    """Return what is still to be done; nothing when the hub has come to rest."""
    async with database.reading() as session:
        left = {row["state"]: row["n"] for row in await session.rows(_OPEN_EFFECTS)}
        for name, sql in (("outbox", _OUTBOX), ("waiting", _WAITING), ("unread", _UNREAD)):
            left[name] = (await session.rows(sql))[0]["n"]
    return {name: count for name, count in left.items() if count}


def wrong_ledgers(data: Path) -> list[str]:
    """Return what the partners' ledgers hold against the hub, order by order."""
    return [
        f"{verdict.reference} ({verdict.outcome}): {'; '.join(verdict.wrong)}"
        for verdict in judge(data)
        if verdict.wrong
    ]


def contradictions(partners: Partners) -> list[str]:
    """Return entries that say a partner was told twice, differently; and mails that differ from their first copy."""
    found = [
        f"{name}: {entry}"
        for name, kinds in _NEVER.items()
        for kind in kinds
        for entry in partners.ledgers[name].of(kind)
    ]
    found += [f"webstore: {e}" for e in partners.ledgers["webstore"].of("repeated") if not e["same"]]
    found += [
        f"mail {key} differs between copies"
        for key, copies in partners.post.kept.items()
        if len(set(copies)) > 1
    ]
    return found


def mail_copies(post: Ledger) -> int:
    """Return how many mails were only repetitions of others."""
    return sum(1 for entry in post.of("mailed") if entry["copy"] > 1)


async def wrong_books(database: Database, plan: Sequence[PlannedOrder]) -> list[str]:
    """Return what is wrong in the store, once the hub has ended: an empty list, if it is as good as its promise."""
    found = [f"left: {count} {name}" for name, count in (await restless(database)).items()]
    async with database.reading() as session:
        found += [f"failure: {tuple(row)}" for row in await session.rows(_FAILURES)]
        found += await _wrong_rows(session)
        found += _wrong_exchange(await session.rows(_INTERCHANGES))
        ordered = (await session.rows(_ORDERED))[0]["n"]
        if ordered != len(plan):
            found.append(f"{ordered} messages placed an order, not {len(plan)}")
        found += [line async for line in _wrong_orders(session, plan)]
        found += _unbalanced(await session.rows(_LEDGER), await session.rows(_HELD_BACK))
    return found


async def _wrong_rows(session: Session) -> list[str]:
    messages, effects = await session.rows(_MESSAGES), await session.rows(_EFFECTS)
    return [
        *(f"messages: {tuple(row)}" for row in messages if row["status"] not in _TAKEN),
        *(f"effects: {tuple(row)}" for row in effects if row["state"] != "confirmed"),
    ]


def _wrong_exchange(rows: Sequence[Any]) -> list[str]:
    """Return which interchanges the partner has not accepted, and which control numbers it never saw, or twice."""
    numbers = sorted(int(row["control"]) for row in rows)
    found = [
        f"interchange {row['control']} is {row['status']}" for row in rows if row["status"] not in _SETTLED
    ]
    if numbers != list(range(1, len(numbers) + 1)):
        found.append(f"control numbers are not 1 to {len(numbers)}: {numbers}")
    return found


async def _wrong_orders(session: Session, plan: Sequence[PlannedOrder]) -> AsyncIterator[str]:
    journals: defaultdict[str, list[Any]] = defaultdict(list)
    for row in await session.rows(_JOURNAL):
        journals[str(row["order_id"])].append(row)
    ends = {order.reference: order.outcome for order in plan}
    rows = await session.rows(_ORDERS)
    missing = ends.keys() - {row["channel_ref"] for row in rows}
    if missing:
        yield f"orders that are not in the store: {sorted(missing)}"
    for row in rows:
        journal, reference = journals[str(row["id"])], row["channel_ref"]
        stored = snapshots.read(row["doc"], row["schema"])
        if [entry["seq"] for entry in journal] != list(range(1, row["version"] + 1)):
            yield f"{reference}: its journal has holes, or another version than {row['version']}"
        elif folded(journal) != stored:
            yield f"{reference}: its journal makes another order than the stored one"
        expected = _ENDS.get(ends[reference], "completed")
        if row["status"] != expected:
            yield f"{reference}: {row['status']}, not {expected}"
        for event in _twice(journal):
            yield f"{reference}: happened twice out of one message: {event}"


def _twice(journal: Sequence[Any]) -> Iterator[str]:
    """Yield events that one and the same message brought more than once."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for row in journal:
        if row["message_id"] is None:
            continue
        body = orjson.loads(row["body"])
        body.pop("recorded_at", None)
        counts[
            str(row["message_id"]), row["type"], orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode()
        ] += 1
    for (_, name, body), times in counts.items():
        if times > 1:
            yield f"{name} {body} ({times} times)"


def _unbalanced(moves: Sequence[Any], stock: Sequence[Any]) -> Iterator[str]:
    """Yield closed orders that still hold stock back, and stock of which nobody knows for whom it is held back."""
    held: Counter[tuple[str, str, str, str, str]] = Counter()
    for row in moves:
        for what, sign in _HELD.get(StockMoveKind(row["kind"]), {}).items():
            held[what, row["sku"], row["node"], row["channel_ref"], row["status"]] += sign * row["quantity"]
    by_shelf: Counter[tuple[str, str, str]] = Counter()
    for (what, sku, node, reference, status), units in held.items():
        by_shelf[what, sku, node] += units
        if units and status in _OVER:
            yield f"{reference} is {status}, and has {units} of {sku} at {node} {what}"
    kept = Counter(
        {(what, row["sku"], row["node"]): row[what] for row in stock for what in ("allocated", "reserved")}
    )
    for shelf in kept.keys() | by_shelf.keys():
        if kept[shelf] != by_shelf[shelf]:
            yield f"{shelf}: the stock says {kept[shelf]}, its ledger {by_shelf[shelf]}"


_HELD: Mapping[StockMoveKind, Mapping[str, int]] = {
    StockMoveKind.RESERVE: {"reserved": 1},
    StockMoveKind.UNRESERVE: {"reserved": -1},
    StockMoveKind.ALLOCATE: {"allocated": 1},
    StockMoveKind.DEALLOCATE: {"allocated": -1},
    StockMoveKind.DISPATCH: {"allocated": -1},
}
"""What a move does to what an order holds back."""
