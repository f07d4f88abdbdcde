"""The console: pages to look around in, with the buttons that somebody's role allows. What those do is in `forms`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import HTMLResponse, RedirectResponse, Response

from canonical.statuses import OrderStatus
from hub.api import pages
from hub.api.forms import SAID, rights
from hub.api.gate import COOKIE, desk_of, gate_of
from hub.desk import connectors, explain, failures, messages, orders, stats
from hub.desk.access import Permission, Principal
from hub.desk.errors import DeskError, InvalidError, UnauthenticatedError
from hub.desk.failures import FailureFilter
from hub.desk.messages import MessageFilter
from hub.desk.order_search import OrderFilter
from hub.desk.order_views import OrderDetail
from hub.saying import units_named

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

PAGE = 50
_LATEST = 10
_FACT_LENGTH = 200
_TECHNICAL = frozenset({"order_id", "recorded_at", "occurred_at", "fact_key", "key"})


@dataclass(frozen=True, slots=True)
class Moment:
    """An entry of an order's timeline. `kind`: event, in, out, internal, failure."""

    at: datetime
    kind: str
    title: str
    detail: str
    link: str | None


@router.get("/")
async def overview(request: Request) -> Response:
    """How the hub stands; for somebody unknown, the way in."""
    who = await gate_of(request).look_in(request)
    if who is None:
        return pages.render("login.html", refused=False)
    desk = desk_of(request)
    return pages.render(
        "overview.html",
        **frame(request, who),
        trouble=await request.app.state.hub.trouble(),
        stats=await stats.statistics(desk, who),
        orders=(await orders.list_orders(desk, who, limit=_LATEST)).items,
        groups=await failures.list_groups(desk, who),
        connectors=await connectors.list_connectors(desk, who),
    )


@router.get("/console")
async def console() -> Response:
    """Its first page is the hub's."""
    return RedirectResponse("/", 303)


@router.get("/console/style.css")
async def style() -> Response:
    """The one stylesheet."""
    return Response(pages.STYLE, media_type="text/css", headers={"cache-control": "max-age=3600"})


@router.post("/console/login")
async def login(request: Request) -> Response:
    """Take a token, and keep it in a cookie that scripts and other sites can't use."""
    secret = parse_qs((await request.body()).decode(errors="replace")).get("token", [""])[0].strip()
    try:
        await gate_of(request).book.authenticate(secret)
    except UnauthenticatedError:
        return pages.render("login.html", 401, refused=True)
    answer = RedirectResponse("/", 303)
    answer.set_cookie(
        COOKIE,
        secret,
        max_age=12 * 3600,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/console/logout")
async def logout() -> Response:
    """Forget the cookie."""
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


@router.get("/console/orders")
async def order_list(request: Request) -> Response:
    """Orders, searched and filtered."""
    who = await known(request)
    query = query_of(request, OrderFilter)
    page = await orders.list_orders(
        desk_of(request), who, query, limit=PAGE, cursor=request.query_params.get("cursor")
    )
    return pages.render(
        "orders.html",
        **frame(request, who),
        page=page,
        query=query,
        more=more_of(request, page.next),
        statuses=[status.value for status in OrderStatus],
    )


@router.get("/console/orders/{order_id}")
async def order_page(request: Request, order_id: UUID) -> Response:
    """One order with its timeline."""
    who = await known(request)
    desk = desk_of(request)
    order = await orders.show_order(desk, who, order_id)
    people: list[tuple[str, Any]] = []
    if order.parties is not None:
        named = (
            ("buyer", order.parties.buyer),
            ("ship to", order.parties.ship_to),
            ("bill to", order.parties.bill_to),
        )
        people = [(role, party) for role, party in named if party is not None]
    return pages.render(
        "order.html",
        **frame(request, who),
        order=order,
        people=people,
        timeline=timeline(order),
        explanation=await explain.explain(desk, who, order_id),
    )


@router.get("/console/failures")
async def failure_list(request: Request) -> Response:
    """Failures by kind, and one by one."""
    who = await known(request)
    query = query_of(request, FailureFilter)
    desk = desk_of(request)
    page = await failures.list_failures(
        desk, who, query, limit=PAGE, cursor=request.query_params.get("cursor")
    )
    groups = () if query.signature else await failures.list_groups(desk, who)
    more = more_of(request, page.next)
    return pages.render(
        "failures.html", **frame(request, who), page=page, query=query, groups=groups, more=more
    )


@router.get("/console/failures/{failure_id}")
async def failure_page(request: Request, failure_id: UUID) -> Response:
    """One failure, with the document around its problem."""
    who = await known(request)
    failure = await failures.show_failure(desk_of(request), who, failure_id)
    shown = failure.model_copy(update={"problems": tuple(_whole(p) for p in failure.problems)})
    return pages.render("failure.html", **frame(request, who), failure=shown)


@router.get("/console/messages")
async def message_list(request: Request) -> Response:
    """Messages, searched and filtered."""
    who = await known(request)
    query = query_of(request, MessageFilter)
    desk = desk_of(request)
    page = await messages.list_messages(
        desk, who, query, limit=PAGE, cursor=request.query_params.get("cursor")
    )
    return pages.render(
        "messages.html",
        **frame(request, who),
        page=page,
        query=query,
        more=more_of(request, page.next),
        connectors=sorted(desk.connectors),
    )


@router.get("/console/messages/{message_id}")
async def message_page(request: Request, message_id: UUID) -> Response:
    """One message: raw, as it is read, and its family."""
    who = await known(request)
    message = await messages.show_message(desk_of(request), who, message_id)
    if message.reading is not None:
        whole = tuple(_whole(p) for p in message.reading.problems)
        message = message.model_copy(
            update={"reading": message.reading.model_copy(update={"problems": whole})}
        )
    editing = request.query_params.get("edit") == "yes" and who.may(Permission.EDIT_MESSAGES)
    return pages.render("message.html", **frame(request, who), message=message, editing=editing)


def timeline(order: OrderDetail) -> list[Moment]:
    """Return everything that happened to an order, said by it or about it, in the order of its recording."""
    happened = [
        Moment(entry.recorded_at, "event", pages.words(entry.type), facts_of(entry.body), None)
        for entry in order.journal
    ]
    said = [
        Moment(
            message.recorded_at,
            message.direction,
            f"{'From' if message.direction == 'in' else 'To'} {message.connector}: {pages.words(message.kind)}",
            "" if message.status in {"done", "sent"} else message.status,
            f"/console/messages/{message.id}",
        )
        for message in order.messages
        if message.direction != "internal"
    ]
    failed = [
        Moment(f.recorded_at, "failure", f"{f.connector}: {f.error}", f.status, f"/console/failures/{f.id}")
        for f in order.failures
    ]
    rank = {"in": 0, "event": 1, "out": 2, "failure": 3}
    return sorted([*happened, *said, *failed], key=lambda moment: (moment.at, rank[moment.kind]))


def facts_of(body: Mapping[str, Any]) -> str:
    """Say an event's plain facts in a line."""
    parts = [
        f"{name.replace('_', ' ')} {_plain(value)}"
        for name, value in body.items()
        if name not in _TECHNICAL and _plain(value)
    ]
    return " · ".join(parts)[:_FACT_LENGTH]


def _plain(value: Any) -> str:
    match value:
        case {"amount": amount, "currency": currency}:
            return f"{amount} {currency}"
        case {"type": kind, "reason": reason}:
            return f"{kind}: {reason}"
        case bool():
            return "yes" if value else "no"
        case str() | int():
            return str(value)
        case _:
            return units_named(value) or ""


def _whole(problem: Mapping[str, str | int]) -> dict[str, str | int | None]:
    return {**dict.fromkeys(("source", "line", "column", "field", "value", "reason")), **problem}


def frame(request: Request, who: Principal) -> dict[str, Any]:
    """Return what every page is given: who looks, which buttons they see, and what their last one did."""
    said = SAID.get(request.query_params.get("said", ""), "")
    return {"who": who, "signed_in": COOKIE in request.cookies, "may": rights(request, who), "said": said}


async def known(request: Request) -> Principal:
    """Return who looks; raises `UnauthenticatedError`."""
    who = await gate_of(request).look_in(request)
    if who is None:
        raise UnauthenticatedError("sign in on the first page")
    return who


def query_of(request: Request, model: Any) -> Any:
    """Read a page's filter; empty fields of a form don't count, nor does what a page has beside its filter."""
    given = {
        name: value for name, value in request.query_params.items() if value and name in model.model_fields
    }
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidError(f"{'.'.join(str(p) for p in first['loc'])}: {first['msg']}") from error


def more_of(request: Request, cursor: str | None) -> str:
    """Return the query of the next page."""
    kept = {name: value for name, value in request.query_params.items() if name not in {"cursor", "said"}}
    return urlencode({**kept, "cursor": cursor}) if cursor else ""


async def refusal_page(request: Request, error: DeskError) -> Response:
    """Answer a page's refusal as a page: the way in for somebody unknown, else the reason."""
    if isinstance(error, UnauthenticatedError):
        return RedirectResponse("/", 303)
    who = await gate_of(request).look_in(request)
    values = frame(request, who) if who is not None else {}
    return pages.render("refusal.html", error.status, **values, error=error)
