"""Bodies of stored messages, as bytes again."""

import base64
from typing import TYPE_CHECKING

from hub.cli.failing import Failure

if TYPE_CHECKING:
    from hub.desk.message_views import MessageDetail


def raw_body(detail: "MessageDetail") -> bytes:
    """Return a message's bytes; refuse one whose body is gone or hidden."""
    if detail.body is None:
        raise Failure(detail.unavailable or f"message {detail.id} has no body")
    if detail.masked:
        raise Failure(f"the body of message {detail.id} is hidden from this role")
    if detail.encoding == "base64":
        return base64.b64decode(detail.body)
    return detail.body.encode()
