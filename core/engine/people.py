"""The people of an order: sealed under its own key, and found through a blind index."""

from uuid import UUID

from canonical.documents import OrderDocument
from canonical.events import PendingEnded
from canonical.order import Order
from canonical.parties import Parties
from core.engine.cascade import Decision
from core.engine.changes import Changes
from core.ids import uuid7
from core.security.keys import KeyRing


def people_of(before: Order | None, decision: Decision, document: OrderDocument) -> Parties | None:
    """Return whom a document brings to its order: as it is placed, or as it is pending no more; None for nobody."""
    first = before is None or any(isinstance(event, PendingEnded) for event in decision.events)
    return document.parties if first else None


def keep(changes: Changes, ring: KeyRing, order_id: UUID, parties: Parties) -> None:
    """Seal an order's people under its own key, and index by what support looks for."""
    key_id, now = uuid7(), changes.now
    key, wrapped = ring.new(key_id)
    changes.add("data_keys", key_id, order_id, wrapped, now)
    changes.add("parties", order_id, key_id, key.seal(order_id, parties.model_dump_json().encode()), now)
    for party in (parties.buyer, parties.ship_to, parties.bill_to):
        for kind in ("email", "phone", "postcode"):
            value = getattr(party, kind) if party else None
            if value:
                digest = ring.master.blind(kind, value)
                changes.add("party_index", kind, digest, order_id)
