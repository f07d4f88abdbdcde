"""What `hub.yaml` says about one Shopify shop."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

API_VERSION = "2026-10"
"""The version of the Admin API that this was written for."""

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_GID = re.compile(r"^(gid://shopify/Location/)?([0-9]+)$")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.query or parts.fragment or parts.path.strip("/") or not parts.hostname:
        raise ValueError("write scheme and host only, as in https://example.myshopify.com")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("the API is called by https; http is for a simulator on 127.0.0.1 only")
    return url.rstrip("/")


def _location(location: str) -> str:
    match = _GID.fullmatch(location)
    if match is None:
        raise ValueError("a location is its number, as in the address of its page in the shop's admin")
    return f"gid://shopify/Location/{match[2]}"


def _not_empty(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().strip():
        raise ValueError("a secret is not empty: find it in the app's settings in the Dev Dashboard")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_not_empty)]


class ShopifySettings(BaseModel):
    """One shop, by an app of the Dev Dashboard that is installed there."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    shop_url: Annotated[str, AfterValidator(_origin)]
    """`https://{shop}.myshopify.com`: never the shop's own domain."""
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Secret
    """Signs webhooks too."""
    previous_secrets: Annotated[tuple[Secret, ...], Field(max_length=3)] = ()
    """Client secrets that are being replaced: webhooks may bear their signatures for up to an hour."""
    api_version: Annotated[str, Field(pattern=r"^\d{4}-(01|04|07|10)$")] = API_VERSION
    stock_location: Annotated[str, AfterValidator(_location)] | None = None
    """The location whose stock the hub sets; none: the shop is not told of stock."""
    test_orders: Literal["ignore", "take"] = "ignore"
    """What becomes of orders that Shopify marks as tests."""
    notify_customer: bool = True
    """Shopify mails the buyer when a parcel leaves, and when the order is cancelled."""
    poll_s: Annotated[float, Field(ge=5, le=3600)] = 60
    """How often orders are asked for that no webhook told of."""
    overlap_s: Annotated[float, Field(ge=30, le=86_400)] = 600
    """How far each poll reaches back behind the last: Shopify's search may lag."""
    since: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")
    """Where the first poll begins, as 2026-11-20T00:00:00Z; none: when the hub first starts."""
    deadline_s: Annotated[float, Field(gt=0, le=120)] = 40
    settle_s: Annotated[float, Field(ge=0, le=600)] = 30

    @property
    def endpoint(self) -> str:
        """Where GraphQL is spoken."""
        return f"{self.shop_url}/admin/api/{self.api_version}/graphql.json"

    @property
    def token_url(self) -> str:
        """Where the app gets its token."""
        return f"{self.shop_url}/admin/oauth/access_token"
