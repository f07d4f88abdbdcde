"""What the demo and its hub, which is a process of its own, tell each other."""

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict

STORE = "orderhub.sqlite3"
"""The store's file in the demo's folder, into which both look."""


class House(BaseModel):
    """What the process is told: what time it is, and how each partner is reached."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    speed: float
    since: AwareDatetime
    """When the demo's time began, so that hub and partners have the same."""
    port: int
    settings: dict[str, dict[str, Any]]
    """By connector, as the simulators gave them."""
    skus: tuple[str, ...]


class Doorplate(BaseModel):
    """What the process answers: where it serves, and by which token the demo's support staff is let in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    token: str
