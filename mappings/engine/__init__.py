"""Declarative mapping documents, compiled to closures."""
