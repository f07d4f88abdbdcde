"""The people of an order: sealed under its own key, and found through a blind index."""

from uuid import UUID

from canonical.parties import Parties
from core.engine.changes import Changes
from core.ids import uuid7
from core.security.keys import KeyRing


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
