"""The lifecycle rules: pure generators that say what an event makes of an order, and what is to be done about it."""
