"""Time zones as settings name them."""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise ValueError(f"there is no time zone {name!r}; it is named as in `Europe/London`") from None
    return name


ZoneName = Annotated[str, AfterValidator(_known)]
"""A zone of the IANA database, such as `Europe/London`."""
