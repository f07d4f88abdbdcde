"""What `hub.yaml` says about one drop-ship supplier. Its `mappings:` key chooses other mapping documents."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from canonical.base import Name
from canonical.money import Currency
from core.trading.settings import TradingSettings
from core.zones import ZoneName


class DropshipSettings(TradingSettings):
    """One supplier: one node of `kind: supplier`."""

    node: Name
    """The node that this supplier is, as `orderhub nodes list` shows it."""
    buyer: Annotated[str, Field(min_length=1, max_length=35)]
    """Who orders: our name, as the supplier knows it."""
    currency: Currency = "USD"
    """What amounts are in where a document names no currency."""
    zone: ZoneName = "UTC"
    """The zone of times, which documents leave open."""

    @model_validator(mode="after")
    def _has_documents(self) -> Self:
        version = self.partner.version
        if self.partner.standard == "edifact" and version not in {"D96A", "D01B"}:
            raise ValueError(
                f"partner.version: this connector has mapping documents for D96A and D01B, not {version}"
            )
        return self

    def told(self) -> dict[str, str]:
        """Return what mapping documents may ask for beside a document."""
        return {
            "supplier": self.node,
            "node": self.node,
            "buyer": self.buyer,
            "buyer_id": self.partner.ours.id,
            "seller_id": self.partner.theirs.id,
            "currency": self.currency,
            "zone": self.zone,
        }
