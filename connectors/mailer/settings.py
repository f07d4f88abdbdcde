"""What `hub.yaml` says about the mail server, the sender, and each shop's own words."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from canonical.base import Name
from canonical.parties import Language
from connectors.mailer import rendering
from connectors.mailer.addresses import parse
from core.errors import RejectedError


def _address(text: str) -> str:
    try:
        return parse(text, smtputf8=False).spec
    except RejectedError as error:
        raise ValueError(str(error).replace("the buyer's e-mail address", "the address")) from None


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        raise ValueError(f"{name!r} is no time zone such as Europe/Berlin") from None
    return name


def _templates(folder: Path) -> Path:
    findings = rendering.lint(folder)
    if findings:
        raise ValueError("the templates can't be used: " + "; ".join(findings))
    return folder


Address = Annotated[str, AfterValidator(_address)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Templates = Annotated[Path, AfterValidator(_templates)]


class ShopSettings(BaseModel):
    """How the hub writes in a shop's name. What is left out comes from the mailer's own settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    shop_name: Name | None = None
    shop_url: str | None = None
    sender: Address | None = None
    reply_to: Address | None = None
    templates: Templates | None = None
    """A folder of templates that go before the built-in ones: `{language}/{template}.txt.j2` and `.html.j2`."""


class MailerSettings(BaseModel):
    """A mail server, and the words of one or more shops."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: Name
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none` is for a server on 127.0.0.1 only."""
    ca_file: Path | None = None
    """The certificates to trust, where the server's is not signed by a public authority."""
    username: Name | None = None
    password: SecretStr | None = None
    smtputf8: bool = False
    """The server takes addresses that are not ASCII (RFC 6531)."""
    sender: Address
    shop_name: Name
    shop_url: str = ""
    reply_to: Address | None = None
    templates: Templates | None = None
    shops: dict[Name, ShopSettings] = {}
    """By channel."""
    fallback_language: Language = "en"
    """For orders in a language without templates."""
    time_zone: TimeZone = "UTC"
    """In which the dates in mails are."""
    deadline_s: Annotated[float, Field(gt=0, le=300)] = 60
    settle_s: Annotated[float, Field(ge=0, le=600)] = 30

    @model_validator(mode="after")
    def _kept_private(self) -> Self:
        if self.security == "none" and not _is_loopback(self.host):
            raise ValueError("mails hold names and addresses: set security to starttls or tls")
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together: give both, or neither")
        if not rendering.has_language(self.fallback_language):
            raise ValueError(f"there are no templates in {self.fallback_language}; there are en and de")
        return self

    def shop(self, channel: str) -> ShopSettings:
        """Return what holds for orders of `channel`, with nothing left out but what is optional."""
        own = self.shops.get(channel, ShopSettings())
        return ShopSettings.model_construct(
            shop_name=own.shop_name or self.shop_name,
            shop_url=own.shop_url if own.shop_url is not None else self.shop_url,
            sender=own.sender or self.sender,
            reply_to=own.reply_to or self.reply_to,
            templates=own.templates or self.templates,
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
