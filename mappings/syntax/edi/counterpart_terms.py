"""What a simulated trading partner keeps to in interchanges, and how the hub's profile says it. Qualifiers are ZZ."""

from typing import Any, Literal

from mappings.syntax.edi.counterpart_shapes import Terms
from mappings.syntax.edi.model import Standard

Acknowledges = Literal["997", "999", "none"]
"""How a partner acknowledges; in EDIFACT by CONTRL, unless it is none."""


def terms_of(
    version: str, own_id: str, hubs_id: str, acknowledges: Acknowledges, envelope: str = ""
) -> Terms:
    """Return the partner's own terms; `version` is X12's (`004010`) or EDIFACT's (`D01B`)."""
    own, hubs = ("ZZ", own_id), ("ZZ", hubs_id)
    if not version.startswith("D"):
        return Terms(Standard.X12, own, hubs, version, envelope, acknowledges=acknowledges)
    answers: Literal["contrl", "none"] = "none" if acknowledges == "none" else "contrl"
    return Terms(Standard.EDIFACT, own, hubs, f"D:{version[1:]}:UN", envelope, acknowledges=answers)


def profile_of(
    version: str, hubs_id: str, own_id: str, acknowledges: Acknowledges, envelope: str = ""
) -> dict[str, Any]:
    """Return the profile by which a connector knows the partner."""
    is_edifact = version.startswith("D")
    hubs = "contrl" if is_edifact else "999" if acknowledges == "999" else "997"
    return {
        "standard": "edifact" if is_edifact else "x12",
        "version": version,
        "ours": {"qualifier": "ZZ", "id": hubs_id},
        "theirs": {"qualifier": "ZZ", "id": own_id},
        "acknowledge": hubs,
        "expect_acknowledgement": acknowledges != "none",
        **({"envelope": envelope} if envelope else {}),
    }
