"""Opens the part of a connector that is the same for every trading partner."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from canonical.commands import Command
from core.clock import Clock
from core.connector import Edi, Mappings, OpenConnector, Reader, Resources, Taker
from core.errors import HubError
from core.exchange.profile import MEDIA_TYPES, PartnerProfile
from core.exchange.shapes import Draft
from core.exchange.words import CxmlWords, HttpWords, InterchangeWords
from core.exchange.xml_profile import XmlProfile
from core.ports import Door, EffectPort, Feed
from core.trading.cleaning import CleanFeed
from core.trading.door import CxmlDoor, InterchangeDoor
from core.trading.port import Drafting, Instruct, Instruction, TradingPort
from core.trading.settings import TravelSettings
from core.transport.feed import UNREADABLE, Source, read_unreadable
from core.transport.https import PostingPort
from core.transport.https_settings import HttpsSettings
from core.transport.interchanges import InterchangePort
from core.transport.mailbox import Mailbox
from core.transport.mailbox_settings import MailboxSettings
from core.transport.port import Transport

INTERCHANGE = "interchange"
"""The `RawDocument.kind` of a partner's file, which the taker cuts into sets or documents."""


class NoEdiError(HubError):
    """A connector was opened without a hub around it that speaks EDI."""


@dataclass(frozen=True, slots=True)
class Trade:
    """What a connector says of its trade with a partner."""

    partner: PartnerProfile | XmlProfile
    """With whom."""
    commands: frozenset[type[Command]]
    """What it takes of the hub's commands."""
    instruct: Instruct
    """How each is written."""
    readers: Mapping[str, Reader]
    """Who reads each type of set that the partner sends: `855`, `ORDRSP`. Acknowledgements need none."""


def open_trade(
    name: str,
    settings: TravelSettings,
    resources: Resources,
    trade: Trade,
    transport: Transport | None = None,
) -> OpenConnector:
    """Return the connector: its effect port, its feed, the partner's taker, the readers of its sets."""
    if resources.edi is None:
        raise NoEdiError(f"{name} exchanges interchanges, and nothing here writes them: open it in a hub")
    side = _side(trade.partner, resources.edi, resources.mappings)
    way = _way(settings, trade, side, resources.clock, transport)
    port = TradingPort(side.drafting, way.port, trade.instruct, trade.commands, side.as_sent)
    return OpenConnector(
        name=name,
        effects=(port,),
        feeds=tuple(CleanFeed(feed, side.as_stored) for feed in way.feeds),
        doors=way.doors,
        readers={**trade.readers, UNREADABLE: read_unreadable},
        takers={INTERCHANGE: side.take},
        test=way.test,
        close=way.close,
    )


def _as_it_is(body: bytes) -> bytes:
    return body


@dataclass(frozen=True, slots=True)
class _Side:
    """Who reads the partner's files, and who writes ours."""

    take: Taker
    drafting: Drafting
    as_sent: Callable[[bytes], bytes] = _as_it_is
    as_stored: Callable[[bytes], bytes] = _as_it_is
    words: HttpWords = field(default_factory=InterchangeWords)
    cxml: CxmlWords | None = None


def _side(profile: PartnerProfile | XmlProfile, edi: Edi, mappings: Mappings) -> _Side:
    if isinstance(profile, XmlProfile):
        plain = edi.xml_partner(profile)

        def written(wanted: Instruction) -> Draft:
            body = mappings.write(wanted.mapping, wanted.values, wanted.context)
            return plain.draft_of(wanted.kind, body, wanted.reference)

        return _Side(
            plain.take, written, plain.as_sent, plain.as_stored, plain.words(), plain.cxml_words()
        )  # fmt: skip
    partner = edi.partner(profile)

    def enveloped(wanted: Instruction) -> Draft:
        tree = mappings.tree(wanted.mapping, wanted.values, wanted.context)
        return partner.draft_of(wanted.kind, tree, wanted.reference)

    return _Side(partner.take, enveloped)


@dataclass(frozen=True, slots=True)
class _Way:
    """How interchanges travel, both ways."""

    port: EffectPort
    test: Callable[[], Awaitable[str]]
    close: Callable[[], Awaitable[None]]
    feeds: tuple[Feed, ...] = ()
    doors: tuple[Door, ...] = ()


def _way(
    settings: TravelSettings, trade: Trade, side: _Side, clock: Clock, transport: Transport | None
) -> _Way:
    if isinstance(settings.transport, HttpsSettings):
        return _by_requests(settings, settings.transport, trade, side, clock)
    return _by_files(
        settings, settings.mailbox(settings.transport), MEDIA_TYPES[trade.partner.standard], clock, transport
    )


def _by_requests(
    settings: TravelSettings, transport: HttpsSettings, trade: Trade, side: _Side, clock: Clock
) -> _Way:
    media_type = MEDIA_TYPES[trade.partner.standard]
    port = PostingPort(transport, clock, INTERCHANGE, media_type, side.words, settle_s=settings.settle_s)
    if side.cxml is not None:
        doors = CxmlDoor(transport, INTERCHANGE, media_type, side.cxml, tuple(trade.readers), clock).doors()
    else:
        doors = InterchangeDoor(transport, INTERCHANGE, media_type, side.words).doors()
    return _Way(port, port.test, port.close, doors=doors)


def _by_files(
    settings: TravelSettings,
    files: MailboxSettings,
    media_type: str,
    clock: Clock,
    transport: Transport | None,
) -> _Way:
    folders = settings.folders
    mailbox = Mailbox(files, folders, clock, transport)
    port = InterchangePort(mailbox.outbox, mailbox.deadline_s, settings.settle_s)
    source = Source(INTERCHANGE, folders.inbox, folders.pattern, media_type)

    async def test() -> str:
        return await mailbox.look((folders.inbox,))

    return _Way(port, test, mailbox.close, feeds=(mailbox.feed(source),))
