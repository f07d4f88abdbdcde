"""The warehouse: mappings, fulfilment, feeds, and its simulator."""
