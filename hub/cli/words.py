"""What people type for times and other small things."""

import re
from datetime import UTC, datetime, timedelta

from hub.cli.failing import Failure

_SPAN = re.compile(r"(\d{1,6})\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


def since(text: str | None, now: datetime) -> datetime | None:
    """Return a time: `2h`, `3d`, `2026-11-20`, or a whole ISO 8601 time; UTC where nothing else is said."""
    if text is None:
        return None
    span = _SPAN.fullmatch(text.strip())
    if span:
        return now - timedelta(seconds=int(span[1]) * _SECONDS[span[2]])
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise Failure(
            f"{text!r} is no time: write 30m, 2h, 3d, 2026-11-20, or 2026-11-20T12:00:00Z", usage=True
        ) from None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
