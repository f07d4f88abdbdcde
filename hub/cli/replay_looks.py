"""How plans, replays and previews look in a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text

from hub.cli.looks import Column, ago, facts, section, short, status, table

if TYPE_CHECKING:
    from datetime import datetime

    from hub.desk.preview_views import Preview, PreviewItem
    from hub.desk.replay_views import Manifest, Replayed, ReplayItemView, ReplayStatus


def sent(result: "Replayed") -> RenderableType:
    """Draw one thing that was sent off."""
    hint = "its outcome closes the failure, or opens it again: orderhub failures show …"
    return facts(
        {
            "sent as": result.item_id,
            "failure": result.failure_id,
            "message": result.message_id,
            "effect": result.effect_id,
            "see": Text(hint, style="dim") if result.failure_id else None,
        }
    )


def drawn(result: "ReplayStatus", now: "datetime") -> RenderableType:
    """Draw how far a replay has come."""
    counts = {word.replace("_", " "): count for word, count in result.counts.items() if count}
    agreed = "wanted, from somebody else than who made the plan" if result.needs_approval else None
    if result.approved_by:
        agreed = f"by {result.approved_by}"
    return facts(
        {
            "replay": result.id,
            "state": status(result.state.value),
            "of": f"{result.total} items of {result.orders} orders ({result.selection})",
            **counts,
            "as": f"{result.mode.value}, run by {result.run_by}" if result.mode else None,
            "by": f"{result.actor}, {ago(result.recorded_at, now)} ago",
            "agreement": agreed,
            "because": result.reason,
        }
    )


def manifest(result: "ReplayStatus") -> list[RenderableType]:
    """Draw what a plan holds: what is to be known before one says yes."""
    held: Manifest = result.manifest
    sorts = [
        Column("items", lambda s: s.count, right=True, keep=True),
        Column("connector", lambda s: s.connector),
        Column("document", lambda s: s.kind),
        Column("channel", lambda s: s.channel or "–"),
    ]
    money = ", ".join(f"{amount} {currency}" for currency, amount in held.money.items())
    return [
        table(sorts, held.sorts, wide=True),
        facts(
            {
                "orders": held.orders,
                "money at stake": money or None,
                "worth not known": f"{held.money_unknown} items" if held.money_unknown else None,
                "can't go": f"{held.refused} items; orderhub replay status says why"
                if held.refused
                else None,
                "code": f"orderhub {held.code}" + (f", mappings {held.mappings}" if held.mappings else ""),
                "mapping": [_change(change) for change in held.changes] or None,
                "agreement": f"wanted: {held.approval}" if held.approval else None,
            }
        ),
    ]


def _change(change: Any) -> str:
    if change.now is None:
        return f"{change.count} failed with {change.failed_with}, which is gone"
    word = "now" if change.changed else "still"
    return f"{change.count} failed with {change.failed_with}, {word} {change.now}"


def items(found: Sequence["ReplayItemView"], *, wide: bool) -> list[RenderableType]:
    """Draw what was not replayed, or failed again."""
    columns = [
        Column("no", lambda i: i.seq, right=True, keep=True),
        Column(
            "what",
            lambda i: f"{i.what} {short(i.failure_id or i.message_id or i.effect_id, wide=wide)}",
            keep=True,
        ),
        Column("is", lambda i: status(i.status)),
        Column("why", lambda i: i.reason),
    ]
    shown = [item for item in found if item.reason or item.status in {"failed_again", "waiting", "rejected"}]
    return [section("not through", table(columns, shown, wide=wide))] if shown else []


def replays(now: "datetime") -> list[Column]:
    """Return the columns of a list of replays."""
    return [
        Column("replay", lambda r: str(r.id), keep=True),
        Column("state", lambda r: status(r.state.value)),
        Column("of", lambda r: r.total, right=True),
        Column("resolved", lambda r: r.counts.get("resolved", 0), right=True),
        Column("failed again", lambda r: r.counts.get("failed_again", 0) or "", right=True),
        Column("left", lambda r: r.left or "", right=True),
        Column("what", lambda r: r.selection, wide=True),
        Column("by", lambda r: r.actor, wide=True),
        Column("age", lambda r: ago(r.recorded_at, now), right=True, keep=True),
    ]


def preview(result: "Preview", *, wide: bool) -> list[RenderableType]:
    """Draw what would be stored and sent."""
    parts: list[RenderableType] = []
    for number, item in enumerate(result.items, start=1):
        parts.append(_head(number, item, wide=wide))
        parts.extend(Text(f"    {line}", style=style) for line, style in _lines(item))
    left = result.total - len(result.items)
    sums = ", ".join(f"{count} {word}" for word, count in result.outcomes.items())
    sends = ", ".join(f"{count} {what}" for what, count in result.effects.items())
    parts.append(
        facts(
            {
                "would be": sums,
                "would be sent": sends or "nothing",
                "not gone through": f"{left} more; --limit shows more" if left > 0 else None,
                "with": f"orderhub {result.code}"
                + (f", mappings {result.mappings}" if result.mappings else ""),
            }
        )
    )
    parts.append(Text("nothing was stored, and nothing was sent", style="dim"))
    return parts


def decided(item: "PreviewItem | None") -> list[RenderableType]:
    """Draw what would come of one document."""
    if item is None:
        return []
    lines = [Text(line, style=style) for line, style in _lines(item)]
    return [status(item.outcome), *lines, Text("nothing was stored, and nothing was sent", style="dim")]


def _head(number: int, item: "PreviewItem", *, wide: bool) -> Text:
    name = short(item.failure_id or item.message_id or item.effect_id, wide=wide)
    return Text.assemble((f"{number:>3} ", "dim"), f"{item.what} {name}  ", status(item.outcome))


def _lines(item: "PreviewItem") -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    if item.before:
        lines.append((f"was: {item.before}", "dim"))
    for problem in item.problems:
        place = ": ".join(str(problem[key]) for key in ("source", "line", "field") if key in problem)
        lines.append((f"still: {place}: {problem.get('reason', '')}", "red"))
    if item.reason and not item.problems:
        lines.append((item.reason, "red" if item.outcome in {"failed", "refused"} else ""))
    if item.mapping:
        lines.append((f"read by {item.mapping}", "dim"))
    for order in item.orders:
        changes = ", ".join(f"{s.name} {s.before or '–'} → {s.after}" for s in order.statuses)
        lines.append(
            (f"{'new order' if order.new else 'order'} {order.reference}: {changes or 'as it is'}", "green")
        )
    if item.events:
        lines.append((f"+ {', '.join(event.type for event in item.events)}", "green"))
    lines += [(f"stock {s.kind} {s.quantity} {s.sku} at {s.node}", "") for s in item.stock]
    for effect in item.effects:
        word = "" if effect.known is None else f" (is {effect.known} already: not sent)"
        word = " (looked up first)" if effect.looked_up else word
        lines.append(
            (f"→ {effect.connector} {effect.command} {effect.key}{word}", "yellow" if not word else "dim")
        )
    return lines
