"""The sections of `hub.yaml`, but for what each type of connector adds to its own."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    SecretStr,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from canonical.base import Name
from canonical.money import Currency
from canonical.policy import Policy
from canonical.purchases import Cost
from canonical.stock import NodeKind, SupplierItem, wrong_terms
from core.connector import Limits
from hub.desk.replay_policy import CANARY_WAIT_S, ReplayPolicy
from hub.subscribers.settings import SubscriberSettings

SQLITE = "sqlite:///"
STORE_VARIABLE, BUS_VARIABLE, KEY_VARIABLE = (
    "ORDERHUB_STORE_URL",
    "ORDERHUB_BUS_URL",
    "ORDERHUB_MASTER_KEY",
)
DATA_DIR = Path("orderhub-data")


class Section(BaseModel):
    """A part of `hub.yaml`: closed, so that a slip of the pen is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class _Addressed(Section):
    """A section that may be written as its URL alone."""

    @model_validator(mode="before")
    @classmethod
    def _url_alone(cls, given: Any) -> Any:
        return {"url": given} if isinstance(given, str) else given

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Let editors, and whoever asks what is a secret, know of the text alone: it may hold a password."""
        found = handler(core_schema)
        section = handler.resolve_ref_schema(found)
        whole = dict(section)
        alone = {"type": "string", "format": "password", "writeOnly": True}
        section.clear()
        section.update({"anyOf": [alone, whole]})
        return found


def _store_url(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    if text.startswith(SQLITE):
        if not text.removeprefix(SQLITE):
            raise ValueError(f"after {SQLITE} comes the name of a file, such as {SQLITE}orderhub.db")
        return url
    if not text.startswith(("postgresql://", "postgres://")) or not _split(text).hostname:
        raise ValueError(f"a store is {SQLITE}FILE or postgresql://user:password@host/database")
    return url


def _bus_url(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    if text == "embedded://" or (text.startswith(("amqp://", "amqps://")) and _split(text).hostname):
        return url
    raise ValueError("a bus is embedded:// or amqp://user:password@host:5672/")


def _split(url: str) -> SplitResult:
    """Split a URL; the library's own errors would show it, with its password."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("this is no URL: special characters of a password are written as %XX") from None
    return parts


def without_password(url: str) -> str:
    """Return a URL as people may see it."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    user = parts.netloc.rpartition("@")[0].partition(":")[0]
    return parts._replace(netloc=f"{user}@{parts.netloc.rpartition('@')[2]}", query="").geturl()


class StoreSection(_Addressed):
    """Where orders, messages and everything else are kept."""

    url: Annotated[SecretStr, AfterValidator(_store_url)] = SecretStr(f"{SQLITE}{DATA_DIR}/orderhub.db")
    """`sqlite:///FILE` (from the folder of this file), or `postgresql://user:password@host/database`."""

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file beside the hub."""
        return self.url.get_secret_value().startswith(SQLITE)


class BusSection(_Addressed):
    """What carries messages from commit to commit."""

    url: Annotated[SecretStr, AfterValidator(_bus_url)] = SecretStr("embedded://")
    """`embedded://` (inside the one process), or `amqp://user:password@host:5672/`."""
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]*$", max_length=100)] = ""
    """What the names of queues begin with, where several hubs share a broker."""

    @property
    def is_embedded(self) -> bool:
        """Whether it is inside the hub's process."""
        return self.url.get_secret_value().startswith("embedded:")


class ApiSection(Section):
    """The HTTP API, the console, and the doors of the connectors."""

    host: Name = "127.0.0.1"
    """The address to listen at; 0.0.0.0 in a container."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    public_url: Annotated[str | None, Field(pattern=r"^https?://[^/?#]+(/[^?#]*)?$")] = None
    """Where partners reach the doors, such as https://hub.example.com; webhooks are registered with it."""
    max_body_bytes: Annotated[int, Field(ge=1024, le=256 * 1024 * 1024)] = 16 * 1024 * 1024
    """A longer request is refused while it comes in. A connector's door may allow less."""
    time_limit_s: Annotated[float, Field(gt=0, le=600)] = 30
    """A request that takes longer is answered with 503."""


class RetentionSection(Section):
    """How long what is over is kept."""

    bodies_days: Annotated[int, Field(ge=1)] = 90
    """Raw bodies of messages, counted from when they came."""
    journal_days: Annotated[int | None, Field(ge=1)] = None
    """The single events of orders that have ended, counted from the last; the orders stay. Nothing said: for good."""
    effects_days: Annotated[int, Field(ge=7)] = 365
    """What partners were asked for orders that have ended; keys and outcomes stay, so that nothing is done twice."""
    exchange_days: Annotated[int, Field(ge=1)] = 730
    """Interchanges in the ledger with trading partners; at least as long as the longest `duplicates.window_days`."""


class ReplaySection(Section):
    """What is asked of a replay of many."""

    approval_above: Annotated[int | None, Field(ge=0)] = None
    """A plan of more items than this needs a second person to agree. Nothing said: none does."""
    approval_above_amount: dict[
        Annotated[str, Field(pattern=r"^[A-Z]{3}$")], Annotated[Decimal, Field(ge=0)]
    ] = {}
    """A plan with more money at stake than this needs a second person: `EUR: 10000`."""
    canary_wait_s: Annotated[int, Field(ge=1, le=7 * 86_400)] = CANARY_WAIT_S
    """How long a canary waits for what it sent to come to its end, before it stops."""

    def policy(self) -> ReplayPolicy:
        """Return it as the desk uses it."""
        return ReplayPolicy(self.approval_above, self.approval_above_amount, self.canary_wait_s)


class LogSection(Section):
    """What the hub says while it runs."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "text", "json"] = "auto"
    """`auto`: text on a terminal, JSON lines elsewhere."""


class SupplierItemSection(Section):
    """What is agreed with a supplier about an item."""

    cost: Cost | None = None
    """What one costs, in the supplier's currency."""
    reference: Name | None = None
    """What the supplier calls it; nothing said: our SKU."""
    direct: bool = False
    """It always comes from the supplier, also where warehouses have it."""

    def agreed(self) -> SupplierItem:
        """Return it as the rules know it."""
        return SupplierItem.model_validate(self.model_dump())


class NodeSection(Section):
    """A place that sends goods."""

    name: str = ""
    kind: NodeKind = NodeKind.WAREHOUSE
    """`supplier`: the goods are a supplier's, who is asked by purchase orders for what no warehouse has."""
    connector: Name
    """The connector that takes its releases, or its purchase orders."""
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    """ISO 3166-1 alpha-2, such as DE."""
    enabled: bool = True
    priority: int = 100
    """Lower goes first."""
    methods: tuple[Name, ...] = ()
    """Delivery methods that it offers; none named means all."""
    currency: Currency | None = None
    """In which a supplier is paid."""
    items: dict[Name, SupplierItemSection] = {}
    """What is agreed with a supplier, by SKU."""

    @model_validator(mode="after")
    def _terms(self) -> Self:
        wrong = wrong_terms(
            self.kind, self.currency, {sku: item.agreed() for sku, item in self.items.items()}
        )
        if wrong is not None:
            raise ValueError(wrong)
        return self


Rungs = Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(max_length=20)]


class LimitsSection(Section):
    """How hard a connector may be driven; what is left out is as the connector declares it."""

    concurrency: Annotated[int | None, Field(ge=1, le=1000)] = None
    """Calls under way at once, in each worker."""
    rate_per_s: Annotated[float | None, Field(gt=0)] = None
    """Calls a second, in each worker."""
    burst: Annotated[int | None, Field(ge=1)] = None
    ladder_s: Rungs | None = None
    """How long to wait before each further attempt; after the last, a failure record."""
    breaker_failures: Annotated[int | None, Field(ge=1)] = None
    """After so many failures in a row it is left alone for a while."""
    breaker_pause_s: Annotated[float | None, Field(gt=0)] = None

    def over(self, declared: Limits) -> Limits:
        """Return the declared limits with what is said here."""
        return replace(declared, **self.model_dump(exclude_none=True))


class _Subscriber(Section):
    types: Annotated[tuple[Name, ...], Field(min_length=1)]
    """The types of event that it is told of, such as `OrderPlaced`."""


class QueueSubscriber(_Subscriber):
    """An outside system that binds a queue of its own to the exchange `events` of RabbitMQ."""

    by: Literal["queue"]


class WebhookSubscriber(_Subscriber, SubscriberSettings):
    """An outside system that is sent signed webhooks, in the manner of Standard Webhooks."""

    by: Literal["webhook"]
    limits: LimitsSection = LimitsSection()


Subscriber = Annotated[QueueSubscriber | WebhookSubscriber, Field(discriminator="by")]


class ConnectorSection(Section):
    """What every connector has beside its own settings."""

    type: Name
    """The type of connector; `orderhub connectors list --types` shows which there are."""
    limits: LimitsSection = LimitsSection()
    mappings: dict[Name, Name] = {}
    """Mapping documents to use in the place of others: `webstore/order: shop/order`."""


class HubSection(Section):
    """The whole of `hub.yaml`, but for `connectors`."""

    store: StoreSection = StoreSection()
    bus: BusSection = BusSection()
    master_key: SecretStr | None = None
    """What seals personal data: 32 bytes in base64 from `orderhub keys new`. Never kept in the store."""
    data_dir: Path = DATA_DIR
    """Where the hub keeps files of its own."""
    api: ApiSection = ApiSection()
    nodes: dict[Name, NodeSection] = {}
    """Places that send goods, by their ids; those of the store (`orderhub nodes import`) come on top."""
    workflow: Path | None = None
    """Which rules answer to which event; nothing said: the workflow that the hub comes with."""
    policies: Policy = Policy()
    """What the business has decided."""
    mappings: tuple[Path, ...] = ()
    """Folders with further mapping documents, overlays and code tables."""
    events: dict[Name, Subscriber] = {}
    """Outside systems that are told of events, each by a name of its own."""
    retention: RetentionSection = RetentionSection()
    replay: ReplaySection = ReplaySection()
    log: LogSection = LogSection()
