"""What the engine refuses before anything is stored: too early, or what a database can't keep."""

from core.errors import DoorError, Problem
from core.ports import RawDocument


def unavailable(reason: str) -> DoorError:
    """Return the answer while nothing can be committed: come again."""
    return DoorError(
        503,
        "unavailable",
        "The hub can't take documents now",
        detail=reason,
        headers={"retry-after": "5"},
    )


def unstorable(raw: RawDocument) -> DoorError | None:
    """Return the refusal of a document whose names hold a NUL character or a lone surrogate, else None.

    PostgreSQL takes neither in a text, SQLite takes the first: both stores refuse them here. Bodies are bytes, and may
    hold anything.
    """
    named = {"kind": raw.kind, "media_type": raw.media_type, "external_id": raw.external_id or ""}
    for field, value in (*named.items(), *raw.headers.items()):
        if "\x00" in value or not _is_unicode(value):
            problem = Problem(
                "holds a NUL character, or is no Unicode text: send it without",
                field=field,
                value=ascii(value),
            )
            return DoorError(
                422, "refused", "The document can't be stored", detail=str(problem), problems=(problem,)
            )
    return None


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
