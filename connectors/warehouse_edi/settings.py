"""What `hub.yaml` says about one warehouse. Its `mappings:` key chooses other mapping documents."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from canonical.base import Name
from core.trading.settings import TradingSettings
from core.zones import ZoneName


class WarehouseEdiSettings(TradingSettings):
    """One warehouse, or one account at a 3PL: one node."""

    node: Name
    """The node that this warehouse is, as `orderhub nodes list` shows it."""
    site: Annotated[str, Field(min_length=2, max_length=80)] | None = None
    """What the warehouse is called in its documents (N1 WH); the node's id if not said."""
    depositor: Annotated[str, Field(min_length=1, max_length=60)]
    """Whose goods they are: our name, as the warehouse knows it (N1 DE)."""
    zone: ZoneName = "UTC"
    """The zone of times, which X12 leaves open."""

    @model_validator(mode="after")
    def _is_x12(self) -> Self:
        if self.partner.standard != "x12":
            raise ValueError("partner.standard: this connector has mapping documents for x12 only")
        return self

    def told(self) -> dict[str, str]:
        """Return what mapping documents may ask for beside a document."""
        return {"node": self.node, "depositor": self.depositor, "zone": self.zone}
