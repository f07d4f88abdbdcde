"""People and places. These are personal data: they live in party records, never in an order's journal."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from canonical.base import Name, Value

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""An ISO 3166-1 alpha-2 code."""

Language = Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
"""An IETF language tag of language, or language and region."""

Text = Annotated[str, Field(max_length=500)]


class PartyRole(StrEnum):
    """What somebody is to an order."""

    BUYER = "buyer"
    SHIP_TO = "ship_to"
    BILL_TO = "bill_to"


class Party(Value):
    """A person or firm with an address, as an order names them."""

    name: Name
    company: Text | None = None
    address_lines: tuple[Text, ...] = ()
    city: Text | None = None
    region: Text | None = None
    postcode: Text | None = None
    country: Country
    phone: Text | None = None
    email: Text | None = None


class Parties(Value):
    """Everybody whom an order names. The buyer is told by e-mail, the goods go to `ship_to`."""

    buyer: Party
    ship_to: Party
    bill_to: Party | None = None


class Destination(Value):
    """What of the delivery address the rules need: enough to choose a node, too little to find a person."""

    country: Country
    region: str | None = None
