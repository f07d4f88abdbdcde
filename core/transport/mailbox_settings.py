"""What the settings of every connector say whose partner exchanges files."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from core.transport.feed import ArrivalSettings, FolderPath
from core.transport.settings import TransportSettings


class OutboxFolders(BaseModel):
    """The partner's folders, below the transport's root. Where documents arrive is a subclass's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outbox: FolderPath = "out"
    """Where the hub puts what it sends."""
    processed: tuple[FolderPath, ...] = ("out/processed",)
    """Where the partner keeps what it has read; the hub looks there before it repeats anything."""

    def is_ours(self, folder: str) -> bool:
        """Say whether a folder holds what the hub sends: nothing may arrive there."""
        return folder in {self.outbox, *self.processed}


class ArrivingSettings(BaseModel):
    """When files are taken, and when a repetition is safe, by whatever transport they come."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    arrival: ArrivalSettings = ArrivalSettings()
    poll_interval_s: Annotated[float, Field(gt=0, le=86_400)] = 30
    settle_s: Annotated[float, Field(ge=0, le=3600)] = 60
    """How long after a lost connection the server may still carry out a renaming that it was asked for."""


class MailboxSettings(ArrivingSettings):
    """How files are exchanged. A connector's own settings are a subclass, with its folders."""

    transport: TransportSettings
    """How files travel. Changing it changes nothing else."""
