"""A warehouse's settings that would fail later fail at the start, and say what to write instead."""

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.warehouse import CONNECTOR
from connectors.warehouse.settings import WarehouseSettings
from core.clock import ManualClock
from core.connector import Resources
from tests.connectors.webstore.resources import NoCursors, NoMappings
from tests.contracts.building import NOON

FOLDER = {"type": "folder", "path": "exchange"}


def settings(**changes: Any) -> WarehouseSettings:
    return WarehouseSettings.model_validate({"transport": FOLDER, "node": "berlin", **changes})


def test_little_has_to_be_said() -> None:
    folders = settings().folders
    assert (folders.outbox, folders.processed) == ("out", ("out/processed",))
    assert {kind: feed.folder for kind, feed in folders.feeds().items()} == {
        "answer": "in/answer", "dispatch": "in/dispatch", "return": "in/return", "stock": "in/stock",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"transport": {"type": "ftp"}}, "sftp"),
        ({"transport": None}, "transport"),
        ({"node": " "}, "node"),
        ({"zone": "Berlin"}, "Europe/London"),
        ({"zone": "../etc/passwd"}, "Europe/London"),
        ({"stock_basis": "guessed"}, "available"),
        ({"poll_interval_s": 0}, "poll_interval_s"),
        ({"folders": {"answer": {"folder": "in/dispatch"}}}, "its own pattern"),
        ({"folders": {"stock": {"folder": "out"}}}, "outbox"),
        ({"folders": {"stock": {"folder": "/in//stock"}}}, "pattern"),
        ({"folders": {"inbox": "in"}}, "inbox"),
        ({"arrival": {"complete": "soon"}}, "stable"),
        ({"arrival": {"max_file_bytes": 0}}, "max_file_bytes"),
        ({"mapping": "mine"}, "mapping"),
    ],
)  # fmt: skip
def test_wrong_settings_say_what_to_write(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(**changes)
    assert says in str(refused.value)


def test_a_sending_has_time_for_all_that_it_does() -> None:
    sftp = {
        "type": "sftp", "host": "sftp.example.com", "username": "hub", "password": "x", "timeout_s": 10,
        "host_key": "SHA256:uNiVztksCsDhcc0u9e8BrvJRX6oMXyPGLs0JKgfz6K0", "connect_timeout_s": 15,
    }  # fmt: skip
    for transport, deadline_s in ((FOLDER, 80), (sftp, 110)):
        opened = CONNECTOR.open(
            "berlin", settings(transport=transport), Resources(ManualClock(NOON), NoMappings(), NoCursors())
        )
        assert opened.effects[0].deadline_s == deadline_s


def test_a_secret_is_not_shown() -> None:
    sftp = {
        "type": "sftp", "host": "h", "username": "u", "password": "correct horse",
        "host_key": "SHA256:uNiVztksCsDhcc0u9e8BrvJRX6oMXyPGLs0JKgfz6K0",
    }  # fmt: skip
    assert "correct horse" not in repr(settings(transport=sftp))
