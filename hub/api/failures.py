"""Failures over HTTP. Replays of many are in `replays`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from hub.api.gate import Asking, Desk
from hub.api.orders import Reason
from hub.desk import failures, replay
from hub.desk.base import LONGEST_PAGE, Page, View
from hub.desk.failure_views import FailureDetail, FailureGroup, FailureSummary
from hub.desk.failures import FailureFilter
from hub.desk.replay_views import Replayed

router = APIRouter()


class FailureQuery(FailureFilter):
    """A filter, and which page."""

    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE)] = 50
    cursor: str | None = None


class ForceWish(View):
    """`force`: although somebody else has claimed it (takes the role engineer)."""

    force: bool = False


class DiscardWish(ForceWish):
    """A failure to be given up."""

    reason: Reason


NOT_FORCED = ForceWish()


@router.get("/failures", tags=["failures"], summary="List failures, the newest first")
async def list_failures(
    desk: Desk, asking: Asking, query: Annotated[FailureQuery, Query()]
) -> Page[FailureSummary]:
    """Filter by status, signature, connector, stage, error, order, message, claim, time."""
    return await failures.list_failures(desk, asking, query, limit=query.limit, cursor=query.cursor)


@router.get("/failure-groups", tags=["failures"], summary="Count failures by kind")
async def list_groups(desk: Desk, asking: Asking) -> tuple[FailureGroup, ...]:
    """Those that are open or being replayed, the most frequent kind first."""
    return await failures.list_groups(desk, asking)


@router.get("/failures/{failure_id}", tags=["failures"], summary="Show a failure with its problems")
async def show_failure(desk: Desk, asking: Asking, failure_id: UUID) -> FailureDetail:
    """Each with its position, and the raw document around the first."""
    return await failures.show_failure(desk, asking, failure_id)


@router.post("/failures/{failure_id}/claim", tags=["failures"], summary="Say that one works on a failure")
async def claim(desk: Desk, asking: Asking, failure_id: UUID, wish: ForceWish = NOT_FORCED) -> FailureSummary:
    """Nobody else can replay it then."""
    return await failures.claim(desk, asking, failure_id, force=wish.force)


@router.post("/failures/{failure_id}/unclaim", tags=["failures"], summary="Give a failure back to everybody")
async def unclaim(
    desk: Desk, asking: Asking, failure_id: UUID, wish: ForceWish = NOT_FORCED
) -> FailureSummary:
    """Whoever has claimed it may."""
    return await failures.unclaim(desk, asking, failure_id, force=wish.force)


@router.post("/failures/{failure_id}/discard", tags=["failures"], summary="Give up on a failed message")
async def discard(desk: Desk, asking: Asking, failure_id: UUID, wish: DiscardWish) -> FailureSummary:
    """What waits behind it goes on, in order."""
    return await failures.discard(desk, asking, failure_id, wish.reason, force=wish.force)


@router.post(
    "/failures/{failure_id}/replay", tags=["failures"], summary="Replay one failure", status_code=202
)
async def replay_failure(
    desk: Desk, asking: Asking, failure_id: UUID, wish: ForceWish = NOT_FORCED
) -> Replayed:
    """Its outcome resolves the failure, or opens it again."""
    return await replay.replay_failure(desk, asking, failure_id, force=wish.force)
