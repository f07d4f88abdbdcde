"""What `hub.yaml` says about a trading partner, whatever is exchanged with it."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from core.exchange.profile import PartnerProfile
from core.exchange.xml_profile import CxmlProfile, UblProfile
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


class TravelSettings(ArrivingSettings):
    """How what is exchanged with a trading partner travels, whoever it is."""

    model_config = ConfigDict(hide_input_in_errors=True)  # there may be a secret among what is wrong

    transport: TradingTransport
    """How interchanges travel: as files, or as requests. Changing it changes nothing else."""
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


class TradingSettings(TravelSettings):
    """One trading partner that speaks EDI. A connector's own settings are a subclass, with what it is about."""

    partner: PartnerProfile
    """Ids and qualifiers, version, delimiters, character set, overlays, acknowledgements, deadlines."""


AnyPartner = Annotated[PartnerProfile | UblProfile | CxmlProfile, Field(discriminator="standard")]
"""A trading partner that speaks EDI, or sends plain XML documents."""
