"""Signifyd, played by us, from its published documentation: see `server`."""

from connectors.signifyd.simulator.server import SignifydSimulator

__all__ = ["SignifydSimulator"]
