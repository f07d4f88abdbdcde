"""What `hub.yaml` says about one Signifyd team."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_SHORTEST_KEY = 16

Coverage = Literal["FRAUD", "INR", "SNAD", "ALL", "NONE"]
PaymentKind = Literal[
    "CREDIT_CARD", "DEBIT_CARD", "PREPAID_CARD", "GIFT_CARD", "PAYPAL_ACCOUNT", "APPLE_PAY", "GOOGLE_PAY",
    "AMAZON_PAYMENTS", "ACH", "LOAN", "CASH", "STORE_CREDIT", "VOUCHER",
]  # fmt: skip


def _key(key: SecretStr) -> SecretStr:
    text = key.get_secret_value()
    if (
        len(text) < _SHORTEST_KEY
        or not text.isascii()
        or not text.isprintable()
        or " " in text
        or ":" in text
    ):
        message = f"an API key is {_SHORTEST_KEY} or more letters and digits: copy it from Signifyd's Settings, Teams"
        raise ValueError(message)
    return key


def _private(url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.query or parts.fragment or parts.path.strip("/") or not parts.hostname:
        message = "write scheme and host only, as in https://api.signifyd.com"
        raise ValueError(message)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        message = "the API is called by https; http is for a simulator on 127.0.0.1 only"
        raise ValueError(message)
    return url.rstrip("/")


class SignifydSettings(BaseModel):
    """One team. Its API key signs in, and is what Signifyd signs its webhooks with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: Annotated[SecretStr, AfterValidator(_key)]
    former_api_keys: Annotated[
        tuple[Annotated[SecretStr, AfterValidator(_key)], ...], Field(max_length=4)
    ] = ()
    """Keys that were exchanged lately: webhooks that are still signed with them are accepted."""
    api_base: Annotated[str, AfterValidator(_private)] = "https://api.signifyd.com"
    coverage: Annotated[tuple[Coverage, ...], Field(min_length=1)] = ("FRAUD",)
    """What Signifyd is asked to cover: fraud, items not received, items not as described."""
    decision: Literal["SYNC", "ASYNC_ONLY"] = "SYNC"
    """Whether a decision may come in the answer, or always comes by webhook."""
    paid_by: PaymentKind = "CREDIT_CARD"
    """What kind of payment the shop's gateways take; the hub never sees a card."""
    deadline_s: Annotated[float, Field(gt=0, le=120)] = 65
    """How long one call may take; Signifyd itself gives up after 60 s, with a 504."""
    settle_s: Annotated[float, Field(ge=0, le=600)] = 30
    """How long after the deadline Signifyd may still carry out a call that got no answer."""
