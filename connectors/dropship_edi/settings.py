"""What `hub.yaml` says about one drop-ship supplier. Its `mappings:` key chooses other mapping documents."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from canonical.base import Name
from canonical.money import Currency
from core.exchange.xml_profile import CxmlProfile, UblProfile, XmlProfile
from core.trading.settings import AnyPartner, TravelSettings
from core.transport.https_settings import HttpsSettings
from core.zones import ZoneName


class DropshipSettings(TravelSettings):
    """One supplier: one node of `kind: supplier`."""

    partner: AnyPartner
    """What was agreed with it. `standard` says which language it speaks, and so what else there is to be said."""
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

    @model_validator(mode="after")
    def _can_travel(self) -> Self:
        """A cXML supplier says nothing in its responses but a status: all its documents come to our door."""
        if not isinstance(self.partner, CxmlProfile):
            return self
        secrets, transport = self.partner.their_secrets, self.transport
        if not isinstance(transport, HttpsSettings):
            if secrets:
                raise ValueError("partner.their_secrets: they are compared at our door, which only https has")
        elif not (secrets or transport.door):
            raise ValueError(
                "a cXML supplier POSTs its documents to our door: say what it shows there, in partner.their_secrets "
                "(its SharedSecret) or transport.door"
            )
        return self

    def told(self) -> dict[str, str]:
        """Return what mapping documents may ask for beside a document."""
        partner = self.partner
        more: dict[str, str] = {}
        if isinstance(partner, XmlProfile):
            more = {"buyer_scheme": partner.ours.scheme, "seller_scheme": partner.theirs.scheme}
        if isinstance(partner, UblProfile):
            more["version"] = partner.version
        if isinstance(partner, CxmlProfile):
            more["mode"] = partner.mode
        return {
            "supplier": self.node,
            "node": self.node,
            "buyer": self.buyer,
            "buyer_id": self.partner.ours.id,
            "seller_id": self.partner.theirs.id,
            "currency": self.currency,
            "zone": self.zone,
            **more,
        }
