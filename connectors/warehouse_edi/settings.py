"""What `hub.yaml` says about one warehouse. Its `mappings:` key chooses other mapping documents."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from canonical.base import Name
from core.trading.settings import TradingSettings
from core.zones import ZoneName

_ROOM_IN_NAD = 35


class WarehouseEdiSettings(TradingSettings):
    """One warehouse, or one account at a 3PL: one node."""

    node: Name
    """The node that this warehouse is, as `orderhub nodes list` shows it."""
    site: Annotated[str, Field(min_length=2, max_length=80)] | None = None
    """What the warehouse is called in its documents (N1 WH, NAD WH); the node's id if not said."""
    depositor: Annotated[str, Field(min_length=1, max_length=60)]
    """Whose goods they are: our name, as the warehouse knows it (N1 DE, NAD OB)."""
    zone: ZoneName = "UTC"
    """The zone of times, which documents leave open."""

    @model_validator(mode="after")
    def _has_documents(self) -> Self:
        if self.partner.standard == "edifact" and self.partner.version != "D01B":
            raise ValueError(
                "partner.version: releases go out as INSDES, which the hub has a grammar of in D01B only, not in "
                f"{self.partner.version}: agree with the warehouse on D01B"
            )
        return self

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        for name, said in (("site", self.site or self.node), ("depositor", self.depositor)):
            if self.partner.standard == "edifact" and len(said) > _ROOM_IN_NAD:
                raise ValueError(
                    f"{name}: {said!r} has {len(said)} characters, and NAD has room for {_ROOM_IN_NAD}"
                )
        return self

    def told(self) -> dict[str, str]:
        """Return what mapping documents may ask for beside a document."""
        return {
            "node": self.node,
            "depositor": self.depositor,
            "depositor_id": self.partner.ours.id,
            "zone": self.zone,
        }
