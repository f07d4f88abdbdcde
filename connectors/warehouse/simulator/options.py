"""What `Workshop.options` may say about a warehouse. All times are seconds of hub time."""

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """What `Workshop.options` may say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    transport: str = Field(default="sftp", pattern="^(sftp|folder)$")
    auth: str = Field(default="password", pattern="^(password|key)$")
    username: str = "hub"
    password: str = "simulated-password"  # noqa: S105 - the simulator's own
    node: str | None = None
    """The hub's id of this warehouse; its name in the workshop if not said."""
    site: str | None = None
    stock: dict[str, int] = {}
    basis: str = Field(default="ON_HAND", pattern="^(ON_HAND|AVAILABLE)$")
    carrier: str = "DHL"
    answer_s: float = 2
    pick_s: float = 30
    gap_s: float = 30
    handover_s: float = 5
    resend_s: float = 60
    interval_s: float = 1
    report_every_s: float | None = None
    poll_interval_s: float = 5
