"""Opens the part of a connector that is the same for every trading partner."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from canonical.commands import Command
from core.clock import Clock
from core.connector import OpenConnector, Reader, Resources
from core.errors import HubError
from core.exchange.profile import MEDIA_TYPES
from core.ports import Door, EffectPort, Feed
from core.trading.door import InterchangeDoor
from core.trading.port import Instruct, TradingPort
from core.trading.settings import TradingSettings
from core.transport.feed import UNREADABLE, Source, read_unreadable
from core.transport.https import PostingPort
from core.transport.https_settings import HttpsSettings
from core.transport.interchanges import InterchangePort
from core.transport.mailbox import Mailbox
from core.transport.mailbox_settings import MailboxSettings
from core.transport.port import Transport

INTERCHANGE = "interchange"
"""The `RawDocument.kind` of a partner's file, which the taker cuts into sets."""


class NoEdiError(HubError):
    """A connector was opened without a hub around it that speaks EDI."""


@dataclass(frozen=True, slots=True)
class Trade:
    """What a connector says of its trade with a partner."""

    commands: frozenset[type[Command]]
    """What it takes of the hub's commands."""
    instruct: Instruct
    """How each is written."""
    readers: Mapping[str, Reader]
    """Who reads each type of set that the partner sends: `855`, `ORDRSP`. Acknowledgements need none."""


def open_trade(
    name: str,
    settings: TradingSettings,
    resources: Resources,
    trade: Trade,
    transport: Transport | None = None,
) -> OpenConnector:
    """Return the connector: its effect port, its feed, the partner's taker, the readers of its sets."""
    if resources.edi is None:
        raise NoEdiError(f"{name} exchanges interchanges, and nothing here writes them: open it in a hub")
    partner = resources.edi.partner(settings.partner)
    way = _way(settings, resources.clock, transport)
    port = TradingPort(partner, resources.mappings, way.port, trade.instruct, trade.commands)
    return OpenConnector(
        name=name,
        effects=(port,),
        feeds=way.feeds,
        doors=way.doors,
        readers={**trade.readers, UNREADABLE: read_unreadable},
        takers={INTERCHANGE: partner.take},
        test=way.test,
        close=way.close,
    )


@dataclass(frozen=True, slots=True)
class _Way:
    """How interchanges travel, both ways."""

    port: EffectPort
    test: Callable[[], Awaitable[str]]
    close: Callable[[], Awaitable[None]]
    feeds: tuple[Feed, ...] = ()
    doors: tuple[Door, ...] = ()


def _way(settings: TradingSettings, clock: Clock, transport: Transport | None) -> _Way:
    if isinstance(settings.transport, HttpsSettings):
        return _by_requests(settings, settings.transport, clock)
    return _by_files(settings, settings.mailbox(settings.transport), clock, transport)


def _by_requests(settings: TradingSettings, transport: HttpsSettings, clock: Clock) -> _Way:
    media_type = MEDIA_TYPES[settings.partner.standard]
    port = PostingPort(transport, clock, INTERCHANGE, media_type, settle_s=settings.settle_s)
    doors = InterchangeDoor(transport, INTERCHANGE, media_type).doors()
    return _Way(port, port.test, port.close, doors=doors)


def _by_files(
    settings: TradingSettings, files: MailboxSettings, clock: Clock, transport: Transport | None
) -> _Way:
    folders = settings.folders
    mailbox = Mailbox(files, folders, clock, transport)
    port = InterchangePort(mailbox.outbox, mailbox.deadline_s, settings.settle_s)
    source = Source(INTERCHANGE, folders.inbox, folders.pattern, MEDIA_TYPES[settings.partner.standard])

    async def test() -> str:
        return await mailbox.look((folders.inbox,))

    return _Way(port, test, mailbox.close, feeds=(mailbox.feed(source),))
