"""EDIFACT as partners of several kinds use it: what their mapping documents share."""
