"""Puts the API together."""

from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI, Request
from starlette.responses import Response

from hub.api import (
    console,
    console_desk,
    engineering,
    failures,
    forms,
    inbound,
    messages,
    metrics,
    orders,
    problems,
    reference,
    replays,
)
from hub.api.bounds import MAX_BODY_BYTES, TIME_LIMIT_S, Bounds
from hub.api.doors import DOOR_TIME_LIMIT_S, Doors
from hub.api.gate import Gate
from hub.api.view import HubView
from hub.desk.door_desk import ConnectorDesk
from hub.desk.errors import DeskError

DESCRIPTION = (
    "Orders, messages, failures and replays, stock, connectors. Send `Authorization: Bearer oh_...`; "
    "everything that refuses answers with problem details (RFC 9457)."
)


def create_app(
    hub: HubView,
    *,
    open_console: bool = False,
    max_body_bytes: int = MAX_BODY_BYTES,
    time_limit_s: float = TIME_LIMIT_S,
    door_time_limit_s: float = DOOR_TIME_LIMIT_S,
) -> FastAPI:
    """Return the ASGI application of a hub.

    `open_console` lets whoever sits at this very machine look around without a token; it is for demos, and reads only.
    """
    app = FastAPI(
        title="orderhub",
        version=_version(),
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.hub = hub
    app.state.gate = Gate(hub.desk, open_console=open_console)
    problems.install(app)
    app.add_exception_handler(DeskError, _refusal)
    for module in (
        metrics,
        console,
        console_desk,
        forms,
        reference,
        orders,
        messages,
        failures,
        replays,
        engineering,
        inbound,
    ):
        app.include_router(module.router)
    app.add_middleware(
        Doors,
        connectors=hub.desk.connectors,
        desks={name: ConnectorDesk(hub.desk, name) for name in hub.desk.connectors},
        clock=hub.desk.clock,
        time_limit_s=door_time_limit_s,
    )
    app.add_middleware(Bounds, max_body_bytes=max_body_bytes, time_limit_s=time_limit_s)
    return app


async def _refusal(request: Request, error: Exception) -> Response:
    """Refuse a page with a page, and everything else with a problem."""
    if not isinstance(error, DeskError):
        return problems.internal()
    if request.url.path.startswith("/console/"):
        return await console.refusal_page(request, error)
    return problems.of_desk(error)


def _version() -> str:
    try:
        return version("orderhub")
    except PackageNotFoundError:
        return "0"
