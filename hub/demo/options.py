"""How a demo is run."""

from dataclasses import dataclass
from pathlib import Path

DEFAULT_SPEED = 25.0


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What `orderhub demo` was asked for. Without `data`, the store lives in a temporary folder."""

    orders: int = 60
    seed: int = 1
    speed: float = DEFAULT_SPEED
    data: Path | None = None
    exit: bool = False
    json: bool = False
    port: int = 0
    """Of the API; 0 takes 8000, or any that is free."""
