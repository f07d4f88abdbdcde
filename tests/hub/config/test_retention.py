"""How long the ledger of interchanges is kept depends on the partners that there are."""

from pathlib import Path

from hub.config import load_config
from hub.config.building import build
from tests.hub.cli.test_edi_partners import HUB


def test_the_ledger_is_kept_for_the_longest_window_of_any_partner(tmp_path: Path) -> None:
    file, data = tmp_path / "hub.yaml", "store: sqlite:///hub.db"
    (tmp_path / "acme-overlays").mkdir()
    window = 'acknowledge: "999"\n      duplicates: {window_days: 900}'
    file.write_text(
        HUB.replace('acknowledge: "999"', window).replace(data, f"{data}\nretention: {{exchange_days: 30}}")
    )
    kept = build(load_config(file, environ={})).retention
    assert (kept.exchange_days, kept.duplicates_days) == (30, 900)


def test_without_partners_there_is_no_window(tmp_path: Path) -> None:
    file = tmp_path / "hub.yaml"
    file.write_text("store: sqlite:///hub.db\n")
    kept = build(load_config(file, environ={})).retention
    assert (kept.exchange_days, kept.duplicates_days) == (730, 0)
