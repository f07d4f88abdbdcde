"""The settings of `transport: {type: https, ...}`: we POST interchanges to the partner, and it to our door."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core.transport.credentials import Credential
from core.transport.settings import Seconds

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_HIGHEST_BYTES = 256 * 1024 * 1024


def _private_or_https(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{url!r} is no URL: {error}") from None
    if not host or parts.username is not None or parts.fragment:
        raise ValueError("give a URL as https://edi.example.com/inbox; credentials have a key of their own")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise ValueError("interchanges travel by https; http is for 127.0.0.1 only")
    return url


class HttpsSettings(BaseModel):
    """A partner that takes interchanges at a URL, and answers there, or at our door."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    type: Literal["https"]
    url: Annotated[str, Field(max_length=2000), AfterValidator(_private_or_https)]
    """Where our interchanges are POSTed."""
    credential: Credential | None = None
    """What we show there; None where the URL alone is enough."""
    door: Annotated[tuple[Credential, ...], Field(max_length=5)] = ()
    """What the partner shows at our door, `/connectors/NAME/interchanges`; several while it changes. None: no door, and
    all that it says comes in its responses."""
    timeout_s: Seconds = 30
    """How long one request may take, from connecting to the last byte of the response."""
    max_response_bytes: Annotated[int, Field(gt=0, le=_HIGHEST_BYTES)] = 10 * 1024 * 1024
    max_request_bytes: Annotated[int, Field(gt=0, le=_HIGHEST_BYTES)] = 10 * 1024 * 1024
    """What our door takes at most."""
