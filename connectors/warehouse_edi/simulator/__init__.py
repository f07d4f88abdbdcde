"""A 3PL, played by us: it takes shipping orders, picks, packs, sends and counts, and is as difficult as real ones."""

from connectors.warehouse_edi.simulator.arrivals import Arrival
from connectors.warehouse_edi.simulator.third_party import ThirdParty
from core.premises.floor import Plan

__all__ = ["Arrival", "Plan", "ThirdParty"]
