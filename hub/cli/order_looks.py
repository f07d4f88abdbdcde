"""How an order looks in the terminal."""

from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from hub.cli.looks import Column, ago, facts, section, short, status, table, until
from hub.saying import units_named

if TYPE_CHECKING:
    from datetime import datetime

    from hub.desk.order_views import Explanation, OrderDetail, OrderVerbResult, WaitView


def verb_result(result: "OrderVerbResult", done: str) -> RenderableType:
    """Return what became of a wish."""
    order = result.order
    name = f"{order.channel}:{order.channel_ref}"
    said = (
        f"{name} is {done}" if result.applied else f"{name} is as it was: {result.reason or 'nothing to do'}"
    )
    return facts({"order": said, "status": status(order.status), "holds": order.holds})


def holds_of(order: Any) -> str:
    """Return why an order stands still, in a few words."""
    held = ", ".join(word.replace("_", " ") for word in order.holds)
    return f"{held} (failure)".strip() if order.quarantined_by else held


def explained(explanation: "Explanation", now: "datetime") -> list[RenderableType]:
    """Return what an order waits for."""
    at = explanation.due_at
    due = [facts({"due": until(at, now)})] if at is not None else []
    return [Text(explanation.sentence, style="bold"), *due, *(_wait(wait, now) for wait in explanation.waits)]


def _wait(wait: "WaitView", now: "datetime") -> RenderableType:
    told = {
        "since": f"{ago(wait.since, now)} ago" if wait.since else None,
        "who can act": wait.who,
        "next step": wait.next_step,
        "failure": wait.failure_id,
        "effect": wait.effect_id,
    }
    return section(wait.what, facts(told))


def whole(detail: "OrderDetail", now: "datetime", *, wide: bool) -> list[RenderableType]:
    """Return an order with all that belongs to it."""
    order = detail.order
    head = facts(
        {
            "order": f"{detail.channel}:{detail.channel_ref}",
            "id": detail.id,
            "status": status(detail.status),
            "payment": status(detail.payment_status),
            "fulfilment": status(detail.fulfilment_status),
            "total": detail.total,
            "placed": f"{detail.placed_at:%Y-%m-%d %H:%M:%S} ({ago(detail.placed_at, now)} ago)",
            "due": until(detail.due_at, now) if detail.due_at else None,
            "holds": Text(holds_of(detail), style="red") if detail.held or detail.quarantined_by else None,
            "people": "erased" if detail.erased else _people(detail),
        }
    )
    lines = [
        Column("line", lambda line: line.id, keep=True),
        Column("sku", lambda line: line.sku),
        Column("title", lambda line: line.title, wide=True),
        Column("units", lambda line: line.ordered, right=True),
        Column("price", lambda line: line.unit_price, right=True, keep=True),
        Column("where", lambda line: ", ".join(f"{row.quantity} {row.status.value}" for row in line.rows)),
    ]
    drawn: list[RenderableType] = [head, section("lines", table(lines, order.lines, wide=wide))]
    if order.parcels:
        drawn.append(section("labels", table(_LABELS, order.parcels, wide=wide)))
    if order.shipments:
        drawn.append(section("parcels", table(_PARCELS, order.shipments, wide=wide)))
    if order.purchases:
        drawn.append(section("purchase orders", table(_purchase_columns(now), order.purchases, wide=wide)))
    for title, columns, rows in (
        ("failures", _failure_columns(now, wide=wide), detail.failures),
        ("partners were asked", _effect_columns(now, wide=wide), detail.effects),
        ("messages", _message_columns(now, wide=wide), detail.messages),
        ("waits for its turn", _waiting_columns(now), detail.waiting),
        ("timers", _timer_columns(now), detail.timers),
        ("history", _HISTORY, detail.journal),
    ):  # fmt: skip
        if rows:
            drawn.append(section(title, table(columns, rows, wide=wide)))
    return drawn


def _people(detail: "OrderDetail") -> str | None:
    if detail.parties is None:
        return None
    buyer, to = detail.parties.buyer, detail.parties.ship_to
    place = ", ".join(part for part in (to.city, to.postcode, to.country) if part)
    return " · ".join(part for part in (buyer.name, buyer.email, place) if part)


_LABELS = [
    Column("label", lambda parcel: parcel.id),
    Column("status", lambda parcel: parcel.status.value.replace("_", " "), keep=True),
    Column("carrier", lambda parcel: parcel.carrier),
    Column("service", lambda parcel: parcel.service, wide=True),
    Column("tracking", lambda parcel: parcel.tracking_number),
    Column("cost", lambda parcel: parcel.cost, right=True),
    Column("seen", lambda parcel: parcel.scanned_at),
    Column("said", lambda parcel: parcel.refused or parcel.said, wide=True),
]
_PARCELS = [
    Column("parcel", lambda parcel: parcel.id),
    Column("node", lambda parcel: parcel.node),
    Column("carrier", lambda parcel: parcel.carrier),
    Column("tracking", lambda parcel: parcel.tracking_number),
    Column("left", lambda parcel: parcel.shipped_at),
]


def _purchase_columns(now: "datetime") -> list[Column]:
    return [
        Column("number", lambda p: p.id, keep=True),
        Column("supplier", lambda p: p.supplier),
        Column("lines", lambda p: ", ".join(f"{x.wanted()} {x.sku}" for x in p.lines)),
        Column("answered", lambda p: ago(p.answered_at, now) if p.answered_at else "not yet", right=True),
        Column("invoices", lambda p: ", ".join(f"{i.id} {i.status.value}" for i in p.invoices)),
        Column(
            "returns", lambda p: ", ".join(f"{r.authorisation or r.id} {r.status.value}" for r in p.returns)
        ),
    ]


_HISTORY = [
    Column("#", lambda entry: entry.seq, right=True),
    Column("when", lambda entry: entry.recorded_at, keep=True),
    Column("what", lambda entry: entry.type),
    Column("said", lambda entry: said(entry.body), wide=True),
]
_UNSAID = frozenset(
    {"order_id", "recorded_at", "occurred_at", "fact_key", "type", "lines", "tenders", "shipping"}
)


def said(body: dict[str, Any]) -> str:
    """Return what is particular about an event, in a few words."""
    plain = {
        key: units_named(value) or value
        for key, value in body.items()
        if key not in _UNSAID and value not in (None, "", [], {})
    }
    short_of = {key: value for key, value in plain.items() if not isinstance(value, (dict, list))}
    return " ".join(f"{key}={value}" for key, value in short_of.items())[:160]


def _waiting_columns(now: "datetime") -> list[Column]:
    return [Column("message", lambda item: item.type), Column("since", lambda item: ago(item.since, now))]


def _timer_columns(now: "datetime") -> list[Column]:
    return [Column("timer", lambda timer: timer.name), Column("due", lambda timer: ago(timer.due_at, now))]


def _failure_columns(now: "datetime", *, wide: bool) -> list[Column]:
    return [
        Column("failure", lambda f: short(f.id, wide=wide), keep=True),
        Column("status", lambda f: status(f.status)),
        Column("stage", lambda f: f.stage),
        Column("reason", lambda f: f.reason),
        Column("age", lambda f: ago(f.recorded_at, now), right=True, keep=True),
    ]


def _effect_columns(now: "datetime", *, wide: bool) -> list[Column]:
    return [
        Column("effect", lambda e: short(e.id, wide=wide), keep=True),
        Column("partner", lambda e: e.connector),
        Column("asked to", lambda e: e.command),
        Column("state", lambda e: status(e.state)),
        Column("tries", lambda e: e.attempt, right=True),
        Column("reference", lambda e: e.reference, wide=True),
        Column("reason", lambda e: e.reason, wide=True),
        Column("age", lambda e: ago(e.recorded_at, now), right=True, keep=True),
    ]


def _message_columns(now: "datetime", *, wide: bool) -> list[Column]:
    return [
        Column("message", lambda m: short(m.id, wide=wide), keep=True),
        Column("way", lambda m: m.direction),
        Column("partner", lambda m: m.connector),
        Column("kind", lambda m: m.kind),
        Column("status", lambda m: status(m.status)),
        Column("age", lambda m: ago(m.recorded_at, now), right=True, keep=True),
    ]
