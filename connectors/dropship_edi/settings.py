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
    """The zone of times, which X12 leaves open."""

    @model_validator(mode="after")
    def _is_x12(self) -> Self:
        if self.partner.standard != "x12":
            raise ValueError("partner.standard: this connector has mapping documents for x12 only")
        return self

    def told(self) -> dict[str, str]:
        """Return what mapping documents may ask for beside a document."""
        return {
            "supplier": self.node,
            "node": self.node,
            "buyer": self.buyer,
            "currency": self.currency,
            "zone": self.zone,
        }
