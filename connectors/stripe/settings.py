"""What `hub.yaml` says about one Stripe account."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

API_VERSION = "2026-10-28.endive"
"""The version of Stripe's API that this was written for: requests ask for it, webhooks must have it."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _api_key(key: SecretStr) -> SecretStr:
    if not key.get_secret_value().startswith(("sk_", "rk_")):
        message = "a Stripe API key begins with sk_ or rk_: a publishable key (pk_) can't move money"
        raise ValueError(message)
    return key


def _signing_secret(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().startswith("whsec_"):
        message = (
            "a webhook's signing secret begins with whsec_: find it at the endpoint in Stripe's Workbench"
        )
        raise ValueError(message)
    return secret


def _private(url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.query or parts.fragment or parts.path.strip("/") or not parts.hostname:
        message = "write scheme and host only, as in https://api.stripe.com"
        raise ValueError(message)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        message = "the API is called by https; http is for a simulator on 127.0.0.1 only"
        raise ValueError(message)
    return url.rstrip("/")


def unready(settings: "StripeSettings") -> Mapping[str, str]:
    """Return what does not work yet with these settings, by field."""
    if settings.webhook_secrets:
        return {}
    reason = (
        "no webhook of Stripe's is accepted without a signing secret: make the endpoint with `orderhub webhooks "
        "register`, and put the secret that it shows here"
    )
    return {"webhook_secrets": reason}


class StripeSettings(BaseModel):
    """One Stripe account. Several webhook secrets in a list are a rotation: each is accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    secret_key: Annotated[SecretStr, AfterValidator(_api_key)]
    webhook_secrets: Annotated[
        tuple[Annotated[SecretStr, AfterValidator(_signing_secret)], ...], Field(max_length=5)
    ] = ()
    """Without one, no webhook is accepted: Stripe tells it when the endpoint is made (`orderhub webhooks register`)."""
    api_base: Annotated[str, AfterValidator(_private)] = "https://api.stripe.com"
    api_version: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$")] = API_VERSION
    tolerance_s: Annotated[int, Field(ge=1, le=3600)] = 300
    """How far a webhook's timestamp may be from the hub's time, either way."""
    deadline_s: Annotated[float, Field(gt=0, le=120)] = 40
    """How long one call may take."""
    settle_s: Annotated[float, Field(ge=0, le=600)] = 60
    """How long after the deadline Stripe may still carry out a call that got no answer."""
