"""Replays of many over HTTP: plan, preview, agree, run, stop."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from hub.api.gate import Asking, Desk
from hub.desk import preview, replays
from hub.desk.base import LONGEST_PAGE, View
from hub.desk.failures import FailureFilter
from hub.desk.messages import MessageFilter
from hub.desk.preview_views import Preview, PreviewItem
from hub.desk.replay_plans import Selection
from hub.desk.replay_views import ReplayItemView, ReplayMode, ReplayOrdering, ReplayStatus, ReplayVerb

router = APIRouter(tags=["replays"])

Few = Annotated[int, Query(ge=1, le=preview.MOST_SHOWN)]


class ReplayPlan(View):
    """What to replay. `failed`: `ids`, or a `filter` of failures (`{"signature": ...}` is a whole group).

    `unsent`, `all`: `messages`; the last takes a `reason` and a selection.
    """

    verb: ReplayVerb = ReplayVerb.FAILED
    ids: Annotated[tuple[UUID, ...], Field(max_length=replays.MOST_FAILURES)] = ()
    filter: FailureFilter | None = None
    messages: MessageFilter | None = None
    ordering: ReplayOrdering = ReplayOrdering.AGE
    reason: Annotated[str, Field(max_length=500)] = ""

    def selection(self) -> Selection:
        """Return it as the desk understands it."""
        return Selection(
            verb=self.verb, ids=self.ids, failures=self.filter, messages=self.messages, ordering=self.ordering,
            reason=self.reason,
        )  # fmt: skip


class RunWish(View):
    """How to run a planned replay. `confirm`: how many go, as was read; a replay of everything takes it. `wait_s`: how
    long a canary waits for the end of what it sent.
    """

    mode: ReplayMode = ReplayMode.ALL
    confirm: Annotated[int, Field(ge=1)] | None = None
    wait_s: Annotated[int, Field(ge=1, le=7 * 86_400)] | None = None


class StopWish(View):
    """Why a replay is stopped."""

    reason: Annotated[str, Field(max_length=500)] = ""


WHOLE = RunWish()
JUST_STOP = StopWish()


@router.get("/replays", summary="List plans and replays of many, the newest first")
async def list_replays(desk: Desk, asking: Asking) -> tuple[ReplayStatus, ...]:
    """The newest hundred."""
    return await replays.list_replays(desk, asking)


@router.post("/replays", summary="Fix a list of what to replay", status_code=201)
async def plan(desk: Desk, asking: Asking, wish: ReplayPlan) -> ReplayStatus:
    """Nothing moves yet: what is replayed later is exactly this. What can't be replayed is in it, with the reason."""
    return await replays.make_plan(desk, asking, wish.selection())


@router.post("/replay-preview", summary="Say what a replay would store and send")
async def preview_selection(desk: Desk, asking: Asking, wish: ReplayPlan, limit: Few = 50) -> Preview:
    """With today's mappings, rules and stock. Nothing is stored, and nothing is sent."""
    return await preview.preview(desk, asking, wish.selection(), limit=limit)


@router.post(
    "/failures/{failure_id}/preview", summary="Say what a replay of one failure would store and send"
)
async def preview_failure(desk: Desk, asking: Asking, failure_id: UUID) -> PreviewItem:
    """With today's mappings, rules and stock."""
    return await preview.preview_failure(desk, asking, failure_id)


@router.get("/replays/{replay_id}", summary="Show what a plan holds, and how far it has come")
async def show_replay(desk: Desk, asking: Asking, replay_id: UUID) -> ReplayStatus:
    """Counts by status."""
    return await replays.status(desk, asking, replay_id)


@router.get("/replays/{replay_id}/items", summary="List the items of a replay")
async def list_items(
    desk: Desk,
    asking: Asking,
    replay_id: UUID,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = 100,
) -> tuple[ReplayItemView, ...]:
    """From the one behind number `after` on."""
    return await replays.list_items(desk, asking, replay_id, after=after, limit=limit)


@router.post("/replays/{replay_id}/preview", summary="Say what a plan would store and send")
async def preview_plan(desk: Desk, asking: Asking, replay_id: UUID, limit: Few = 50) -> Preview:
    """The first of what has not been sent."""
    return await preview.preview_plan(desk, asking, replay_id, limit=limit)


@router.post("/replays/{replay_id}/approve", summary="Agree to somebody else's plan")
async def approve(desk: Desk, asking: Asking, replay_id: UUID) -> ReplayStatus:
    """Large plans take two people, where `replay:` in hub.yaml says so."""
    return await replays.approve(desk, asking, replay_id)


@router.post("/replays/{replay_id}/run", summary="Run a plan, or continue a stopped one", status_code=202)
async def run(desk: Desk, asking: Asking, replay_id: UUID, wish: RunWish = WHOLE) -> ReplayStatus:
    """`canary`: one first, then 5, 25 and the rest, each once all before has come through; it stops by itself."""
    return await replays.run(desk, asking, replay_id, wish.mode, confirm=wish.confirm, wait_s=wish.wait_s)


@router.post("/replays/{replay_id}/stop", summary="Send no more of a replay")
async def stop(desk: Desk, asking: Asking, replay_id: UUID, wish: StopWish = JUST_STOP) -> ReplayStatus:
    """What has been sent goes on; the rest can be continued with."""
    return await replays.stop(desk, asking, replay_id, wish.reason)
