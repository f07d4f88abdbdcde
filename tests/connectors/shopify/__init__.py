"""Tests of `connectors.shopify`."""
