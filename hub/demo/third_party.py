"""The 3PL in the demo, which speaks X12: what it has, and how fast it works."""

from typing import Any

from canonical.stock import Node
from hub.demo.plan import ONLY_HAMBURG
from hub.demo.trouble import PICK_S, PLENTY

HAMBURG = "hamburg"
NODE = Node(id=HAMBURG, name="Hamburg (X12 by SFTP)", connector=HAMBURG, country="DE", priority=30)
OPTIONS: dict[str, Any] = {
    "transport": "sftp", "node": HAMBURG, "stock": {ONLY_HAMBURG: PLENTY}, "pick_s": PICK_S, "gap_s": 10.0,
    "resend_s": 30.0, "poll_interval_s": 10.0, "interval_s": 2.0,
}  # fmt: skip
