"""Opens the part of a connector that is the same for every trading partner."""

from collections.abc import Mapping
from dataclasses import dataclass

from canonical.commands import Command
from core.connector import OpenConnector, Reader, Resources
from core.errors import HubError
from core.exchange.profile import MEDIA_TYPES
from core.trading.port import Instruct, TradingPort
from core.trading.settings import TradingSettings
from core.transport.feed import UNREADABLE, Source, read_unreadable
from core.transport.mailbox import Mailbox
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
    folders = settings.folders
    mailbox = Mailbox(settings, folders, resources.clock, transport)
    port = TradingPort(
        partner, resources.mappings, mailbox.outbox, trade.instruct, trade.commands,
        deadline_s=mailbox.deadline_s, settle_s=settings.settle_s,
    )  # fmt: skip
    source = Source(INTERCHANGE, folders.inbox, folders.pattern, MEDIA_TYPES[settings.partner.standard])

    async def test() -> str:
        return await mailbox.look((folders.inbox,))

    return OpenConnector(
        name=name,
        effects=(port,),
        feeds=(mailbox.feed(source),),
        readers={**trade.readers, UNREADABLE: read_unreadable},
        takers={INTERCHANGE: partner.take},
        test=test,
        close=mailbox.close,
    )
