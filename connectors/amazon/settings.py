"""What `hub.yaml` says about one seller's account."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, SecretStr

from canonical.base import Name

Region = Literal["na", "eu", "fe"]
ENDPOINTS: dict[Region, str] = {
    "na": "https://sellingpartnerapi-na.amazon.com",
    "eu": "https://sellingpartnerapi-eu.amazon.com",
    "fe": "https://sellingpartnerapi-fe.amazon.com",
}
"""developer-docs.amazon.com/sp-api/docs/sp-api-endpoints"""
TOKEN_URL = "https://api.amazon.com/auth/o2/token"  # noqa: S105 - where tokens are had
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _private(url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.query or parts.fragment or not parts.hostname:
        raise ValueError("write scheme, host and path only, as in https://sellingpartnerapi-eu.amazon.com")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("Amazon is called by https; http is for a simulator on 127.0.0.1 only")
    return url.rstrip("/")


Url = Annotated[str, AfterValidator(_private)]
Secret = Annotated[SecretStr, Field(min_length=1)]


class QueueSettings(BaseModel):
    """The SQS queue that Amazon puts ORDER_CHANGE notifications into; an IAM user that may read it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: Url
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    """The queue's AWS region: `eu-west-1`."""
    access_key_id: Annotated[str, Field(min_length=1)]
    secret_access_key: Secret
    session_token: Secret | None = None
    wait_s: Annotated[int, Field(ge=0, le=20)] = 20
    """How long one look waits for news; SQS allows 20 s at most."""
    visibility_s: Annotated[int, Field(ge=30, le=43_200)] = 180
    """How long a message that was taken is hidden from others; one that was not dealt with then comes again."""


class AmazonSettings(BaseModel):
    """One seller in one region. Marketplaces of several regions are several connectors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    seller_id: Name
    """The merchant token, as in Seller Central under Account info: `A2…`."""
    marketplaces: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[A-Z0-9]{10,14}$")], ...], Field(min_length=1)
    ]
    """Marketplace ids: `A1PA6795UKMFR9` is Amazon.de."""
    region: Region = "eu"
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Secret
    refresh_token: Secret
    queue: QueueSettings | None = None
    """Without one, orders come by polling only, within minutes."""
    api_base: Url | None = None
    """Another address than the region's: a sandbox, a simulator."""
    token_url: Url = TOKEN_URL
    orders_since: AwareDatetime | None = None
    """The first poll looks for orders changed since then; left out, for those of the last day."""
    poll_interval_s: Annotated[float, Field(ge=1, le=86_400)] = 180
    """Amazon allows one search in 179 s, after a burst of 20."""
    overlap_s: Annotated[float, Field(ge=0, le=86_400)] = 300
    """How far a poll looks back behind the one before: what Amazon shows late is not lost at the edge."""
    acknowledge: bool = True
    """Confirmed orders are acknowledged to Amazon, with the hub's own order id."""
    carriers: dict[Name, Name] = {}
    """Amazon's carrier code for a carrier as the warehouses name it; one that Amazon does not know travels as Other."""
    gather_s: Annotated[float, Field(ge=0, le=600)] = 30
    """How long messages for one feed are gathered: Amazon allows one feed in 120 s, after a burst of 15."""
    report_every_s: Annotated[float, Field(ge=1, le=3600)] = 30
    """How often a feed that is being processed is looked at."""
    call_s: Annotated[float, Field(gt=0, le=120)] = 30
    """How long one call may take."""
    deadline_s: Annotated[float, Field(gt=0, le=3600)] = 900
    """How long a message may take from its gathering to its report; what takes longer is looked up later."""
    settle_s: Annotated[float, Field(ge=0, le=600)] = 60

    @property
    def endpoint(self) -> str:
        """The API's address."""
        return self.api_base or ENDPOINTS[self.region]
