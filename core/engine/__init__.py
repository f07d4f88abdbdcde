"""The engine: every change of an order goes through here, in group commits."""
