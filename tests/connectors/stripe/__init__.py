"""Tests of the Stripe connector, of its simulator, and of both together."""
