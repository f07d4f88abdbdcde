"""What answers and failures of HTTP say, read alike by everybody who calls a partner by httpx."""

from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx

_LONGEST_WAIT_S = 86_400.0


def retry_after(headers: httpx.Headers, now: datetime) -> float | None:
    """Return seconds from a Retry-After of seconds or of a date (RFC 9110); None where it can't be read."""
    value = headers.get("retry-after", "").strip()
    try:
        if value.isascii() and value.isdigit():
            wait_s = float(value)
        else:
            wait_s = (parsedate_to_datetime(value) - now).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(wait_s, 0.0), _LONGEST_WAIT_S)


def word_of(error: Exception) -> str:
    """Return what an error says, or its kind where it says nothing."""
    return str(error) or type(error).__name__
