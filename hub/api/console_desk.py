"""The console's pages of the replay desk: plans, previews, effects. The buttons on them are in `forms`."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from hub.api import pages
from hub.api.console import PAGE, frame, known, more_of, query_of
from hub.api.gate import desk_of
from hub.desk import effects, failures, preview, replays
from hub.desk.access import Permission
from hub.desk.effects import EffectFilter
from hub.desk.replay_views import ReplayState

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

ITEMS = 200
_PREVIEWED = 50
_REFRESH_S = 3


@router.get("/console/replays")
async def replay_list(request: Request) -> Response:
    """Plans and replays, and the kinds of failures of which one can be made."""
    who, desk = await known(request), desk_of(request)
    return pages.render(
        "replays.html",
        **frame(request, who),
        replays=await replays.list_replays(desk, who),
        groups=await failures.list_groups(desk, who),
        connectors=sorted(desk.connectors),
    )


@router.get("/console/replays/{replay_id}")
async def replay_page(request: Request, replay_id: UUID) -> Response:
    """One plan: what is in it, how far it is, and what can be done with it. It looks again by itself while it runs."""
    who, desk = await known(request), desk_of(request)
    shown = await replays.status(desk, who, replay_id)
    after = request.query_params.get("after", "0")
    items = await replays.list_items(
        desk, who, replay_id, after=int(after) if after.isdigit() else 0, limit=ITEMS
    )
    return pages.render(
        "replay.html",
        **frame(request, who),
        replay=shown,
        items=items,
        last=items[-1].seq if len(items) == ITEMS else None,
        refresh=_REFRESH_S if shown.state is ReplayState.RUNNING else None,
        goes=_goes(shown),
        own=who.name == shown.actor,
    )


def _goes(shown: Any) -> int:
    again = shown.counts.get("failed_again", 0) if shown.state is ReplayState.STOPPED else 0
    left: int = shown.left + again
    return left


@router.get("/console/replays/{replay_id}/preview")
async def plan_preview(request: Request, replay_id: UUID) -> Response:
    """What a plan would store and send."""
    who, desk = await known(request), desk_of(request)
    shown = await preview.preview_plan(desk, who, replay_id, limit=_PREVIEWED)
    back = f"/console/replays/{replay_id}"
    return pages.render("preview.html", **frame(request, who), preview=shown, back=back)


@router.get("/console/failures/{failure_id}/preview")
async def failure_preview(request: Request, failure_id: UUID) -> Response:
    """What a replay of one failure would store and send."""
    who, desk = await known(request), desk_of(request)
    item = await preview.preview_failure(desk, who, failure_id)
    shown = {"items": [item], "total": 1, "outcomes": {item.outcome: 1}, "effects": {}, **_versions(desk)}
    back = f"/console/failures/{failure_id}"
    return pages.render("preview.html", **frame(request, who), preview=shown, back=back)


def _versions(desk: Any) -> Mapping[str, Any]:
    return {"code": desk.versions.code, "mappings": desk.versions.mappings}


@router.get("/console/effects")
async def effect_list(request: Request) -> Response:
    """What partners were asked to do; those in doubt unless something else is asked for."""
    who, desk = await known(request), desk_of(request)
    query = query_of(request, EffectFilter)
    if not request.query_params:
        query = EffectFilter(state="in_doubt")
    page = await effects.list_effects(desk, who, query, limit=PAGE, cursor=request.query_params.get("cursor"))
    return pages.render(
        "effects.html",
        **frame(request, who),
        page=page,
        query=query,
        more=more_of(request, page.next),
        connectors=sorted(desk.connectors),
        states=("in_doubt", "open", "pending", "sending", "confirmed", "rejected", "unknown", "parked"),
    )


@router.get("/console/effects/{effect_id}")
async def effect_page(request: Request, effect_id: UUID) -> Response:
    """One effect: what is known of it at the partner, and who decided what."""
    who = await known(request)
    shown = await effects.show_effect(desk_of(request), who, effect_id)
    may = frame(request, who)
    return pages.render("effect.html", **may, effect=shown, sees=who.may(Permission.SEE_PEOPLE))
