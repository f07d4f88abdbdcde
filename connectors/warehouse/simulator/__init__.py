"""A warehouse, played by us: it reads releases, keeps stock, picks and packs, and can be as difficult as real ones."""

from connectors.warehouse.simulator.warehouse import Warehouse
from core.premises.floor import Plan

__all__ = ["Plan", "Warehouse"]
