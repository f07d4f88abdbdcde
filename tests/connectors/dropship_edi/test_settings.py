"""A supplier's settings that would fail later fail at the start, and say what to write instead."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.dropship_edi import CONNECTOR
from connectors.dropship_edi.documents import readers
from connectors.dropship_edi.settings import DropshipSettings
from core.clock import ManualClock
from core.connector import Resources
from core.trading.opening import NoEdiError
from tests.connectors.webstore.resources import NoCursors, NoMappings
from tests.contracts.building import NOON

PARTNER = {
    "standard": "x12", "version": "004010", "ours": {"qualifier": "ZZ", "id": "HUB"},
    "theirs": {"qualifier": "01", "id": "123456789"},
}  # fmt: skip
SFTP = {
    "type": "sftp", "host": "h", "username": "u", "password": "correct horse",
    "host_key": "SHA256:uNiVztksCsDhcc0u9e8BrvJRX6oMXyPGLs0JKgfz6K0",
}  # fmt: skip


def settings(**changes: Any) -> DropshipSettings:
    told = {
        "transport": {"type": "folder", "path": "exchange"},
        "node": "acme",
        "buyer": "Our shop",
        "partner": PARTNER,
    }
    return DropshipSettings.model_validate({**told, **changes})


def test_little_has_to_be_said() -> None:
    found = settings()
    assert (found.folders.outbox, found.folders.inbox, found.currency, found.zone) == (
        "out",
        "in",
        "USD",
        "UTC",
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"partner": {**PARTNER, "version": "D96A"}}, "004010 or 005010"),
        (
            {"partner": {**PARTNER, "standard": "edifact", "version": "D07A"}},
            "mapping documents for D96A and D01B",
        ),
        ({"partner": {**PARTNER, "theirs": {"qualifier": "ZZ", "id": "HUB"}}}, "one of them is the partner"),
        ({"partner": {**PARTNER, "ours": {"qualifier": "ZZ", "id": "A" * 16}}}, "room for 15"),
        ({"partner": {**PARTNER, "acknowledge": "contrl"}}, "997 and 999"),
        ({"partner": None}, "partner"),
        ({"node": " "}, "node"),
        ({"buyer": ""}, "buyer"),
        ({"zone": "Chicago"}, "Europe/London"),
        ({"currency": "dollars"}, "currency"),
        ({"folders": {"inbox": "out"}}, "both an outbox"),
        ({"transport": {"type": "ftp"}}, "sftp"),
        ({"mapping": "mine"}, "mapping"),
    ],
)
def test_wrong_settings_say_what_to_write(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(**changes)
    assert says in str(refused.value)


@pytest.mark.parametrize("version", ["D96A", "D01B"])
def test_the_standard_chooses_the_documents(version: str) -> None:
    found = settings(partner={**PARTNER, "standard": "edifact", "version": version})
    assert (found.told()["buyer_id"], found.told()["seller_id"]) == ("HUB", "123456789")
    assert set(readers(found, NoMappings())) == {"ORDRSP", "DESADV", "INVOIC", "INVRPT", "RETINS"}
    assert set(readers(settings(), NoMappings())) == {"855", "865", "856", "810", "846", "180"}


def test_a_secret_is_not_shown() -> None:
    assert "correct horse" not in repr(settings(transport=SFTP))


def test_it_opens_in_a_hub_only() -> None:
    with pytest.raises(NoEdiError, match="open it in a hub"):
        CONNECTOR.open("acme", settings(), Resources(ManualClock(NOON), NoMappings(), NoCursors()))
