"""The commands that need no store: they say what is wrong in a sentence, and end with the right status."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub.cli import app
from hub.config.beginning import begin
from tests.connectors.webstore.building import wire_order
from tests.hub.cli.calling import call
from tests.hub.cli.processes import begun, wait_for


class TestHelp:
    def test_every_command_says_what_it_does(self, tmp_path: Path) -> None:
        names = [info.name for info in app.registered_groups] + [
            info.name for info in app.registered_commands
        ]
        assert len(names) > 18
        for name in names:
            said = call(tmp_path, str(name), "--help")
            assert said.status == 0, name
            assert "Usage:" in said.out

    def test_a_wrong_word_is_a_wrong_call(self, tmp_path: Path) -> None:
        assert call(tmp_path, "ordes").status == 2
        assert call(tmp_path, "orders", "lst").status == 2
        assert call(tmp_path, "orders", "list", "--limit", "0").status == 2

    def test_help_loads_none_of_the_machinery(self) -> None:
        heavy = {
            "sqlalchemy",
            "faststream",
            "stripe",
            "alembic",
            "asyncssh",
            "lxml",
            "fastapi",
            "core.engine.engine",
        }
        program = f"import sys, hub.cli; print([name for name in {sorted(heavy)} if name in sys.modules])"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"

    def test_without_a_configuration_it_says_how_to_begin(self, tmp_path: Path) -> None:
        said = call(tmp_path, "orders", "list")
        assert said.status == 2
        assert "orderhub init" in said.errors
        assert "orderhub demo" in said.errors


class TestBeginning:
    def test_init_check_and_upgrade_make_a_hub(self, tmp_path: Path) -> None:
        assert call(tmp_path, "init").status == 0
        assert call(tmp_path, "check").status == 0
        assert call(tmp_path, "db", "check").status == 1
        assert call(tmp_path, "orders", "list").status == 1
        assert call(tmp_path, "db", "upgrade").status == 0
        assert call(tmp_path, "db", "check", "--json").data["current"] is True
        assert call(tmp_path, "orders", "list", "--json").data == {"items": [], "next": None}
        assert call(tmp_path, "check", "--connect").status == 0

    def test_init_writes_over_nothing(self, tmp_path: Path) -> None:
        call(tmp_path, "init")
        again = call(tmp_path, "init")
        assert again.status == 1
        assert "there already" in again.errors

    def test_a_container_migrates_without_a_file(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path}/x/hub.db"
        assert call(tmp_path, "db", "upgrade", ORDERHUB_STORE_URL=url).status == 0
        assert (tmp_path / "x" / "hub.db").exists()

    def test_a_store_that_is_away_is_a_sentence_without_its_password(self, tmp_path: Path) -> None:
        said = call(tmp_path, "db", "upgrade", ORDERHUB_STORE_URL="postgresql://hub:hunter2@127.0.0.1:9/hub")
        assert said.status == 1
        assert "can't be reached" in said.errors
        assert "hunter2" not in said.errors

    def test_two_new_keys_differ(self, tmp_path: Path) -> None:
        keys = {call(tmp_path, "keys", "new").out for _ in range(2)}
        assert len(keys) == 2
        assert {len(key) for key in keys} == {45}


class TestCheck:
    def test_each_problem_is_one_line_and_the_status_is_one(self, tmp_path: Path) -> None:
        (tmp_path / "hub.yaml").write_text("buss: x\napi: {port: eighty}\n", encoding="utf-8")
        said = call(tmp_path, "check", width=40)
        assert said.status == 1
        assert said.errors.splitlines() == [
            "hub.yaml:1:1: buss: there is no key 'buss' at the top of the file; did you mean bus?",
            "hub.yaml:2:13: api.port: should be a valid integer, unable to parse string as an integer (found 'eighty')",
        ]

    def test_programs_are_told_the_same(self, tmp_path: Path) -> None:
        (tmp_path / "prod.yaml").write_text("buss: x\n", encoding="utf-8")
        said = call(tmp_path, "check", "prod.yaml", "--json")
        assert said.status == 1
        assert said.data["ok"] is False
        assert (said.data["problems"][0]["line"], said.data["problems"][0]["key"]) == (1, "buss")

    def test_a_warning_is_told_and_is_no_error(self, tmp_path: Path) -> None:
        begin(tmp_path)
        text = (tmp_path / "hub.yaml").read_text(encoding="utf-8")
        key = (tmp_path / "secrets" / "shop.key").read_text(encoding="utf-8").strip()
        (tmp_path / "hub.yaml").write_text(text.replace("file:secrets/shop.key", key), encoding="utf-8")
        said = call(tmp_path, "check")
        assert said.status == 0
        assert "warning" in said.errors
        assert key not in said.errors

    def test_the_schema_is_for_editors(self, tmp_path: Path) -> None:
        assert call(tmp_path, "check", "--schema").data["$schema"].startswith("https://json-schema.org/")

    def test_nothing_outside_is_tried_with_a_broken_file(self, tmp_path: Path) -> None:
        (tmp_path / "hub.yaml").write_text("buss: x\n", encoding="utf-8")
        assert "mend the file first" in call(tmp_path, "check", "--connect").errors


class TestTranslate:
    def order(self, folder: Path, **changes: object) -> None:
        (folder / "order.json").write_text(json.dumps(wire_order(**changes), indent=1), encoding="utf-8")  # type: ignore[arg-type]

    def test_a_document_becomes_canonical_json(self, tmp_path: Path) -> None:
        self.order(tmp_path)
        said = call(tmp_path, "translate", "webstore/order", "order.json", "--set", "channel=shop")
        assert said.status == 0
        assert (said.data["channel"], said.data["channel_ref"], said.data["total"]) == (
            "shop",
            "W-1001",
            "44.80",
        )

    def test_each_error_is_one_line_with_its_places(self, tmp_path: Path) -> None:
        self.order(tmp_path, currency="EURO", total="a lot")
        said = call(tmp_path, "translate", "webstore/order", "order.json", "--set", "channel=shop", width=40)
        assert said.status == 1
        lines = said.errors.splitlines()
        assert len(lines) == 2
        assert all("mappings/webstore/order.yaml:" in line and "line " in line for line in lines)

    def test_the_reverse_is_written(self, tmp_path: Path) -> None:
        mapping = (
            "mapping: own/told\nversion: 1\nwrites: json\nsource: CancelDocument\n"
            "fields:\n  number: channel_ref\n  why: reason\n"
        )
        (tmp_path / "own").mkdir()
        (tmp_path / "own" / "told.yaml").write_text(mapping, encoding="utf-8")
        values = {"channel": "shop", "channel_ref": "W-1", "cancel_id": "c", "reason": "late"}
        (tmp_path / "c.json").write_text(json.dumps(values), encoding="utf-8")
        said = call(tmp_path, "translate", "own/told", "c.json", "--mappings", "own")
        assert said.data == {"number": "W-1", "why": "late"}

    def test_where_a_value_came_from_is_shown(self, tmp_path: Path) -> None:
        self.order(tmp_path)
        said = call(tmp_path, "translate", "webstore/order", "order.json", "--set", "channel=shop", "--where")
        assert "channel_ref = 'W-1001'" in said.out
        assert "A. Customer" not in said.out

    def test_an_unknown_mapping_is_a_wrong_call(self, tmp_path: Path) -> None:
        self.order(tmp_path)
        said = call(tmp_path, "translate", "webstore/ordr", "order.json")
        assert said.status == 2
        assert "webstore/order" in said.errors

    def test_a_file_that_is_not_there_is_a_sentence(self, tmp_path: Path) -> None:
        said = call(tmp_path, "translate", "webstore/order", "nope.json")
        assert said.status == 1
        assert "nope.json: No such file" in said.errors

    def test_a_broken_mapping_of_ones_own_is_told_with_its_line(self, tmp_path: Path) -> None:
        (tmp_path / "own").mkdir()
        (tmp_path / "own" / "x.yaml").write_text("mapping: own/x\nread: json\n", encoding="utf-8")
        self.order(tmp_path)
        said = call(tmp_path, "translate", "own/x", "order.json", "--mappings", "own")
        assert said.status == 1
        assert "own/x.yaml:2:1" in said.errors

    @pytest.mark.slow
    @pytest.mark.timeout(180)
    def test_watching_translates_again_at_every_change(self, tmp_path: Path) -> None:
        self.order(tmp_path)
        command = ["translate", "webstore/order", "order.json", "--set", "channel=shop", "--watch"]
        with begun(tmp_path, *command) as watching:
            wait_for(tmp_path / "out", "W-1001")
            for _ in range(100):
                self.order(tmp_path, currency="EURO")
                errors = (tmp_path / "err").read_text(encoding="utf-8")
                if "EURO" in errors and "not translated" in errors:
                    break
                time.sleep(1)
            watching.send_signal(signal.SIGINT)
            watching.wait(20)
        errors = (tmp_path / "err").read_text(encoding="utf-8")
        assert "not translated" in errors
        assert "Traceback" not in errors


class TestSimulate:
    @pytest.mark.slow
    def test_a_partner_is_played_until_it_is_told_to_end(self, tmp_path: Path) -> None:
        command = ["simulate", "stripe", "--data", "played", "--fault", "http_500=0.5", "--json"]
        with begun(tmp_path, *command) as playing:
            wait_for(tmp_path / "out", '"folder"')
            said = json.loads((tmp_path / "out").read_text(encoding="utf-8"))
            assert said["settings"]["api_base"].startswith("http://127.0.0.1:")
            assert Path(said["folder"]) == tmp_path / "played"
            playing.send_signal(signal.SIGTERM)
            assert playing.wait(20) == 0
        assert (tmp_path / "played" / "ledger.jsonl").exists()
        assert "Traceback" not in (tmp_path / "err").read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("stripes",), "did you mean stripe"),
            (("stripe", "--fault", "http_500"), "NAME=VALUE"),
            (("stripe", "--fault", "http_500=2"), "from 0 to 1"),
        ],
    )
    def test_a_wrong_call_says_what_is_right(self, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
        result = call(tmp_path, "simulate", *words)
        assert result.status == 2
        assert said in result.errors


class TestWebhooks:
    PAY = "connectors:\n  pay: {type: stripe, secret_key: '${KEY}', api_base: 'http://127.0.0.1:9'}\n"

    def test_a_connector_without_its_signing_secret_is_warned_of_and_listed(self, tmp_path: Path) -> None:
        (tmp_path / "hub.yaml").write_text(self.PAY, encoding="utf-8")
        checked = call(tmp_path, "check", KEY="sk_test_1")
        assert checked.status == 0
        assert "connectors.pay.webhook_secrets" in checked.errors
        assert "orderhub webhooks register" in " ".join(checked.errors.split())
        doors = call(tmp_path, "webhooks", "list", "--json", KEY="sk_test_1").data
        assert [one["url"].partition("/connectors")[2] for one in doors] == ["/pay/webhook"]

    @pytest.mark.parametrize(
        ("url", "said"), [("http://hub.example.com", "https only"), ("https://hub.example.com", "reached")]
    )
    def test_what_keeps_a_registration_from_happening_is_said(
        self, tmp_path: Path, url: str, said: str
    ) -> None:
        (tmp_path / "hub.yaml").write_text(self.PAY, encoding="utf-8")
        told = call(tmp_path, "webhooks", "register", "pay", "--url", url, KEY="sk_test_1")
        assert told.status == 1
        assert said in " ".join(told.errors.split())


class TestConnectors:
    def test_every_type_is_listed_with_what_it_fills(self, tmp_path: Path) -> None:
        found = {
            one["type"]: one["fills"]
            for one in call(tmp_path, "connectors", "list", "--types", "--json").data
        }
        assert found["stripe"] == ["PaymentGateway"]
        assert found["warehouse"] == ["FulfilmentPoint"]

    def test_a_test_says_of_each_whether_it_answers(self, tmp_path: Path) -> None:
        begin(tmp_path)
        pay = (
            "connectors:\n  pay: {type: stripe, secret_key: sk_test_1, webhook_secrets: [whsec_1], "
            "api_base: 'http://127.0.0.1:9'}"
        )
        text = (tmp_path / "hub.yaml").read_text(encoding="utf-8").replace("\nconnectors:", f"\n{pay}", 1)
        (tmp_path / "hub.yaml").write_text(text, encoding="utf-8")
        said = call(tmp_path, "connectors", "test", "--json")
        assert said.status == 1
        assert {one["connector"]: one["ok"] for one in said.data} == {"pay": False, "shop": True}
