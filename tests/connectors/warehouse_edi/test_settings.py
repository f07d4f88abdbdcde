"""A warehouse's settings that would fail later fail at the start, and say what to write instead."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.warehouse_edi import CONNECTOR
from connectors.warehouse_edi.settings import WarehouseEdiSettings
from core.clock import ManualClock
from core.connector import Resources
from core.trading.opening import NoEdiError
from tests.connectors.webstore.resources import NoCursors, NoMappings
from tests.contracts.building import NOON

PARTNER = {
    "standard": "x12", "version": "004010", "ours": {"qualifier": "ZZ", "id": "HUB"},
    "theirs": {"qualifier": "01", "id": "123456789"},
}  # fmt: skip
EDIFACT = {
    "standard": "edifact", "version": "D01B", "ours": {"qualifier": "14", "id": "4000001000005"},
    "theirs": {"qualifier": "ZZ", "id": "3PL"},
}  # fmt: skip
SFTP = {
    "type": "sftp", "host": "h", "username": "u", "password": "correct horse",
    "host_key": "SHA256:uNiVztksCsDhcc0u9e8BrvJRX6oMXyPGLs0JKgfz6K0",
}  # fmt: skip


def settings(**changes: Any) -> WarehouseEdiSettings:
    told = {
        "transport": {"type": "folder", "path": "exchange"},
        "node": "berlin",
        "depositor": "Our shop",
        "partner": PARTNER,
    }
    return WarehouseEdiSettings.model_validate({**told, **changes})


def test_little_has_to_be_said() -> None:
    found = settings()
    assert (found.folders.outbox, found.folders.inbox, found.site, found.zone) == ("out", "in", None, "UTC")


def test_a_warehouse_may_speak_edifact() -> None:
    found = settings(partner=EDIFACT, site="4000002000004")
    assert (found.partner.version, found.told()["depositor_id"]) == ("D01B", "4000001000005")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"partner": {**PARTNER, "version": "D96A"}}, "004010 or 005010"),
        ({"partner": {**PARTNER, "theirs": {"qualifier": "ZZ", "id": "HUB"}}}, "one of them is the partner"),
        ({"partner": {**PARTNER, "ours": {"qualifier": "ZZ", "id": "A" * 16}}}, "room for 15"),
        ({"partner": {**PARTNER, "acknowledge": "contrl"}}, "997 and 999"),
        ({"partner": {**EDIFACT, "version": "D96A"}}, "INSDES, which the hub has a grammar of in D01B only"),
        ({"partner": EDIFACT, "site": "x" * 36}, "site: 'xxxx"),
        ({"partner": EDIFACT, "node": "x" * 36}, "site: 'xxxx"),
        ({"partner": EDIFACT, "depositor": "x" * 36}, "has 36 characters, and NAD has room for 35"),
        ({"partner": None}, "partner"),
        ({"node": " "}, "node"),
        ({"depositor": ""}, "depositor"),
        ({"site": "B"}, "site"),
        ({"zone": "Chicago"}, "Europe/London"),
        ({"folders": {"inbox": "out"}}, "both an outbox"),
        ({"transport": {"type": "ftp"}}, "sftp"),
        ({"mapping": "mine"}, "mapping"),
    ],
)
def test_wrong_settings_say_what_to_write(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(**changes)
    assert says in str(refused.value)


def test_a_secret_is_not_shown() -> None:
    assert "correct horse" not in repr(settings(transport=SFTP))


def test_it_opens_in_a_hub_only() -> None:
    with pytest.raises(NoEdiError, match="open it in a hub"):
        CONNECTOR.open("acme", settings(), Resources(ManualClock(NOON), NoMappings(), NoCursors()))
