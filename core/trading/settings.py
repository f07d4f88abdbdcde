"""What `hub.yaml` says about a trading partner, whatever is exchanged with it."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from core.exchange.profile import PartnerProfile
from core.transport.feed import FolderPath
from core.transport.https_settings import HttpsSettings
from core.transport.mailbox_settings import ArrivingSettings, MailboxSettings, OutboxFolders
from core.transport.settings import FolderSettings, SftpSettings


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


TradingTransport = Annotated[FolderSettings | SftpSettings | HttpsSettings, Field(discriminator="type")]
_OF_FILES = ("folders", "arrival", "poll_interval_s")


class TradingSettings(ArrivingSettings):
    """One trading partner. A connector's own settings are a subclass, with what its documents are about."""

    transport: TradingTransport
    """How interchanges travel: as files, or as requests. Changing it changes nothing else."""
    partner: PartnerProfile
    """Ids and qualifiers, version, delimiters, character set, overlays, acknowledgements, deadlines."""
    folders: TradingFolders = TradingFolders()

    @model_validator(mode="after")
    def _has_files(self) -> Self:
        said = [name for name in _OF_FILES if name in self.model_fields_set]
        if isinstance(self.transport, HttpsSettings) and said:
            raise ValueError(
                f"{', '.join(said)}: https has no folders, and nothing is polled; leave that out"
            )
        return self

    def mailbox(self, transport: FolderSettings | SftpSettings) -> MailboxSettings:
        """Return how files are exchanged by a transport that has folders."""
        return MailboxSettings(
            transport=transport, arrival=self.arrival, poll_interval_s=self.poll_interval_s,
            settle_s=self.settle_s,
        )  # fmt: skip
