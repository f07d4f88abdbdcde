"""EasyPost, played by us, from its documentation: see `server`."""

from connectors.easypost.simulator.journeys import JOURNEYS, Journey
from connectors.easypost.simulator.server import EasyPostSimulator

__all__ = ["JOURNEYS", "EasyPostSimulator", "Journey"]
