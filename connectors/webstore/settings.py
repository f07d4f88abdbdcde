"""What `hub.yaml` says about one shop, till or partner that speaks this API."""

import base64
import binascii
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from canonical.base import Name

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix that Standard Webhooks gives to every secret, not one of them
_SHORTEST_SECRET, _LONGEST_SECRET = 24, 64
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def secret_key(secret: SecretStr) -> bytes:
    """Return the key that a `whsec_` secret stands for; raise ValueError, without naming the secret."""
    text = secret.get_secret_value().removeprefix(SECRET_PREFIX)
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(
            f"a signing secret is {SECRET_PREFIX!r} and then base64; this one is not base64"
        ) from None
    if not _SHORTEST_SECRET <= len(key) <= _LONGEST_SECRET:
        raise ValueError(
            f"a signing secret holds {_SHORTEST_SECRET} to {_LONGEST_SECRET} bytes, this one {len(key)}: "
            "make one with `openssl rand -base64 32`",
        )
    return key


def _checked(secret: SecretStr) -> SecretStr:
    secret_key(secret)
    return secret


def _private_or_https(url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ValueError("a URL with a password in it would be logged: requests are signed instead")
    if parts.query or parts.fragment or not parts.hostname:
        raise ValueError("write scheme, host and path only, as in https://shop.example.com/webhooks")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("orders travel by https; http is for 127.0.0.1 only")
    return url.rstrip("/")


SigningSecret = Annotated[SecretStr, AfterValidator(_checked)]
WebhookUrl = Annotated[str, AfterValidator(_private_or_https)]


class WebstoreSettings(BaseModel):
    """One shop. Several secrets in a list are a rotation: each is accepted, and each signs."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    api_secrets: Annotated[tuple[SigningSecret, ...], Field(min_length=1, max_length=5)]
    """What the shop signs its requests with; `${ENV}` or `file:` in `hub.yaml`."""
    tolerance_s: Annotated[int, Field(ge=1, le=3600)] = 300
    """How far a request's timestamp may be from the hub's time, either way."""
    gateways: tuple[Name, ...] = ("stripe",)
    """The connectors by which this shop's orders may be paid. A prepaid payment may name any till."""
    check_totals: Literal["refuse", "accept"] = "refuse"
    """What happens to an order that does not add up: refused at the door, or taken, and held."""
    webhook_url: WebhookUrl | None = None
    """Where the shop is told what became of its orders."""
    webhook_secrets: Annotated[tuple[SigningSecret, ...], Field(max_length=5)] = ()
    """What the hub signs its webhooks with."""
    webhook_lookup: bool = False
    """The shop answers `GET {webhook_url}/{webhook-id}`: 200 where it has that webhook, 404 where not."""
    deadline_s: Annotated[float, Field(gt=0, le=120)] = 20
    settle_s: Annotated[float, Field(ge=0, le=600)] = 5

    @model_validator(mode="after")
    def _webhooks_are_signed(self) -> Self:
        if (self.webhook_url is None) != (not self.webhook_secrets):
            raise ValueError("webhook_url and webhook_secrets go together: give both, or neither")
        return self
