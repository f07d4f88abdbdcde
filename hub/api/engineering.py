"""Effects, stock, master data, connectors, tokens and the audit log over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import Field

from hub.api.gate import Asking, Desk, gate_of
from hub.api.orders import Reason, ReasonGiven
from hub.desk import auditing, connectors, effects, master_data, stats, stock, tokens, trial
from hub.desk.access import Role
from hub.desk.auditing import AuditFilter, AuditView
from hub.desk.base import LONGEST_PAGE, Page, View
from hub.desk.connectors import ConnectorTest, ConnectorView
from hub.desk.effects import EffectDetail, EffectFilter, EffectView, Resolution
from hub.desk.master_data import ImportResult, Kind, MasterPage
from hub.desk.stats import Statistics
from hub.desk.stock import Availability, Drift, StockReport
from hub.desk.tokens import NewToken, TokenView
from hub.desk.trial import Trial

router = APIRouter()

Limit = Annotated[int, Field(ge=1, le=LONGEST_PAGE)]
PageLimit = Annotated[int, Query(ge=1, le=LONGEST_PAGE)]
Text = Annotated[str, Query(min_length=1, max_length=200)]


class EffectQuery(EffectFilter):
    """A filter, and which page."""

    limit: Limit = 50
    cursor: str | None = None


class AuditQuery(AuditFilter):
    """A filter, and which page."""

    limit: Limit = 50
    cursor: str | None = None


class ResolveWish(View):
    """What became of an effect. `reference`: the partner's own id of it, which a confirmed payment takes."""

    resolution: Resolution
    reason: Reason
    reference: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class StockWish(View):
    """What a count found."""

    sku: Annotated[str, Field(min_length=1, max_length=200)]
    node: Annotated[str, Field(min_length=1, max_length=200)]
    on_hand: Annotated[int, Field(ge=0, le=100_000_000)]
    reason: Reason


class TrialQuery(View):
    """What a document is, where the connector reads several kinds; `decide`: also what would be stored and sent."""

    kind: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    decide: bool = False


class TokenWish(View):
    """A token to be made."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    role: Role
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] | None = None


class ResumeWish(View):
    """Why a connector goes on."""

    reason: Annotated[str, Field(max_length=500)] = ""


NO_REASON = ResumeWish()


@router.get("/statistics", tags=["health"], summary="Show how the hub stands, in numbers")
async def statistics(desk: Desk, asking: Asking) -> Statistics:
    """Counts by status, and how old each backlog is."""
    return await stats.statistics(desk, asking)


# --- effects ---


@router.get("/effects", tags=["effects"], summary="List what partners were asked to do, the newest first")
async def list_effects(
    desk: Desk, asking: Asking, query: Annotated[EffectQuery, Query()]
) -> Page[EffectView]:
    """`state=open` finds all that have no end yet, `state=in_doubt` those that may need a person."""
    return await effects.list_effects(desk, asking, query, limit=query.limit, cursor=query.cursor)


@router.get("/effects/{effect_id}", tags=["effects"], summary="Show an effect")
async def show_effect(desk: Desk, asking: Asking, effect_id: UUID) -> EffectDetail:
    """What is known of it at the partner, and who decided what about it."""
    return await effects.show_effect(desk, asking, effect_id)


@router.post("/effects/{effect_id}/resolve", tags=["effects"], summary="Say what became of an unknown effect")
async def resolve(desk: Desk, asking: Asking, effect_id: UUID, wish: ResolveWish) -> EffectDetail:
    """Or have the partner asked now."""
    return await effects.resolve(
        desk, asking, effect_id, wish.resolution, wish.reason, reference=wish.reference
    )


# --- stock ---


@router.get("/availability", tags=["stock"], summary="Say what may be promised")
async def availability(
    desk: Desk,
    asking: Asking,
    channel: Text,
    reference: Annotated[list[str], Query(min_length=1, max_length=stock.MOST_REFERENCES)],
) -> tuple[Availability, ...]:
    """Of a channel's references, or SKUs; `available` is null for what is not known."""
    return await stock.availability(desk, asking, channel, reference)


@router.get("/stock", tags=["stock"], summary="Show one SKU's levels, ledger and drift")
async def show_stock(desk: Desk, asking: Asking, sku: Text) -> StockReport:
    """At every node."""
    return await stock.show_stock(desk, asking, sku)


@router.put("/stock", tags=["stock"], summary="Set what lies at a node, as a count found it")
async def set_stock(desk: Desk, asking: Asking, wish: StockWish) -> StockReport:
    """A ledger entry says by whom and why."""
    return await stock.set_stock(desk, asking, wish.sku, wish.node, wish.on_hand, wish.reason)


@router.get("/stock/drift", tags=["stock"], summary="Compare all stock with its ledger")
async def drift(desk: Desk, asking: Asking) -> tuple[Drift, ...]:
    """Nothing is the healthy answer."""
    return await stock.find_drift(desk, asking)


# --- master data ---


@router.get("/master-data/{kind}", tags=["master data"], summary="List items, references or nodes")
async def list_master_data(
    desk: Desk, asking: Asking, kind: Kind, limit: PageLimit = 100, cursor: str | None = None
) -> MasterPage:
    """By their key."""
    return await master_data.list_master_data(desk, asking, kind, limit=limit, cursor=cursor)


@router.post("/master-data/{kind}", tags=["master data"], summary="Import a CSV, JSON or YAML file")
async def import_file(desk: Desk, asking: Asking, kind: Kind, name: Text, request: Request) -> ImportResult:
    """The body is the file, `name` its name. All of its rows are taken, or none."""
    return await master_data.import_file(desk, asking, kind, name, await request.body())


# --- connectors ---


@router.get("/connectors", tags=["connectors"], summary="List the connectors as they run")
async def list_connectors(desk: Desk, asking: Asking) -> tuple[ConnectorView, ...]:
    """With queues, breaker, last messages."""
    return await connectors.list_connectors(desk, asking)


@router.get("/connectors/{name}", tags=["connectors"], summary="Show a connector")
async def show_connector(desk: Desk, asking: Asking, name: str) -> ConnectorView:
    """One of them."""
    return await connectors.show_connector(desk, asking, name)


@router.post("/connectors/{name}/pause", tags=["connectors"], summary="Send nothing to a partner for now")
async def pause(desk: Desk, asking: Asking, name: str, wish: ReasonGiven) -> ConnectorView:
    """What arrives is still taken in."""
    return await connectors.pause(desk, asking, name, wish.reason)


@router.post("/connectors/{name}/resume", tags=["connectors"], summary="Go on with a partner")
async def resume(desk: Desk, asking: Asking, name: str, wish: ResumeWish = NO_REASON) -> ConnectorView:
    """What has gathered is sent."""
    return await connectors.resume(desk, asking, name, wish.reason)


@router.post("/connectors/{name}/test", tags=["connectors"], summary="Try credentials and reachability")
async def test(desk: Desk, asking: Asking, name: str) -> ConnectorTest:
    """What the partner said."""
    return await connectors.test(desk, asking, name)


@router.post("/connectors/{name}/try", tags=["connectors"], summary="Say what is made of a document")
async def try_document(
    desk: Desk, asking: Asking, name: str, request: Request, query: Annotated[TrialQuery, Query()]
) -> Trial:
    """The body is the document. Nothing is stored, nothing is sent; what is wrong with it is all said at once."""
    body, media_type = await request.body(), request.headers.get("content-type", "application/octet-stream")
    return await trial.try_document(
        desk, asking, name, body, kind=query.kind, media_type=media_type, decide=query.decide
    )


# --- access ---


@router.get("/tokens", tags=["access"], summary="List tokens, without their secrets")
async def list_tokens(desk: Desk, asking: Asking) -> tuple[TokenView, ...]:
    """Revoked ones too."""
    return await tokens.list_tokens(desk, asking)


@router.post("/tokens", tags=["access"], summary="Make a token", status_code=201)
async def create_token(desk: Desk, asking: Asking, wish: TokenWish) -> NewToken:
    """Its secret is shown this once."""
    return await tokens.create_token(desk, asking, wish.name, wish.role, expires_in_days=wish.expires_in_days)


@router.delete("/tokens/{token_id}", tags=["access"], summary="Revoke a token")
async def revoke_token(desk: Desk, asking: Asking, token_id: UUID, request: Request) -> TokenView:
    """For good."""
    revoked = await tokens.revoke_token(desk, asking, token_id)
    gate_of(request).book.forget()
    return revoked


@router.get("/audit", tags=["access"], summary="List who did what, the newest first")
async def list_audit(desk: Desk, asking: Asking, query: Annotated[AuditQuery, Query()]) -> Page[AuditView]:
    """Filter by actor, action, target, time."""
    return await auditing.list_audit(desk, asking, query, limit=query.limit, cursor=query.cursor)
