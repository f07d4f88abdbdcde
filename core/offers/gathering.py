"""From SKUs that have changed to what each channel is to be told. One transaction each, safe to repeat."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from canonical.policy import ChannelPolicy
from canonical.stock import Node, StockView
from core.engine.stockroom import levels_of
from core.store.sql import Database, Session, bulk

SKUS_AT_ONCE = 500
TOLD_ANEW_AFTER_S = 24 * 3600.0
"""What a channel was told this long ago it is told again: somebody may have changed the figure there."""

_TAKE = (
    "DELETE FROM stock_changes WHERE sku IN (SELECT sku FROM stock_changes ORDER BY sku LIMIT $1 {skip}) "
    "RETURNING sku"
)
_EVERY_SKU = "SELECT sku FROM items WHERE sku > $1 ORDER BY sku LIMIT $2"
_NODES = "SELECT doc FROM nodes"
_REFERENCES = (
    "SELECT channel, reference, sku FROM channel_references WHERE channel {any:1:text} AND sku {any:2:text}"
)
_KNOWN = "SELECT sku FROM items WHERE sku {any:1:text}"
_OFFER = bulk(
    "INSERT INTO stock_offers (connector, reference, sku, quantity, version, attempts, due_at, updated_at) "
    "SELECT connector, reference, sku, quantity, 1, 0, now, now FROM {rows} WHERE true "
    "ON CONFLICT (connector, reference) DO UPDATE SET sku = excluded.sku, quantity = excluded.quantity, "
    "version = stock_offers.version + 1, attempts = 0, reason = NULL, updated_at = excluded.updated_at, "
    "due_at = CASE WHEN stock_offers.due_at > excluded.due_at THEN stock_offers.due_at ELSE excluded.due_at END "
    "WHERE stock_offers.quantity <> excluded.quantity OR stock_offers.sku <> excluded.sku",
    "connector text, reference text, sku text, quantity int, now timestamptz",
)
"""A figure that is being told, or waits for a partner that asked for time, is told anew no sooner than that ends."""
_AGAIN = bulk(
    "UPDATE stock_offers SET due_at = r.now, attempts = 0 FROM {rows} WHERE stock_offers.connector = r.connector "
    "AND stock_offers.reference = r.reference AND stock_offers.due_at IS NULL AND stock_offers.reason IS NULL",
    "connector text, reference text, now timestamptz",
)
"""Stock that moved and moved back: the channel counts its own sales and cancellations, and may show another figure."""
_TELL_ANEW = (
    "UPDATE stock_offers SET due_at = $2, updated_at = $2, attempts = 0 "
    "WHERE connector {any:1:text} AND due_at IS NULL AND updated_at < $3"
)

Channels = Mapping[str, ChannelPolicy]
"""The channels that are told of stock, each with its policy."""


async def gather(database: Database, channels: Channels, at_once: int = SKUS_AT_ONCE) -> None:
    """Take all marks of changed stock, and note what the channels are to be told of it."""
    while True:
        async with database.transaction() as session:
            taken = [row["sku"] for row in await session.rows(_TAKE, at_once)]
            offered = await _offer(session, channels, taken)
            await session.write(_AGAIN, [(channel, reference, session.now) for channel, reference in offered])
        if len(taken) < at_once:
            return


async def compare(database: Database, channels: Channels, at_once: int = SKUS_AT_ONCE) -> None:
    """Go through all items: what no mark told of is noted here, such as another buffer or a new channel."""
    last = ""
    while True:
        async with database.transaction() as session:
            skus = [row["sku"] for row in await session.rows(_EVERY_SKU, last, at_once)]
            await _offer(session, channels, skus)
        if len(skus) < at_once:
            break
        last = skus[-1]
    async with database.transaction() as session:
        horizon = session.now - timedelta(seconds=TOLD_ANEW_AFTER_S)
        await session.run(_TELL_ANEW, sorted(channels), session.now, horizon)


async def _offer(session: Session, channels: Channels, skus: Sequence[str]) -> list[tuple[str, str]]:
    """Note the figures of some SKUs for every channel that sells them; return channels and references."""
    if not skus:
        return []
    sold = await _sold(session, channels, skus)
    nodes = [Node.model_validate_json(row["doc"]) for row in await session.rows(_NODES)]
    view = StockView(await levels_of(session, skus), {node.id: node for node in nodes})
    rows = [
        (channel, reference, sku, channels[channel].share(view.available(sku)), session.now)
        for channel, reference, sku in sorted(sold)
    ]
    await session.write(_OFFER, rows)
    return [(channel, reference) for channel, reference, *_ in rows]


async def _sold(session: Session, channels: Channels, skus: Sequence[str]) -> set[tuple[str, str, str]]:
    """Return (channel, reference, SKU) for what each channel is to be told of."""
    rows = await session.rows(_REFERENCES, sorted(channels), list(skus))
    known = [row["sku"] for row in await session.rows(_KNOWN, list(skus))]
    referred = {(row["channel"], row["sku"]) for row in rows}
    sold = {(row["channel"], row["reference"], row["sku"]) for row in rows}
    sold |= {
        (channel, sku, sku)
        for channel, policy in channels.items()
        if policy.offer == "items"
        for sku in known
        if (channel, sku) not in referred
    }
    return {row for row in sold if channels[row[0]].offer != "nothing"}
