"""Tests of the connectors, each against its own simulator."""
