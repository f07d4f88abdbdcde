"""Whole flows under faults: nothing lost, nothing twice, by the partners' own books."""
