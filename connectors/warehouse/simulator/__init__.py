"""A warehouse, played by us: it reads releases, keeps stock, picks and packs, and can be as difficult as real ones."""

from connectors.warehouse.simulator.floor import Plan
from connectors.warehouse.simulator.warehouse import Warehouse

__all__ = ["Plan", "Warehouse"]
