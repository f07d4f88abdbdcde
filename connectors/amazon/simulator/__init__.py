"""Amazon's side of the Selling Partner API, played by us from Amazon's published models, with state and faults."""

from connectors.amazon.simulator.market import Marketplace

__all__ = ["Marketplace"]
