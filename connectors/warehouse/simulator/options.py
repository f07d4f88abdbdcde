"""What `Workshop.options` may say about a warehouse. All times are seconds of hub time."""

from pydantic import Field

from core.premises.place import PremisesOptions


class Options(PremisesOptions):
    """What `Workshop.options` may say."""

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
