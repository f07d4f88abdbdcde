"""What the mapping documents of the webstore need beyond the closed set of transforms. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any


def webstore_quantities(changes: Sequence[Mapping[str, Any]]) -> str | None:
    """Say the new quantities of an amendment in words: `line 1 to 2, line 2 to 0`; None where there are none."""
    return ", ".join(f"line {change['line']} to {change['quantity']}" for change in changes) or None


TRANSFORMS = {"webstore_quantities": webstore_quantities}
