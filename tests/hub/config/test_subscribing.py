"""`events` of hub.yaml: who is told of what, and what is wrong with it."""

from pathlib import Path

import pytest

from core.engine.announcing import NOBODY, Subscriptions
from hub.config import ConfigError
from hub.config.building import build
from tests.hub.config.building import SHOP, checked, read, told

RABBIT = "bus: amqp://mq/\n"
WEBHOOK = "{by: webhook, url: 'https://erp.example.com/x', secrets: ['${SHOP_KEY}'], types: [OrderPlaced]}"


def test_subscribers_are_who_they_are_told_to_be(tmp_path: Path) -> None:
    text = (
        f"{SHOP}{RABBIT}events:\n  erp: {WEBHOOK}\n  bi: {{by: queue, types: [OrderConfirmed, OrderPlaced]}}\n"
        "  crm: {by: queue, types: [OrderRejected]}\n"
    )
    assert checked(tmp_path, text) == []
    built = build(read(tmp_path, text))
    queued = frozenset({"OrderConfirmed", "OrderPlaced", "OrderRejected"})
    assert built.subscriptions == Subscriptions(queued, {"erp": frozenset({"OrderPlaced"})})
    assert built.connectors["erp"].connector.name == "subscriber"
    assert built.connectors["erp"].limits == built.connectors["erp"].connector.limits


def test_a_hub_without_subscribers_tells_nobody(tmp_path: Path) -> None:
    assert build(read(tmp_path)).subscriptions is NOBODY


def test_a_queue_needs_a_broker_that_others_can_reach(tmp_path: Path) -> None:
    text = f"{SHOP}events:\n  bi: {{by: queue, types: [OrderPlaced]}}\n"
    (problem,) = checked(tmp_path, text)
    assert problem.startswith("9:12: events.bi.by: the embedded bus is inside the hub's process")
    assert "by: webhook" in problem
    with pytest.raises(ConfigError, match="embedded bus"):
        build(read(tmp_path, text))


def test_an_event_that_does_not_exist_is_named_with_what_was_meant(tmp_path: Path) -> None:
    text = f"{SHOP}{RABBIT}events:\n  bi: {{by: queue, types: [OrderPlaced, OrderPlacd, NoteAdded]}}\n"
    first, second = checked(tmp_path, text)
    assert (
        "events.bi.types[1]: there is no event 'OrderPlacd' to subscribe to; did you mean OrderPlaced"
        in first
    )
    assert "'NoteAdded'" in second


@pytest.mark.parametrize("name", ["shop", "hub", "ERP"])
def test_a_subscriber_has_a_name_that_no_connector_has(tmp_path: Path, name: str) -> None:
    (problem,) = checked(tmp_path, f"{SHOP}events:\n  {name}: {WEBHOOK}\n")
    assert f"{name!r} is no name for a subscriber" in problem


def test_a_webhook_goes_by_https_and_is_signed(tmp_path: Path) -> None:
    insecure = WEBHOOK.replace("https", "http")
    assert "https" in told(tmp_path, f"{SHOP}events:\n  erp: {insecure}\n")[0]
    unsigned = WEBHOOK.replace("'${SHOP_KEY}'", "")
    assert "secrets" in told(tmp_path, f"{SHOP}events:\n  erp: {unsigned}\n")[0]
