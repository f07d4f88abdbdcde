"""Tests of `core.offers`."""
