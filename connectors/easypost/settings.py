"""What `hub.yaml` says about one EasyPost account."""

from datetime import time
from typing import Annotated, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
Text = Annotated[str, Field(min_length=1, max_length=100)]


def _api_key(key: SecretStr) -> SecretStr:
    if not key.get_secret_value().startswith(("EZAK", "EZTK")):
        message = "an EasyPost API key begins with EZAK (production) or EZTK (test)"
        raise ValueError(message)
    return key


def _webhook_secret(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < 16:  # noqa: PLR2004 - what can't be guessed
        message = "a webhook secret has 16 characters or more: make one with `openssl rand -hex 24`"
        raise ValueError(message)
    return secret


def _private(url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.query or parts.fragment or not parts.hostname:
        message = "write scheme, host and path only, as in https://api.easypost.com/v2"
        raise ValueError(message)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        message = "the API is called by https; http is for a simulator on 127.0.0.1 only"
        raise ValueError(message)
    return url.rstrip("/")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        message = f"there is no time zone {name!r}: write one as in Europe/Berlin"
        raise ValueError(message) from error
    return name


class Sender(BaseModel):
    """Where a node's parcels come from, and returned ones go to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    company: Text | None = None
    street1: Text
    street2: Text | None = None
    city: Text
    state: Text | None = None
    zip: Text
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    phone: Text
    email: Text | None = None


class Box(BaseModel):
    """The carton that parcels are rated with, outside, in centimetres."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    length_cm: Annotated[float, Field(gt=0, le=500)]
    width_cm: Annotated[float, Field(gt=0, le=500)]
    height_cm: Annotated[float, Field(gt=0, le=500)]


class Collections(BaseModel):
    """When carriers may come, on the day after a collection is booked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    earliest: time = time(9)
    latest: time = time(17)
    instructions: Annotated[str, Field(max_length=200)] = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.earliest >= self.latest:
            message = f"collections.earliest {self.earliest} must be before collections.latest {self.latest}"
            raise ValueError(message)
        return self


class EasyPostSettings(BaseModel):
    """One EasyPost account. Several webhook secrets in a list are a rotation: each is accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: Annotated[SecretStr, AfterValidator(_api_key)]
    webhook_secrets: Annotated[
        tuple[Annotated[SecretStr, AfterValidator(_webhook_secret)], ...], Field(min_length=1, max_length=5)
    ]
    senders: Annotated[dict[str, Sender], Field(min_length=1)]
    """By node: where its parcels come from."""
    api_base: Annotated[str, AfterValidator(_private)] = "https://api.easypost.com/v2"
    carrier_accounts: tuple[Annotated[str, Field(pattern=r"^ca_")], ...] = ()
    """Only rates of these accounts are asked for; none named means all."""
    default_weight_g: Annotated[int, Field(gt=0)] | None = None
    """What a unit weighs whose item says nothing; otherwise its label is refused."""
    packaging_g: Annotated[int, Field(ge=0)] = 0
    """What each parcel weighs empty."""
    box: Box | None = None
    customs_signer: Text | None = None
    """Who signs customs declarations; without it nothing is sent over a customs border."""
    collections: Collections = Collections()
    deadline_s: Annotated[float, Field(gt=0, le=120)] = 60
    """How long booking may take: rates, the purchase and the label's file together."""
    settle_s: Annotated[float, Field(ge=0, le=600)] = 60
    """How long after the deadline EasyPost may still carry out a call that got no answer."""
