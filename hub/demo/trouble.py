"""What goes wrong in the demo: planned per order where an outcome needs it, and by the seed's dice everywhere else."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.warehouse.simulator import Plan
from hub.demo.plan import DIRECT, ONLY_BERLIN, ONLY_HAMBURG, ONLY_LEIPZIG, PRICES, PlannedOrder
from hub.demo.scenarios import Outcome

FAULTS: Mapping[str, Mapping[str, float]] = {
    "webstore": {
        "timeout_before": 0.02, "timeout_after": 0.02, "http_500": 0.02, "http_503": 0.03, "http_429": 0.02,
        "duplicate_request": 0.08, "lost_answer": 0.03, "bad_signature": 0.02, "malformed": 0.02,
    },
    "till": {"duplicate_request": 0.1, "lost_answer": 0.05},
    "stripe": {
        "timeout_before": 0.02, "timeout_after": 0.03, "http_429": 0.03, "http_500": 0.02, "truncated": 0.01,
        "duplicate_webhook": 0.1, "webhook_out_of_order": 0.1, "webhook_first": 0.1,
    },
    "berlin": {
        "duplicate": 0.05, "dispatch_first": 0.05, "truncated": 0.02, "unknown_code": 0.02, "half_written": 0.03,
    },
    "leipzig": {"duplicate": 0.05, "wrong_encoding": 0.05, "nul": 0.05, "dispatch_first": 0.05},
    "shopify": {
        "lost_webhook": 0.15, "duplicate_webhook": 0.15, "late_webhook": 0.1, "forged_webhook": 0.05,
        "lagging_search": 0.1, "timeout_before": 0.02, "timeout_after": 0.02, "reset_before": 0.02,
        "http_500_after": 0.02, "torn_answer": 0.02, "http_429": 0.03, "throttled": 0.03,
    },
    "amazon": {
        "lost_notification": 0.2, "duplicate_notification": 0.15, "http_429": 0.05, "http_500": 0.03,
        "http_500_after": 0.03, "http_503": 0.03, "timeout_before": 0.02, "timeout_after": 0.03, "reset_after": 0.02,
        "without_recipient": 0.1, "without_fulfillment": 0.05, "feed_error": 0.05,
    },
    "signifyd": {
        "timeout_before": 0.02, "timeout_after": 0.03, "http_429": 0.03, "http_409": 0.02, "http_500": 0.02,
        "truncated": 0.02, "duplicate_webhook": 0.1, "webhook_out_of_order": 0.1, "webhook_first": 0.1,
    },
    "easypost": {
        "timeout_before": 0.02, "timeout_after": 0.03, "http_429": 0.03, "http_500": 0.02, "http_500_after": 0.02,
        "reset_before": 0.02, "reset_after": 0.02, "truncated": 0.02, "label_missing": 0.03,
        "duplicate_webhook": 0.15, "webhook_out_of_order": 0.15,
    },
    "acme": {"duplicate": 0.05, "said_again": 0.05, "damaged": 0.05, "late": 0.05, "half_written": 0.05},
    "hamburg": {"duplicate": 0.05, "said_again": 0.05, "damaged": 0.05, "late": 0.05, "truncated": 0.03},
    "mailer": {"greylist": 0.03, "defer": 0.02, "timeout_before": 0.02, "timeout_after": 0.02},
}  # fmt: skip
"""By partner: the share of calls that go wrong, by fault."""

KINDS: Mapping[str, str] = {
    "timeout_before": "timeout_before", "timeout_after": "timeout_after", "lost_answer": "timeout_after",
    "http_500": "server_error", "http_429": "rate_limit", "http_503": "unavailable", "away": "unavailable",
    "duplicate_request": "duplicate", "duplicate_webhook": "duplicate", "duplicate": "duplicate",
    "webhook_out_of_order": "out_of_order", "webhook_first": "out_of_order", "out_of_order": "out_of_order",
    "malformed": "malformed", "truncated": "malformed", "half_written": "malformed", "unknown_code": "malformed",
    "wrong_encoding": "malformed", "nul": "malformed", "dispatch_first": "out_of_order",
    "bad_signature": "bad_signature", "greylist": "server_error", "defer": "server_error",
    "lost_webhook": "lost", "late_webhook": "out_of_order", "forged_webhook": "bad_signature",
    "lagging_search": "out_of_order", "reset_before": "timeout_before", "http_500_after": "server_error",
    "torn_answer": "malformed", "throttled": "rate_limit", "http_409": "rate_limit", "no_decision": "no_decision",
    "lost_notification": "lost", "duplicate_notification": "duplicate", "reset_after": "timeout_after",
    "without_recipient": "malformed", "without_fulfillment": "malformed", "feed_error": "refusal",
    "decline": "decline", "shortage": "shortage", "refusal": "refusal",
    "refused_at_the_door": "malformed", "label_missing": "lost", "lost_parcel": "lost_parcel",
    "said_again": "duplicate", "damaged": "malformed", "late": "out_of_order", "overcharge": "overcharge",
}  # fmt: skip
"""What the demo's summary calls each fault."""

PICK_S = 20.0
PLENTY = 100_000
LONG_PICK_S = 600.0


def warehouse_options(name: str, transport: str) -> dict[str, Any]:
    """Return how a warehouse of the demo is reached, what lies there, and how fast it works."""
    elsewhere = {ONLY_LEIPZIG if name == "berlin" else ONLY_BERLIN, DIRECT, ONLY_HAMBURG}
    return {
        "transport": transport, "node": name, "stock": {sku: PLENTY for sku in PRICES if sku not in elsewhere},
        "pick_s": PICK_S, "gap_s": 10.0, "resend_s": 30.0, "poll_interval_s": 10.0, "interval_s": 2.0,
    }  # fmt: skip


def wishes(name: str, plan: tuple[PlannedOrder, ...]) -> Iterator[tuple[str, Plan]]:
    """Yield what a warehouse shall do with the releases of which order."""
    for order in plan:
        wish = _wish(name, order)
        if wish is not None:
            yield order.reference, wish


def _wish(name: str, order: PlannedOrder) -> Plan | None:
    match order.outcome:
        case Outcome.LABEL_GIVEN_BACK if name == "leipzig":
            return Plan(pick_s=LONG_PICK_S)
        case Outcome.REFUSED_THEN_SENT_ELSEWHERE if name == "berlin":
            return Plan(refuse="OTHER")
        case Outcome.SENT_IN_TWO_PARCELS:
            return Plan(parcels=2)
        case (
            Outcome.CANCELLED_AT_THE_WAREHOUSE | Outcome.CANCEL_WANTED_AT_AMAZON | Outcome.CANCELLED_AT_A_3PL
        ):
            return Plan(pick_s=LONG_PICK_S)
        case _:
            return None
