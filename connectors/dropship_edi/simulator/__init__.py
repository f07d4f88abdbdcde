"""A drop-ship supplier, played by us: it takes orders, answers, sends, charges, and is as difficult as real ones."""

from connectors.dropship_edi.simulator.books import Plan
from connectors.dropship_edi.simulator.supplier import Supplier

__all__ = ["Plan", "Supplier"]
