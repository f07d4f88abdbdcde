"""What `hub.yaml` says about a trading partner, whatever is exchanged with it."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from core.exchange.profile import PartnerProfile
from core.transport.feed import FolderPath
from core.transport.mailbox_settings import MailboxSettings, OutboxFolders


class TradingFolders(OutboxFolders):
    """The partner's folders: interchanges go out, and come in."""

    inbox: FolderPath = "in"
    """Where the partner puts its own."""
    pattern: Annotated[str, Field(min_length=1, max_length=200)] = "*"
    """Which files of the inbox, as `*.edi`."""

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.is_ours(self.inbox):
            raise ValueError(f"{self.inbox} can't be both an outbox and the place where documents arrive")
        return self


class TradingSettings(MailboxSettings):
    """One trading partner. A connector's own settings are a subclass, with what its documents are about."""

    partner: PartnerProfile
    """Ids and qualifiers, version, delimiters, character set, overlays, acknowledgements, deadlines."""
    folders: TradingFolders = TradingFolders()
