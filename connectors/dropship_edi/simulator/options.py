"""What `Workshop.options` may say about a supplier. All times are seconds of hub time."""

from typing import Literal

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
    version: str = Field(default="004010", pattern="^00[45]010$")
    own_id: str = "ACMESUPPLY"
    buyers_id: str = "ORDERHUB"
    acknowledges: Literal["997", "999", "none"] = "997"
    parcels_in_levels: bool = True
    """Whether its ship notices have a level for parcels; else all of an order is one."""
    by_hand: bool = False
    """It acknowledges, and does nothing else by itself."""
    answer_s: float = 2
    ship_s: float = 30
    charge_s: float = 40

    def terms(self) -> Terms:
        """Return what it keeps to in interchanges."""
        return Terms(
            Standard.X12,
            ("ZZ", self.own_id),
            ("ZZ", self.buyers_id),
            self.version,
            acknowledges=self.acknowledges,
        )
