"""Commands beside a hub that runs as a process of its own: what they decide, it carries out."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.cli.calling import call
from tests.hub.cli.processes import begun, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture
def running(folder: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """A hub that runs in the folder, on a free port."""
    text = (folder / "hub.yaml").read_text(encoding="utf-8")
    (folder / "hub.yaml").write_text(text.replace("port: 8000", "port: 0"), encoding="utf-8")
    with begun(folder, "run") as program:
        wait_for(folder / "out", '"running"')
        yield program


def orders(folder: Path) -> set[str]:
    return {order["channel_ref"] for order in call(folder, "orders", "list", "--json").data["items"]}


def test_an_edited_message_becomes_its_order(folder: Path, running: "subprocess.Popen[bytes]") -> None:
    (failed,) = call(folder, "messages", "list", "--status", "failed", "--json").data["items"]
    (failure,) = call(folder, "failures", "list", "--json").data["items"]
    mended = call(folder, "messages", "show", failed["id"], "--raw").out.replace("EURO", "EUR")
    (folder / "mended.json").write_text(mended, encoding="utf-8")
    assert (
        call(folder, "replay", "run", failure["id"], "--with", "mended.json", "-r", "a wrong code").status
        == 0
    )
    for _ in range(200):
        if "W-3" in orders(folder):
            break
        time.sleep(0.1)
    assert orders(folder) == {"W-1", "W-2", "W-3"}
    assert call(folder, "failures", "show", failure["id"], "--json").data["status"] == "resolved"
    again = call(folder, "replay", "run", failure["id"])
    assert again.status == 1
    assert "resolved" in again.errors


def test_a_replay_of_many_is_followed_to_its_end(folder: Path, running: "subprocess.Popen[bytes]") -> None:
    said = call(folder, "replay", "run", "--connector", "shop", "--yes", "--json")
    assert said.status == 1, "what is still wrong fails again, and the status says so"
    assert (said.data["state"], said.data["counts"]["failed_again"]) == ("done", 1)


def test_a_hub_ends_when_it_is_told_to(folder: Path, running: "subprocess.Popen[bytes]") -> None:
    running.send_signal(signal.SIGTERM)
    assert running.wait(30) == 0
    said = [json.loads(line) for line in (folder / "out").read_text(encoding="utf-8").splitlines()]
    assert said[-1]["event"] == "stopped"
    assert {"level", "timestamp"} <= set(said[0])
    assert "Traceback" not in (folder / "err").read_text(encoding="utf-8")
