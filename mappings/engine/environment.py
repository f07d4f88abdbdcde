"""What mapping documents may name: the models, the syntaxes, and the Python transforms that connectors register."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from mappings.data import Data
from mappings.syntax import SYNTAXES, SyntaxKind

PythonTransform = Callable[..., Data]
"""Takes the value, and the arguments that the document gives by name; returns a value, or None for "not there".

It must be pure: it may be called twice for one value. It refuses a value with ValueError, which says why.
"""


@dataclass(frozen=True, slots=True)
class Environment:
    """Handed in by the caller; nothing is registered by importing it."""

    models: Mapping[str, type[BaseModel]]
    """Canonical models by the names under which documents call them `target` or `source`."""
    python: Mapping[str, PythonTransform] = field(default_factory=dict[str, PythonTransform])
    syntaxes: Mapping[str, SyntaxKind] = field(default_factory=lambda: SYNTAXES)
