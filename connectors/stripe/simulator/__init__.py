"""Stripe, played by us, from its published specification: see `server`."""

from connectors.stripe.simulator.server import StripeSimulator

__all__ = ["StripeSimulator"]
