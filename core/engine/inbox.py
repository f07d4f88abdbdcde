"""The inbox: which attempts at which items have had their end. Its ids live longer than any automatic retry."""

from core.store.sql import Bulk, bulk_insert

INBOX: Bulk = bulk_insert(
    "inbox",
    "consumer text, item_id uuid, attempt int",
    tail="ON CONFLICT DO NOTHING RETURNING item_id, attempt, consumer",
)
"""Only what this gives back is processed. Keyed by attempt: a retry is a new end of the same item."""
