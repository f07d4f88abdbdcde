"""Settings: what is wrong with them is said at start, and no secret with it."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.amazon.settings import AmazonSettings

SAID: dict[str, Any] = {
    "seller_id": "A2EXAMPLE", "marketplaces": ["A1PA6795UKMFR9"], "client_id": "amzn1.application",
    "client_secret": "hush-client", "refresh_token": "Atzr|hush-refresh",
}  # fmt: skip
QUEUE: dict[str, Any] = {
    "url": "https://sqs.eu-west-1.amazonaws.com/123456789012/orders", "region": "eu-west-1",
    "access_key_id": "AKIAEXAMPLE", "secret_access_key": "hush-aws",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"marketplaces": []}, "at least 1 item"),
        ({"marketplaces": ["Amazon.de"]}, "match pattern"),
        ({"region": "moon"}, "'na', 'eu' or 'fe'"),
        ({"client_secret": ""}, "at least 1 item"),
        ({"api_base": "http://sellingpartnerapi-eu.amazon.com"}, "called by https"),
        ({"api_base": "https://me:hush@amazon.example"}, "scheme, host and path only"),
        ({"orders_since": "2026-11-20T12:00:00"}, "timezone"),
        ({"overlap_s": -1}, "greater than or equal to 0"),
        ({"queue": {**QUEUE, "wait_s": 21}}, "less than or equal to 20"),
        ({"queue": {**QUEUE, "region": "Ireland"}}, "match pattern"),
        ({"queue": {**QUEUE, "visibility_s": 5}}, "greater than or equal to 30"),
        ({"refresh_tokn": "x"}, "Extra inputs"),
    ],
)
def test_settings_that_would_fail_later_fail_at_start(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError) as refused:
        AmazonSettings.model_validate({**SAID, **change})
    assert reason in str(refused.value)


def test_a_secret_is_not_shown_even_when_it_is_wrong() -> None:
    known = AmazonSettings.model_validate({**SAID, "queue": QUEUE})
    assert "hush" not in f"{known!r}{known.model_dump_json()}"
    with pytest.raises(ValidationError) as refused:
        AmazonSettings.model_validate({**SAID, "queue": {**QUEUE, "secret_access_key": ["hush-aws"]}})
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(("region", "host"), [("na", "-na."), ("eu", "-eu."), ("fe", "-fe.")])
def test_a_region_has_its_endpoint(region: str, host: str) -> None:
    assert host in AmazonSettings.model_validate({**SAID, "region": region}).endpoint
