"""Interchanges with partners: control numbers, the ledger of what was exchanged, and what is owed to whom by when."""
