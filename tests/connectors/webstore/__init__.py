"""Tests of the webstore connector and of its shop."""
