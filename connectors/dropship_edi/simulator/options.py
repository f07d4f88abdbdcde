"""What `Workshop.options` may say about a supplier. All times are seconds of hub time."""

from typing import Any, Literal

from pydantic import Field

from core.premises.trader import TraderOptions
from mappings.syntax.edi.counterpart_shapes import Terms
from mappings.syntax.edi.counterpart_terms import profile_of, terms_of


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
    version: str = Field(default="004010", pattern="^(00[45]010|D96A|D01B|ubl-2[.]1|cxml-1[.]2)$")
    """What it speaks: X12, with D96A and D01B EDIFACT, UBL or cXML."""
    own_id: str = "ACMESUPPLY"
    buyers_id: str = "ORDERHUB"
    own_secret: str = "a-supplier's-secret"  # noqa: S105 - the simulator's own
    """What it shows as SharedSecret in cXML."""
    buyers_secret: str = "a-buyer's-secret"  # noqa: S105 - the simulator's own
    """What its buyer has to show there."""
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
    def standard(self) -> Literal["x12", "edifact", "ubl", "cxml"]:
        """The language of its version."""
        if self.version.startswith("ubl"):
            return "ubl"
        if self.version.startswith("cxml"):
            return "cxml"
        return "edifact" if self.version.startswith("D") else "x12"

    def terms(self) -> Terms:
        """Return what it keeps to in interchanges of X12 or EDIFACT."""
        return terms_of(self.version, self.own_id, self.buyers_id, self.acknowledges)

    def partner(self) -> dict[str, Any]:
        """Return the profile by which the connector knows it."""
        if self.standard == "ubl":
            return {
                "standard": "ubl",
                "version": self.version.removeprefix("ubl-"),
                "ours": {"scheme": "ZZ", "id": self.buyers_id},
                "theirs": {"scheme": "ZZ", "id": self.own_id},
            }
        if self.standard == "cxml":
            return {
                "standard": "cxml",
                "ours": {"scheme": "NetworkID", "id": self.buyers_id},
                "theirs": {"scheme": "NetworkID", "id": self.own_id},
                "shared_secret": self.buyers_secret,
            }
        return profile_of(self.version, self.buyers_id, self.own_id, self.acknowledges)
