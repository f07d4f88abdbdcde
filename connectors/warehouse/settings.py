"""What `hub.yaml` says about one warehouse. Which mapping reads or writes what is chosen by its `mappings:` key."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from canonical.base import Name
from canonical.stock import StockBasis
from core.transport.feed import FolderPath
from core.transport.mailbox_settings import MailboxSettings, OutboxFolders
from core.zones import ZoneName


class FeedSettings(BaseModel):
    """Where one kind of document arrives."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: FolderPath
    pattern: Annotated[str, Field(min_length=1, max_length=200)] = "*"
    """Which files of the folder, as `dispatch-*.xml`: several kinds may share a folder."""
    media_type: str = "application/xml"


class Folders(OutboxFolders):
    """The partner's folders: releases and cancellations go out, each kind of document comes in by itself."""

    answer: FeedSettings = FeedSettings(folder="in/answer")
    dispatch: FeedSettings = FeedSettings(folder="in/dispatch")
    returned: Annotated[FeedSettings, Field(alias="return")] = FeedSettings(folder="in/return")
    stock: FeedSettings = FeedSettings(folder="in/stock", media_type="text/csv")

    def feeds(self) -> dict[str, FeedSettings]:
        """Return where each kind of document arrives."""
        return {
            "answer": self.answer, "dispatch": self.dispatch, "return": self.returned, "stock": self.stock,
        }  # fmt: skip

    @model_validator(mode="after")
    def _feeds_are_apart(self) -> Self:
        places = [(feed.folder, feed.pattern) for feed in self.feeds().values()]
        twice = next((place for place in places if places.count(place) > 1), None)
        if twice is not None:
            raise ValueError(
                f"two kinds of document arrive as {twice[0]}/{twice[1]}: give each its own pattern"
            )
        taken = next((folder for folder, _ in places if self.is_ours(folder)), None)
        if taken is not None:
            raise ValueError(f"{taken} can't be both an outbox and a place where documents arrive")
        return self


class WarehouseSettings(MailboxSettings):
    """One warehouse, or one account at a 3PL: one node."""

    node: Name
    """The node that this warehouse is, as `orderhub nodes list` shows it."""
    site: Name | None = None
    """What the warehouse calls it in its documents; the node's id if not said."""
    stock_basis: StockBasis = StockBasis.ON_HAND
    """What stock figures mean where a report does not say so."""
    zone: ZoneName = "UTC"
    """The zone of times without an offset."""
    context: dict[Name, Annotated[str, Field(max_length=500)]] = {}
    """What mapping documents of its own ask for besides, such as the GLNs of `sender` and `receiver`."""
    folders: Folders = Folders()

    def told(self) -> dict[str, str]:
        """Return what mapping documents may ask for beside a document."""
        known = {
            "node": self.node, "site": self.site or self.node, "basis": self.stock_basis.name, "zone": self.zone,
        }  # fmt: skip
        return {**self.context, **known}
