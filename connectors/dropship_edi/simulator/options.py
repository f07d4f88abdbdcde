"""What `Workshop.options` may say about a supplier. All times are seconds of hub time."""

from typing import Any, Literal

from pydantic import Field

from core.premises.trader import TraderOptions
from mappings.syntax.edi.counterpart_shapes import Terms
from mappings.syntax.edi.model import Standard


class Options(TraderOptions):
    """What `Workshop.options` may say."""

    node: str | None = None
    """The hub's id of this supplier; its name in the workshop if not said."""
    stock: dict[str, int] = {}
    """Units by SKU."""
    numbers: dict[str, str] = {}
    """What it calls an item, by SKU: where nothing is said, as the buyer does."""
    costs: dict[str, str] = {}
    """What it charges for one, by SKU, where that isn't what was ordered at."""
    currency: str = "USD"
    version: str = Field(default="004010", pattern="^(00[45]010|D96A|D01B)$")
    """What it speaks: X12, or with D96A and D01B EDIFACT."""
    own_id: str = "ACMESUPPLY"
    buyers_id: str = "ORDERHUB"
    acknowledges: Literal["997", "999", "none"] = "997"
    """In EDIFACT: by CONTRL, unless it says none."""
    parcels_in_levels: bool = True
    """Whether its ship notices have a level for parcels; else all of an order is one."""
    by_hand: bool = False
    """It acknowledges, and does nothing else by itself."""
    answer_s: float = 2
    ship_s: float = 30
    charge_s: float = 40

    @property
    def is_edifact(self) -> bool:
        """Whether it speaks EDIFACT."""
        return self.version.startswith("D")

    def terms(self) -> Terms:
        """Return what it keeps to in interchanges."""
        ours, theirs = ("ZZ", self.own_id), ("ZZ", self.buyers_id)
        if not self.is_edifact:
            return Terms(Standard.X12, ours, theirs, self.version, acknowledges=self.acknowledges)
        version = f"D:{self.version[1:]}:UN"
        answers: Literal["contrl", "none"] = "none" if self.acknowledges == "none" else "contrl"
        return Terms(Standard.EDIFACT, ours, theirs, version, acknowledges=answers)

    def partner(self) -> dict[str, Any]:
        """Return the profile by which the connector knows it."""
        ours = "contrl" if self.is_edifact else "999" if self.acknowledges == "999" else "997"
        return {
            "standard": "edifact" if self.is_edifact else "x12",
            "version": self.version,
            "ours": {"qualifier": "ZZ", "id": self.buyers_id},
            "theirs": {"qualifier": "ZZ", "id": self.own_id},
            "acknowledge": ours,
            "expect_acknowledgement": self.acknowledges != "none",
        }
