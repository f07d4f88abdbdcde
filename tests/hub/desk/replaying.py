"""What tests of replays share: failures to replay, and short words for following a replay."""

from uuid import UUID

import orjson

from hub.desk import replays
from hub.desk.replay_views import ReplayState, ReplayStatus
from tests.hub.stage import VIEWER, Stage


async def many(hub: Stage, count: int, first: int = 0) -> list[UUID]:
    """Let messages fail that only a mended mapping reads."""
    return [(await hub.failed(f"B-{i}"))[0] for i in range(first, first + count)]


async def failed_cancel(hub: Stage, ref: str) -> UUID:
    """Let the cancellation of an order fail, which only a mended mapping reads."""
    body = orjson.dumps({"ref": ref, "id": "c1", "colour": "octarine"}, option=orjson.OPT_INDENT_2)
    message_id = await hub.receive(body, "cancel")
    sql = "SELECT id FROM failures WHERE message_id = $1"
    found: UUID = (await hub.until(lambda: hub.rows(sql, message_id)))[0]["id"]
    return found


async def until_state(hub: Stage, replay_id: UUID, state: ReplayState) -> ReplayStatus:
    """Let a replay move until it is in a state."""

    async def there() -> ReplayStatus | None:
        await replays.advance_all(hub.ctx)
        shown = await replays.status(hub.ctx, VIEWER, replay_id)
        return shown if shown.state is state else None

    found: ReplayStatus = await hub.until(there, seconds=30)
    return found


async def until_said(hub: Stage, replay_id: UUID, word: str) -> ReplayStatus:
    """Let a replay move until its reason has a word."""

    async def there() -> ReplayStatus | None:
        await replays.advance_all(hub.ctx)
        shown = await replays.status(hub.ctx, VIEWER, replay_id)
        return shown if word in (shown.reason or "") else None

    found: ReplayStatus = await hub.until(there, seconds=30)
    return found
