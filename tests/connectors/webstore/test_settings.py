"""Settings: what is wrong with them is said at start, and no secret with it."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.webstore.settings import WebstoreSettings
from tests.connectors.webstore.building import SECRET, settings

HOOKS = {"webhook_url": "https://shop.example.com/hooks", "webhook_secrets": [SECRET]}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"api_secrets": []}, "at least 1 item"),
        ({"api_secrets": ["whsec_not base64!"]}, "not base64"),
        ({"api_secrets": ["whsec_c2hvcnQ="]}, "this one 5: make one with"),
        ({"webhook_url": "https://shop.example.com/hooks"}, "go together"),
        ({"webhook_secrets": [SECRET]}, "go together"),
        ({**HOOKS, "webhook_url": "http://shop.example.com/hooks"}, "https; http is for 127.0.0.1 only"),
        ({**HOOKS, "webhook_url": "https://me:hush@shop.example.com/"}, "would be logged"),
        ({**HOOKS, "webhook_url": "https://shop.example.com/?token=hush"}, "scheme, host and path only"),
        ({**HOOKS, "webhook_url": "shop.example.com"}, "scheme, host and path only"),
        ({"tolerance_s": 0}, "greater than or equal to 1"),
        ({"check_totals": "maybe"}, "'refuse' or 'accept'"),
        ({"webhok_url": "https://shop.example.com"}, "Extra inputs"),
    ],
)
def test_settings_that_would_fail_later_fail_at_start(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(**change)
    assert reason in str(refused.value)


def test_webhooks_may_go_to_a_shop_on_this_machine() -> None:
    assert (
        settings(**{**HOOKS, "webhook_url": "http://127.0.0.1:8080/hooks/"}).webhook_url
        == "http://127.0.0.1:8080/hooks"
    )


def test_a_secret_is_not_shown_even_when_it_is_wrong() -> None:
    known = settings(**HOOKS)
    assert SECRET not in f"{known!r}{known.model_dump_json()}"
    with pytest.raises(ValidationError) as refused:
        WebstoreSettings.model_validate({"api_secrets": ["whsec_tooshort"]})
    assert "tooshort" not in str(refused.value)
