"""From what a person types to an id: a whole one, the last digits of one, or a channel's reference."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from hub.cli.failing import Failure

if TYPE_CHECKING:
    from hub.desk.context import DeskContext

FEWEST_DIGITS = 6
_MOST_SHOWN = 5
_HEX = frozenset("0123456789abcdef-")
_TABLES = {
    "order": "orders",
    "message": "messages",
    "failure": "failures",
    "effect": "effects",
    "replay": "replays",
    "token": "tokens",
}


async def find_id(ctx: "DeskContext", kind: str, text: str) -> UUID:
    """Return the id of a `kind` (message, failure, effect, token): whole, or its last six digits or more."""
    try:
        return UUID(text)
    except ValueError:
        pass
    wanted = text.casefold()
    if len(wanted) < FEWEST_DIGITS or set(wanted) - _HEX:
        raise Failure(
            f"{text!r} is no id of a {kind}: give the whole id, or its last {FEWEST_DIGITS} digits or more",
            usage=True,
        )
    sql = f"SELECT id FROM {_TABLES[kind]} WHERE CAST(id AS TEXT) LIKE $1 ORDER BY id LIMIT {_MOST_SHOWN + 1}"  # noqa: S608 - names are ours
    async with ctx.database.reading() as session:
        found = [UUID(str(row["id"])) for row in await session.rows(sql, f"%{wanted}")]
    return _one(kind, text, found)


async def find_any(ctx: "DeskContext", kinds: Sequence[str], text: str) -> tuple[str, UUID]:
    """Return of which of `kinds` an id is, and the id; the last kind's refusal where it is of none."""
    for kind in kinds:
        try:
            one = await find_id(ctx, kind, text)
        except Failure:
            if kind == kinds[-1]:
                raise
            continue
        async with ctx.database.reading() as session:
            sql = f"SELECT id FROM {_TABLES[kind]} WHERE id = $1"  # noqa: S608 - names are ours
            if kind == kinds[-1] or await session.rows(sql, one):
                return kind, one
    raise Failure(f"there is nothing with the id {text!r}")


async def find_order(ctx: "DeskContext", text: str) -> UUID:
    """Return the id of an order: by its id, by `channel:reference`, or by a reference that one channel alone has."""
    try:
        return UUID(text)
    except ValueError:
        pass
    channel, colon, reference = text.partition(":")
    async with ctx.database.reading() as session:
        rows = await session.rows("SELECT id FROM orders WHERE channel_ref = $1 ORDER BY id", text)
        if not rows and colon:
            rows = await session.rows(
                "SELECT id FROM orders WHERE channel = $1 AND channel_ref = $2", channel, reference
            )
    found = [UUID(str(row["id"])) for row in rows]
    if not found and len(text) >= FEWEST_DIGITS and not set(text.casefold()) - _HEX:
        return await find_id(ctx, "order", text)
    if not found:
        raise Failure(
            f"there is no order {text!r}: give its id, its reference, or channel:reference (`orderhub orders list` "
            "finds it by e-mail, phone or postcode too)"
        )
    return _one("order", text, found)


def _one(kind: str, text: str, found: list[UUID]) -> UUID:
    if not found:
        raise Failure(f"there is no {kind} whose id ends in {text!r}")
    if len(found) > 1:
        several = ", ".join(str(one) for one in found[:_MOST_SHOWN])
        raise Failure(f"{text!r} fits several: {several}; give more of it", usage=True)
    return found[0]
