"""What `Workshop.options` may say about a 3PL. All times are seconds of hub time."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from core.premises.trader import TraderOptions
from mappings.syntax.edi.counterpart_shapes import Terms
from mappings.syntax.edi.counterpart_terms import profile_of, terms_of


class Options(TraderOptions):
    """What `Workshop.options` may say."""

    node: str | None = None
    """The hub's id of this warehouse; its name in the workshop if not said."""
    site: str | None = None
    stock: dict[str, int] = {}
    basis: str = Field(default="ON_HAND", pattern="^(ON_HAND|AVAILABLE)$")
    version: str = Field(default="004010", pattern="^(00[45]010|D01B)$")
    """What it speaks: X12, or with D01B EDIFACT."""
    envelope: str = ""
    """What its interchanges are written in: `UNOW:4` is EDIFACT in UTF-8."""
    own_id: str = "THIRDPARTY"
    depositors_id: str = "ORDERHUB"
    acknowledges: Literal["997", "999", "none"] = "997"
    """In EDIFACT: by CONTRL, unless it says none."""
    marks_parcels: bool = True
    """Whether its shipping advices name parcels (MAN, PCI); else all of one is a parcel."""
    answer_s: float = 2
    pick_s: float = 30
    gap_s: float = 30
    handover_s: float = 5
    receive_s: float = 60
    """From the word that goods are on their way to the receipt of them."""

    @property
    def standard(self) -> Literal["x12", "edifact"]:
        """The language of its version."""
        return "edifact" if self.version.startswith("D") else "x12"

    def terms(self) -> Terms:
        """Return what it keeps to in interchanges."""
        return terms_of(self.version, self.own_id, self.depositors_id, self.acknowledges, self.envelope)

    def partner(self) -> dict[str, Any]:
        """Return the profile by which the connector knows it."""
        return profile_of(self.version, self.depositors_id, self.own_id, self.acknowledges, self.envelope)

    @model_validator(mode="after")
    def _can_be_said(self) -> Self:
        if self.standard == "edifact" and self.basis != "ON_HAND":
            raise ValueError(
                f"basis {self.basis}: EDIFACT has no code for it, only for what lies there (ON_HAND)"
            )
        return self
