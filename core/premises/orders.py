"""What a simulated warehouse is asked to send."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Label:
    """A label that came with a release, for one parcel."""

    carrier: str
    tracking_number: str


@dataclass(frozen=True, slots=True)
class Order:
    """A release that arrived."""

    release_id: str
    reference: str
    site: str
    lines: Mapping[str, int]
    """Units by SKU; several lines of one SKU are picked as one."""
    file: str
    digest: str
    """Of all that the document says."""
    labels: tuple[Label, ...] = ()
    """One for each parcel to pack; none where the warehouse makes its own."""
