"""cXML's SharedSecret stays out of what is stored: put into what is sent, taken out of what comes."""

import re
from xml.sax.saxutils import escape

from core.errors import DocumentError
from hub.xml_headings import root_of

_PLACE = b"<SharedSecret/>"
"""Where our mapping documents leave room for it. No text of a document can look like it: there `<` is escaped."""
_GIVEN = re.compile(
    rb"<(?:[\w.-]+:)?SharedSecret\b[^>]*(?<!/)>.*?(?:</(?:[\w.-]+:)?SharedSecret\s*>|\Z)", re.DOTALL
)
"""With any prefix: what is no cXML is stored too, if only to be shown as a failure."""
_MASKED = b"<SharedSecret>***</SharedSecret>"
_LEFT_OUT = (
    b"this cXML document is not kept: its SharedSecret could not be taken out; agree on UTF-8 and plain text"
)


def put_in(body: bytes, secret: str | None) -> bytes:
    """Return a document of ours as it is sent; without a secret there is no element for one."""
    return body.replace(
        _PLACE, b"" if secret is None else f"<SharedSecret>{escape(secret)}</SharedSecret>".encode(), 1
    )


def taken_out(raw: bytes) -> bytes:
    """Return a partner's document as it may be stored. What can't be done safely isn't: nothing is left of it then."""
    masked = _GIVEN.sub(_MASKED, raw)
    before, after = _secrets(raw), _secrets(masked)
    if before is None or after is None:
        rest = masked.replace(_MASKED, b"").replace(_PLACE, b"").replace(b"\0", b"")
        return _LEFT_OUT if b"SharedSecret" in rest or (before and after is None) else masked
    sound = len(before) == len(after) and all(one in {"***", ""} for one in after)
    return masked if sound else _LEFT_OUT


def _secrets(raw: bytes) -> list[str] | None:
    """Return what stands in each SharedSecret; None for what is no XML."""
    try:
        return ["".join(one.itertext()).strip() for one in root_of(raw).iter("{*}SharedSecret")]
    except DocumentError:
        return None
