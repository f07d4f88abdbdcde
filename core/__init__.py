"""Machinery that knows no partner and no rule."""
