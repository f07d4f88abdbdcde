"""What is likely wrong with a mapping that compiles."""

from mappings.engine.compiling import Compiled
from mappings.engine.document import Findings


def lint(compiled: Compiled, findings: Findings) -> None:
    """Add what is wrong with a mapping, given its model."""
