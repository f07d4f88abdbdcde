"""Goods on their way to nodes, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field

from hub.api.gate import Asking, Desk
from hub.desk import inbound
from hub.desk.base import LONGEST_PAGE, Page
from hub.desk.inbound import Announced, InboundDetail, InboundFilter, InboundView

router = APIRouter(prefix="/inbound", tags=["stock"])

FileName = Annotated[str, Query(min_length=1, max_length=200)]


class InboundQuery(InboundFilter):
    """A filter, and which page."""

    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE)] = 50
    cursor: str | None = None


@router.get("", summary="List goods on their way to nodes, the newest first")
async def list_inbound(
    desk: Desk, asking: Asking, query: Annotated[InboundQuery, Query()]
) -> Page[InboundView]:
    """With what has come of them."""
    return await inbound.list_inbound(desk, asking, query, limit=query.limit, cursor=query.cursor)


@router.post("/{node}", summary="Announce goods to a node", status_code=201)
async def announce(desk: Desk, asking: Asking, node: str, name: FileName, request: Request) -> Announced:
    """The body is a CSV, JSON or YAML file, `name` its name. All of it is announced, or nothing."""
    return await inbound.announce_file(desk, asking, node, name, await request.body())


@router.get("/{node}/{number}", summary="Show goods on their way to a node")
async def show_inbound(desk: Desk, asking: Asking, node: str, number: str) -> InboundDetail:
    """Line by line, with each receipt."""
    return await inbound.show_inbound(desk, asking, node, number)
