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
UBL = {"standard": "ubl", "ours": {"scheme": "0088", "id": "4000001000005"}, "theirs": {"id": "ACME"}}
CXML = {
    "standard": "cxml", "ours": {"scheme": "DUNS", "id": "123456789"}, "shared_secret": "correct horse",
    "theirs": {"scheme": "DUNS", "id": "987654321"},
}  # fmt: skip
HTTPS = {"type": "https", "url": "https://edi.example.com/in"}
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
        ({"partner": {**PARTNER, "standard": "rosettanet"}}, "'x12', 'edifact', 'ubl'"),
        ({"partner": {**UBL, "version": "3.0"}}, "version"),
        ({"partner": {**UBL, "acknowledge": "997"}}, "acknowledge"),
        ({"partner": {**UBL, "theirs": UBL["ours"]}}, "one of them is the partner"),
        ({"partner": {**UBL, "expects": [{"after": "850", "wants": "Invoice", "within_h": 1}]}}, "after"),
        ({"partner": {**CXML, "theirs": {"id": "ACME"}}}, "have a domain"),
        ({"partner": {**CXML, "version": "2.0"}}, "version"),
        ({"partner": {**CXML, "shared_secret": "two\nlines"}}, "can be printed"),
        ({"partner": CXML, "transport": HTTPS}, "partner.their_secrets (its SharedSecret) or transport.door"),
        ({"partner": {**CXML, "their_secrets": ["one"]}}, "which only https has"),
        ({"partner": {**CXML, "their_secrets": [" one"]}, "transport": HTTPS}, "can be printed"),
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


def test_ubl_needs_little_more_than_two_ids() -> None:
    found = settings(partner=UBL)
    assert (found.told()["version"], found.told()["buyer_scheme"], found.told()["seller_id"]) == (
        "2.1",
        "0088",
        "ACME",
    )
    assert set(readers(found, NoMappings())) == {
        "OrderResponse",
        "DespatchAdvice",
        "Invoice",
        "InventoryReport",
    }


def test_a_secret_is_not_shown() -> None:
    assert "correct horse" not in repr(settings(transport=SFTP))
    assert "correct horse" not in repr(settings(partner=CXML))
    with pytest.raises(ValidationError) as refused:
        settings(partner={**CXML, "shared_secret": "correct horse\n"})
    assert "correct horse" not in str(refused.value)


def test_cxml_has_domains_and_a_mode() -> None:
    found = settings(partner={**CXML, "mode": "test"})
    assert (found.told()["mode"], found.told()["seller_scheme"]) == ("test", "DUNS")
    assert set(readers(found, NoMappings())) == {
        "ConfirmationRequest",
        "ShipNoticeRequest",
        "InvoiceDetailRequest",
    }


def test_it_opens_in_a_hub_only() -> None:
    with pytest.raises(NoEdiError, match="open it in a hub"):
        CONNECTOR.open("acme", settings(), Resources(ManualClock(NOON), NoMappings(), NoCursors()))
