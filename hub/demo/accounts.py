"""How the demo's accounts at marketplaces are set: what such a partner is like there, and how the hub treats it."""

from typing import Any

from canonical.policy import ChannelPolicy
from hub.demo.plan import REVIEW_ABOVE

AMAZON_OPTIONS: dict[str, Any] = {
    "feed_s": 30,
    # A seller of this size has more generous usage plans; the hub learns of them by Amazon's answers.
    "rate_factor": 20,
    "settings": {
        "poll_interval_s": 60, "gather_s": 10, "report_every_s": 10, "call_s": 20, "deadline_s": 300, "settle_s": 5,
    },
}  # fmt: skip
AMAZON_POLICY = ChannelPolicy(hold_for_review_above=REVIEW_ABOVE, mail=False, offer="items", stock_buffer=5)
SHOPIFY_OPTIONS: dict[str, Any] = {"poll_s": 20, "deadline_s": 60, "settle_s": 5, "job_looks": 2}
SHOPIFY_POLICY = ChannelPolicy(hold_for_review_above=REVIEW_ABOVE, mail=False, offer="items", stock_buffer=5)
