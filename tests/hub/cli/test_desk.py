"""The desk's commands, over a store that holds two orders and a message that could not be read."""

import json
from pathlib import Path

import pytest

from tests.hub.cli.calling import call


def failure_id(folder: Path) -> str:
    (failure,) = call(folder, "failures", "list", "--json").data["items"]
    return str(failure["id"])


class TestOrders:
    def test_they_are_listed_with_how_they_stand(self, folder: Path) -> None:
        said = call(folder, "orders", "list")
        assert said.status == 0
        assert "shop:W-1" in said.out
        assert "44.80" in said.out

    @pytest.mark.parametrize("width", [80, 120])
    @pytest.mark.parametrize(
        "words",
        [
            ("orders", "list"),
            ("orders", "show", "W-1"),
            ("orders", "explain", "W-1"),
            ("messages", "list"),
            ("failures", "list"),
            ("failures", "list", "--groups"),
            ("effects", "list"),
            ("connectors", "list"),
            ("connectors", "show", "shop"),
            ("replay", "status"),
            ("tokens", "list"),
            ("items", "list"),
            ("nodes", "list"),
        ],
        ids=" ".join,
    )
    def test_everything_fits_the_terminal(self, folder: Path, words: tuple[str, ...], width: int) -> None:
        said = call(folder, *words, width=width)
        assert said.status == 0, said.errors
        assert max(len(line) for line in said.out.splitlines()) <= width
        assert "\x1b[" not in said.out

    @pytest.mark.parametrize("name", ["W-1", "shop:W-1"])
    def test_one_is_found_by_the_shops_reference(self, folder: Path, name: str) -> None:
        assert call(folder, "orders", "show", name, "--json").data["channel_ref"] == "W-1"

    def test_one_is_found_by_its_id_and_by_the_end_of_it(self, folder: Path) -> None:
        order = call(folder, "orders", "show", "W-1", "--json").data
        assert call(folder, "orders", "show", order["id"], "--json").data == order
        assert call(folder, "orders", "show", order["id"][-8:], "--json").data["id"] == order["id"]

    def test_people_are_found_by_their_address(self, folder: Path) -> None:
        found = call(folder, "orders", "list", "--email", "A.Customer@example.com", "--json").data["items"]
        assert sorted(order["channel_ref"] for order in found) == ["W-1", "W-2"]
        assert call(folder, "orders", "list", "--email", "b@example.com", "--json").data["items"] == []

    def test_a_page_says_where_the_next_begins(self, folder: Path) -> None:
        first = call(folder, "orders", "list", "--limit", "1", "--json").data
        second = call(folder, "orders", "list", "--limit", "1", "--after", first["next"], "--json").data
        names = {page["items"][0]["channel_ref"] for page in (first, second)}
        assert names == {"W-1", "W-2"}
        assert "--after" in call(folder, "orders", "list", "--limit", "1").out

    def test_explain_says_what_is_waited_for(self, folder: Path) -> None:
        explanation = call(folder, "orders", "explain", "W-1", "--json").data
        assert explanation["waits"]
        assert explanation["sentence"] in call(folder, "orders", "explain", "W-1", width=300).out

    def test_a_hold_is_placed_and_taken_away_and_both_are_in_the_history(self, folder: Path) -> None:
        held = call(folder, "orders", "hold", "W-1", "-t", "incorrect_address", "-r", "no number", "--json")
        assert held.data["applied"]
        assert "incorrect_address" in held.data["order"]["holds"]
        assert call(folder, "orders", "list", "--held", "--json").data["items"][0]["channel_ref"] == "W-1"
        freed = call(folder, "orders", "release", "W-1", "--type", "incorrect_address", "--json")
        assert "incorrect_address" not in freed.data["order"]["holds"]
        history = [entry["type"] for entry in call(folder, "orders", "show", "W-1", "--json").data["journal"]]
        assert history[-2:] == ["HoldPlaced", "HoldReleased"] or {"HoldPlaced", "HoldReleased"} <= set(
            history
        )

    def test_an_order_that_nobody_has_is_cancelled_at_once(self, folder: Path) -> None:
        said = call(folder, "orders", "cancel", "W-2", "--reason", "the customer asked", "--json")
        assert said.data["applied"]
        assert said.data["order"]["status"] == "cancelled"

    def test_a_note_is_in_the_history(self, folder: Path) -> None:
        assert call(folder, "orders", "note", "W-1", "called the shop").status == 0
        journal = call(folder, "orders", "show", "W-1", "--json").data["journal"]
        assert "called the shop" in json.dumps(journal)

    def test_an_unknown_order_is_a_sentence(self, folder: Path) -> None:
        said = call(folder, "orders", "show", "W-99")
        assert said.status == 1
        assert "W-99" in said.errors
        assert "orders list" in said.errors

    def test_an_unknown_kind_of_hold_is_a_wrong_call(self, folder: Path) -> None:
        said = call(folder, "orders", "hold", "W-1", "-t", "sulking", "-r", "x")
        assert said.status == 2
        assert "incorrect_address" in said.errors

    def test_a_refusal_is_json_for_programs(self, folder: Path) -> None:
        said = call(folder, "orders", "release", "W-1", "-t", "compliance", "--json")
        assert said.status == 1
        assert said.data["error"] == "refused"
        assert said.data["reason"]


class TestMessages:
    def test_they_are_found_by_status_and_by_business_key(self, folder: Path) -> None:
        failed = call(folder, "messages", "list", "--status", "failed", "--json").data["items"]
        assert [message["external_id"] for message in failed] == ["W-3"]
        assert len(call(folder, "messages", "list", "W-1", "--json").data["items"]) >= 1

    def test_the_body_comes_out_byte_for_byte(self, folder: Path) -> None:
        (failed,) = call(folder, "messages", "list", "--status", "failed", "--json").data["items"]
        raw = call(folder, "messages", "show", failed["id"], "--raw").out
        assert json.loads(raw)["currency"] == "EURO"
        shown = call(folder, "messages", "show", failed["id"][-8:], width=200).out
        assert "EURO" in shown


class TestFailures:
    def test_one_is_shown_with_its_problem_and_place(self, folder: Path) -> None:
        said = call(folder, "failures", "show", failure_id(folder), width=200)
        assert "currency" in said.out
        assert "EURO" in said.out

    def test_they_are_counted_by_kind(self, folder: Path) -> None:
        (kind,) = call(folder, "failures", "list", "--groups", "--json").data
        assert kind["open"] == 1
        assert "webstore/order" in kind["signature"]
        assert "@" not in kind["signature"]

    def test_a_claim_keeps_others_away_and_is_given_back(self, folder: Path) -> None:
        failure = failure_id(folder)
        assert (
            call(folder, "failures", "claim", failure, "--as", "first", "--json").data["claimed_by"]
            == "first"
        )
        other = call(folder, "replay", "run", failure, "--as", "second")
        assert other.status == 1
        assert "first" in other.errors
        freed = call(folder, "failures", "claim", failure, "--release", "--as", "first", "--json")
        assert freed.data["claimed_by"] is None

    def test_one_is_discarded_with_a_reason(self, folder: Path) -> None:
        failure = failure_id(folder)
        assert (
            call(folder, "failures", "discard", failure, "-r", "a test", "--json").data["status"]
            == "discarded"
        )
        assert call(folder, "failures", "list", "--json").data["items"] == []
        assert len(call(folder, "failures", "list", "--all", "--json").data["items"]) == 1

    def test_one_becomes_a_case_with_nobody_in_it(self, folder: Path) -> None:
        said = call(folder, "failures", "fixture", failure_id(folder), "--to", "cases", "--json").data
        document, facts, test = (folder / name for name in said["files"])
        text = "".join(file.read_text(encoding="utf-8") for file in (document, facts, test))
        for personal in ("A. Customer", 'a.customer@example.com"', "Example Street", "10115"):
            assert personal not in text
        kept = json.loads(document.read_text(encoding="utf-8"))
        assert kept["currency"] == "EURO"
        assert [line["sku"] for line in kept["lines"]] == ["CUP", "POT"]
        case = json.loads(facts.read_text(encoding="utf-8"))
        assert case["connector"] == "webstore"
        assert case["problems"][0]["value"] == "EURO"


class TestReplay:
    def test_an_edited_copy_takes_the_place_of_the_original(self, folder: Path) -> None:
        failure = failure_id(folder)
        (failed,) = call(folder, "messages", "list", "--status", "failed", "--json").data["items"]
        mended = call(folder, "messages", "show", failed["id"], "--raw").out.replace("EURO", "EUR")
        (folder / "mended.json").write_text(mended, encoding="utf-8")
        said = call(folder, "replay", "run", failure, "--with", "mended.json", "-r", "a wrong code", "--json")
        assert said.data["failure_id"] == failure
        assert call(folder, "messages", "show", failed["id"], "--json").data["status"] == "replaced"
        assert call(folder, "failures", "show", failure, "--json").data["status"] == "replaying"

    def test_an_editor_that_changes_nothing_sends_nothing(self, folder: Path) -> None:
        said = call(
            folder, "replay", "run", failure_id(folder), "--edit", "-r", "x", EDITOR="true", VISUAL=""
        )
        assert said.status == 1
        assert "nothing was sent" in said.errors

    def test_an_editor_may_do_the_mending(self, folder: Path) -> None:
        editor = "sed -i s/EURO/EUR/"
        said = call(
            folder, "replay", "run", failure_id(folder), "--edit", "-r", "code", "--json", VISUAL=editor
        )
        assert said.status == 0, said.out
        assert said.data["message_id"]

    def test_an_edit_says_why(self, folder: Path) -> None:
        said = call(folder, "replay", "run", failure_id(folder), "--edit", EDITOR="true")
        assert said.status == 2
        assert "--reason" in said.errors

    def test_a_kind_is_replayed_as_a_frozen_list(self, folder: Path) -> None:
        (kind,) = call(folder, "failures", "list", "--groups", "--json").data
        said = call(folder, "replay", "run", "--group", kind["signature"], "--yes", "--no-wait", "--json")
        assert said.status == 0, said.out
        assert said.data["total"] == 1
        shown = call(folder, "replay", "status", said.data["id"], "--json").data
        assert [item["failure_id"] for item in shown["items"]]
        assert len(call(folder, "replay", "status", "--json").data) == 1
        stopped = call(folder, "replay", "stop", said.data["id"], "--reason", "enough")
        assert stopped.status in {0, 1}

    def test_without_an_answer_nothing_is_sent(self, folder: Path) -> None:
        said = call(folder, "replay", "run", "--connector", "shop")
        assert said.status == 1
        assert call(folder, "failures", "list", "--json").data["items"][0]["status"] == "open"

    def test_it_must_be_said_what(self, folder: Path) -> None:
        assert call(folder, "replay", "run").status == 2

    def test_nothing_to_replay_is_said(self, folder: Path) -> None:
        said = call(folder, "replay", "run", "--stage", "send", "--yes")
        assert said.status == 1
        assert "nothing to replay" in said.errors


class TestEngineersDesk:
    def test_a_connector_rests_and_goes_on(self, folder: Path) -> None:
        assert call(folder, "connectors", "pause", "shop", "-r", "moving", "--json").data["paused"]
        assert "moving" in call(folder, "connectors", "show", "shop").out
        assert not call(folder, "connectors", "resume", "shop", "--json").data["paused"]

    def test_an_unknown_connector_is_a_sentence_with_what_was_meant(self, folder: Path) -> None:
        said = call(folder, "connectors", "test", "shpo")
        assert said.status == 2
        assert "shop" in said.errors

    def test_master_data_is_imported_whole_or_not_at_all(self, folder: Path) -> None:
        file = folder / "items.csv"
        file.write_text("sku,title,weight_g\nLID,A lid,80\nTRAY,A tray,heavy\n", encoding="utf-8")
        refused = call(folder, "items", "import", "items.csv")
        assert refused.status == 2
        assert "items.csv: line 3: weight_g" in refused.errors
        skus = [item["sku"] for item in call(folder, "items", "list", "--json").data["items"]]
        assert skus == ["CUP", "POT"]
        file.write_text("sku,title,weight_g\nLID,A lid,80\nTRAY,A tray,1200\n", encoding="utf-8")
        assert call(folder, "items", "import", "items.csv", "--json").data["new"] == 2
        assert call(folder, "items", "import", "items.csv", "--json").data["same"] == 2

    def test_nodes_of_the_configuration_are_known_before_the_hub_ever_ran(self, folder: Path) -> None:
        named = "\nnodes:\n  leipzig: {connector: berlin, country: DE, priority: 7}\n"
        file = folder / "hub.yaml"
        file.write_text(file.read_text(encoding="utf-8") + named, encoding="utf-8")
        (node,) = call(folder, "nodes", "list", "--json").data["items"]
        assert (node["id"], node["priority"]) == ("leipzig", 7)

    def test_nodes_are_imported_and_stock_is_counted_there(self, folder: Path) -> None:
        node = "- {id: berlin, connector: shop, country: DE}\n"
        (folder / "nodes.yaml").write_text(node, encoding="utf-8")
        assert call(folder, "nodes", "import", "nodes.yaml").status == 0
        assert call(folder, "nodes", "list", "--json").data["items"][0]["id"] == "berlin"
        counted = call(folder, "stock", "set", "CUP", "berlin", "12", "--reason", "counted", "--json").data
        assert [level["on_hand"] for level in counted["levels"] if level["node"] == "berlin"] == [12]
        assert "12" in call(folder, "stock", "show", "CUP").out

    def test_a_tokens_secret_is_shown_once(self, folder: Path) -> None:
        token = call(folder, "tokens", "create", "till", "--role", "support", "--days", "30", "--json").data
        assert token["secret"].startswith("oh_")
        listed = call(folder, "tokens", "list", "--json")
        assert token["secret"] not in listed.out
        assert call(folder, "tokens", "revoke", token["id"][-8:]).status == 0
        assert call(folder, "tokens", "list", "--json").data[0]["revoked_at"]

    def test_an_effect_that_is_not_there_is_a_sentence(self, folder: Path) -> None:
        said = call(
            folder, "effects", "resolve", "00000000-0000-7000-8000-000000000000", "confirmed", "-r", "x"
        )
        assert said.status == 1
        assert "no effect" in said.errors

    def test_the_end_of_an_id_must_be_long_enough(self, folder: Path) -> None:
        said = call(folder, "messages", "show", "ab1")
        assert said.status == 2
        assert "six" in said.errors or "6" in said.errors

    def test_doors_are_listed_with_their_addresses(self, folder: Path) -> None:
        doors = call(folder, "webhooks", "list", "--json").data
        assert {"connector": "shop", "method": "POST"}.items() <= doors[0].items()
        assert doors[0]["url"] == "http://127.0.0.1:8000/connectors/shop/orders"

    def test_a_partner_without_such_an_api_is_told_by_hand(self, folder: Path) -> None:
        said = call(folder, "webhooks", "register", "shop", "--url", "https://hub.example.com")
        assert said.status == 1
        assert "https://hub.example.com/connectors/shop/orders" in said.errors

    def test_what_was_done_is_in_the_audit_log(self, folder: Path) -> None:
        call(folder, "connectors", "pause", "shop", "-r", "moving", "--as", "a person")
        view = call(folder, "connectors", "show", "shop", "--json").data
        assert view["paused_by"] == "a person"


class TestEffects:
    def test_one_way_to_resolve_is_said(self, folder: Path) -> None:
        effect = "01a2066a-27ad-73a9-a01d-48be3c575d5b"
        several: tuple[tuple[str, ...], ...] = (
            (),
            ("--not-sent", "--look-up"),
            ("confirmed", "--confirmed", "x"),
        )
        for words in several:
            said = call(folder, "effects", "resolve", effect, *words, "--reason", "x")
            assert (said.status, "say one of" in said.errors) == (2, True)
        one_alone: tuple[tuple[str, ...], ...] = (("--not-sent",), ("look-up",), ("--confirmed", "ref-1"))
        for words in one_alone:
            said = call(folder, "effects", "resolve", effect, *words, "--reason", "x")
            assert (said.status, "there is no effect" in said.errors) == (1, True)

    def test_those_in_doubt_are_listed(self, folder: Path) -> None:
        said = call(folder, "effects", "list", "--in-doubt")
        assert (said.status, said.out.strip()) == (0, "no effect is like that")


def test_a_document_is_tried_without_a_trace(folder: Path) -> None:
    message = next(
        m for m in call(folder, "messages", "list", "--json").data["items"] if m["status"] == "done"
    )
    body = call(folder, "messages", "show", message["id"], "--raw").out
    (folder / "order.json").write_text(body.replace("W-1", "T-1").replace("W-2", "T-1"), encoding="utf-8")
    read = call(folder, "connectors", "try", "shop", "order.json", "--kind", "order")
    assert read.data[0]["channel_ref"] == "T-1", read.errors
    decided = call(folder, "connectors", "try", "shop", "order.json", "--kind", "order", "--decide")
    assert "new order shop:T-1" in decided.out
    assert "nothing was stored" in decided.out
    (folder / "order.json").write_text(body.replace('"EUR"', '"EURO"'), encoding="utf-8")
    bad = call(folder, "connectors", "try", "shop", "order.json", "--kind", "order", "--json")
    assert (bad.status, "currency" in bad.errors + bad.out) == (2, True)
