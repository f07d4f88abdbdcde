"""Stored messages over HTTP."""

import base64
import binascii
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field, model_validator
from starlette.responses import Response

from core.errors import Problem
from hub.api.gate import Asking, Desk
from hub.api.orders import Reason
from hub.desk import messages, replay
from hub.desk.base import LONGEST_PAGE, Page, View
from hub.desk.errors import InvalidError
from hub.desk.message_views import MessageDetail, MessageSummary
from hub.desk.messages import MessageFilter
from hub.desk.replay_views import Replayed

router = APIRouter(prefix="/messages", tags=["messages"])


class MessageQuery(MessageFilter):
    """A filter, and which page."""

    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE)] = 50
    cursor: str | None = None


class EditWish(View):
    """An edited copy: `body` as text, or `body_base64`."""

    body: str | None = None
    body_base64: str | None = None
    reason: Reason
    force: bool = False

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if (self.body is None) == (self.body_base64 is None):
            message = "give either body or body_base64"
            raise ValueError(message)
        return self

    def content(self) -> bytes:
        """Return the body's bytes."""
        if self.body_base64 is None:
            return (self.body or "").encode()
        try:
            return base64.b64decode(self.body_base64, validate=True)
        except binascii.Error as error:
            problem = Problem(f"is no base64: {error}", field="body_base64")
            raise InvalidError(str(problem), problems=[problem]) from error


@router.get("", summary="List messages, the newest first")
async def list_messages(
    desk: Desk, asking: Asking, query: Annotated[MessageQuery, Query()]
) -> Page[MessageSummary]:
    """Filter by connector, direction, status, kind, order, any business key, time, failure signature."""
    return await messages.list_messages(desk, asking, query, limit=query.limit, cursor=query.cursor)


@router.get("/{message_id}", summary="Show a message with its body, lineage and what the mapping makes of it")
async def show_message(desk: Desk, asking: Asking, message_id: UUID) -> MessageDetail:
    """Viewers see the structure of the body, and none of its values."""
    return await messages.show_message(desk, asking, message_id)


@router.get("/{message_id}/body", summary="Download a message's raw bytes", response_class=Response)
async def body(desk: Desk, asking: Asking, message_id: UUID) -> Response:
    """As they came; never shown in the browser."""
    raw = await messages.raw_body(desk, asking, message_id)
    headers = {"content-disposition": f'attachment; filename="{message_id}"'}
    return Response(raw, media_type="application/octet-stream", headers=headers)


@router.post("/{message_id}/replay", summary="Read a stored message once more", status_code=202)
async def replay_message(desk: Desk, asking: Asking, message_id: UUID) -> Replayed:
    """What it did stays done: natural keys keep anything from being done twice."""
    return await replay.replay_message(desk, asking, message_id)


@router.post("/{message_id}/edit", summary="Send an edited copy in a message's place", status_code=202)
async def edit(desk: Desk, asking: Asking, message_id: UUID, wish: EditWish) -> Replayed:
    """The original is closed and linked; its open failures go with the copy."""
    content = wish.content()
    return await replay.resend_edited(desk, asking, message_id, content, wish.reason, force=wish.force)
