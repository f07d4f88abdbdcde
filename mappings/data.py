"""The type of what passes through a mapping."""

from typing import Any, TypeAlias

Data: TypeAlias = Any
"""Plain data out of a document, whose shape only the mapping's author knows: the engine looks before it takes."""
