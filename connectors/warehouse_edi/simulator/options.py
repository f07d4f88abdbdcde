"""What `Workshop.options` may say about a 3PL. All times are seconds of hub time."""

from typing import Literal

from pydantic import Field

from core.premises.trader import TraderOptions
from mappings.syntax.edi.counterpart_shapes import Terms
from mappings.syntax.edi.model import Standard


class Options(TraderOptions):
    """What `Workshop.options` may say."""

    node: str | None = None
    """The hub's id of this warehouse; its name in the workshop if not said."""
    site: str | None = None
    stock: dict[str, int] = {}
    basis: str = Field(default="ON_HAND", pattern="^(ON_HAND|AVAILABLE)$")
    version: str = Field(default="004010", pattern="^00[45]010$")
    own_id: str = "THIRDPARTY"
    depositors_id: str = "ORDERHUB"
    acknowledges: Literal["997", "999", "none"] = "997"
    marks_parcels: bool = True
    """Whether its 945s name parcels (MAN); else all of a 945 is one."""
    answer_s: float = 2
    pick_s: float = 30
    gap_s: float = 30
    handover_s: float = 5

    def terms(self) -> Terms:
        """Return what it keeps to in interchanges."""
        return Terms(
            Standard.X12,
            ("ZZ", self.own_id),
            ("ZZ", self.depositors_id),
            self.version,
            acknowledges=self.acknowledges,
        )
