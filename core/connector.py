"""How a connector declares itself, and what it gives the hub when it is opened with its settings."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel

from canonical.documents import Document
from core.clock import Clock
from core.exchange.profile import PartnerProfile
from core.exchange.shapes import Draft, Received
from core.exchange.words import CxmlWords, HttpWords
from core.exchange.xml_profile import XmlProfile
from core.ports import Door, EffectPort, Feed, RawDocument, StockSink
from core.simulator import Simulator, Workshop


class Reader(Protocol):
    """Reads one kind of wire document. Pure."""

    def __call__(self, raw: RawDocument) -> tuple[Document, ...]:
        """Return every canonical document in `raw`; raise `DocumentError` with every problem and its position."""
        ...


class Taker(Protocol):
    """Reads one kind of file into interchanges. Pure."""

    def __call__(self, raw: RawDocument) -> tuple[Received, ...]:
        """Return every interchange of the file; raise `DocumentError` for what is none, or is of no known partner."""
        ...


class Writer(Protocol):
    """Writes one kind of wire document from plain values. Pure."""

    def __call__(self, values: Any) -> bytes:
        """Return the wire document."""
        ...


class Mappings(Protocol):
    """The compiled mapping documents, always the current ones: a hot reload shows at the next call."""

    def read(self, mapping: str, raw: bytes, context: Mapping[str, str]) -> tuple[Document, ...]:
        """Translate a wire document; raise `DocumentError`."""
        ...

    def write(self, mapping: str, values: Any, context: Mapping[str, str] | None = None) -> bytes:
        """Translate the reverse way; `context` is what the mapping asks for besides. Raise `DocumentError`."""
        ...

    def tree(self, mapping: str, values: Any, context: Mapping[str, str] | None = None) -> Any:
        """Return what `write` would write before it is text: objects, lists and scalars. Raise `DocumentError`."""
        ...


class EdiPartner(Protocol):
    """What a connector needs of EDI with one partner."""

    def take(self, raw: RawDocument) -> tuple[Received, ...]:
        """Fill `Taker`: for `OpenConnector.takers`."""
        ...

    def draft_of(self, kind: str, tree: Any, reference: str | None) -> Draft:
        """Return an interchange of one document, given as the tree that a mapping makes (`Mappings.tree`).

        It is for `Outgoing.draft`: what was drafted raises no error when it is written with its numbers.
        Delimiters, character set, version and envelope are the profile's. Raise `DocumentError` for what can't be
        written so, and for what the partner's own grammar finds wrong, with segment and element.
        """
        ...


class XmlPartner(Protocol):
    """What a connector needs to exchange plain XML documents with one partner, each by itself."""

    def take(self, raw: RawDocument) -> tuple[Received, ...]:
        """Fill `Taker`: one document, known again by its own id."""
        ...

    def draft_of(self, kind: str, body: bytes, reference: str | None) -> Draft:
        """Return a document that a mapping wrote, sent as it is; raise `DocumentError` where it lacks something."""
        ...

    def as_sent(self, body: bytes) -> bytes:
        """Return stored bytes with what is added only while they are sent: secrets."""
        ...

    def as_stored(self, raw: bytes) -> bytes:
        """Return what came without the secrets in it."""
        ...

    def words(self) -> HttpWords:
        """Return how its standard uses HTTP."""
        ...

    def cxml_words(self) -> CxmlWords | None:
        """Return cXML's own words for a door; None for a partner that speaks another standard."""
        ...


class Edi(Protocol):
    """EDI and XML documents, as the hub speaks them."""

    def partner(self, profile: PartnerProfile) -> EdiPartner:
        """Return a partner by its profile."""
        ...

    def xml_partner(self, profile: XmlProfile) -> XmlPartner:
        """Return a partner without interchanges by its profile."""
        ...


@dataclass(frozen=True, slots=True)
class Resources:
    """What reaches outside, handed in when a connector is opened."""

    clock: Clock
    mappings: Mappings
    cursors: "Cursors"
    edi: Edi | None = None
    """None where a connector is opened without a hub around it."""


class Cursors(Protocol):
    """Small durable values of a connector: cursors, tokens, control numbers. Stored, never kept in memory only."""

    async def get(self, name: str) -> str | None:
        """Return the value of that name."""
        ...

    async def put(self, name: str, value: str) -> None:
        """Keep a value durably."""
        ...


async def _nothing() -> None:
    return None


async def _reachable() -> str:
    return "nothing to reach"


@dataclass(frozen=True, slots=True)
class OpenConnector:
    """A connector with its settings: its ports, filled. `name` is its own in `hub.yaml`, not its type's."""

    name: str
    effects: tuple[EffectPort, ...] = ()
    stock: StockSink | None = None
    feeds: tuple[Feed, ...] = ()
    doors: tuple[Door, ...] = ()
    readers: Mapping[str, Reader] = field(default_factory=dict[str, Reader])
    """By `RawDocument.kind`."""
    takers: Mapping[str, Taker] = field(default_factory=dict[str, Taker])
    """Who reads files into interchanges, by `RawDocument.kind`; their sets are read by `readers`, by their type."""
    test: Callable[[], Awaitable[str]] = _reachable
    """Tries credentials and reachability; returns a sentence, or raises a `PartnerError`."""
    close: Callable[[], Awaitable[None]] = _nothing
    register: Callable[[str], Awaitable[str]] | None = None
    """Has the partner send its webhooks to the doors under this base URL; says, in a sentence, what is to be kept.

    Repeating it changes nothing. None: the partner is told at its own desk.
    """


@dataclass(frozen=True, slots=True)
class Limits:
    """How hard a connector may be driven. A setting of the connector overrides its declaration."""

    concurrency: int = 8
    rate_per_s: float | None = None
    burst: int = 1
    ladder_s: tuple[float, ...] = (1, 10, 60, 600, 3600)
    breaker_failures: int = 5
    breaker_pause_s: float = 30


def _ready(_settings: Any) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Connector:
    """A connector type: declared once, in its folder's `__init__`, and listed in `hub.catalogue`."""

    name: str
    summary: str
    settings: type[BaseModel]
    open: Callable[[str, Any, Resources], OpenConnector]
    """Called with the connector's name in `hub.yaml`, its validated settings, and what reaches outside."""
    simulator: Callable[[Workshop], Simulator]
    mappings: tuple[Path, ...] = ()
    """Folders of mapping documents that it brings."""
    ports: tuple[str, ...] = ()
    """The names of the ports that it fills, for documentation and for the contract suites."""
    limits: Limits = Limits()
    pays_back_cancellations: bool = False
    """A channel that pays its buyers back by itself when it is told of a cancellation: the hub must not, too."""
    unready: Callable[[Any], Mapping[str, str]] = _ready
    """What does not work yet with valid settings, by their field: `orderhub check` warns of it, and the hub starts."""
    python_transforms: Mapping[str, Callable[..., Any]] = field(default_factory=dict[str, Callable[..., Any]])
