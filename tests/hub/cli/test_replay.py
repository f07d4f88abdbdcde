"""`orderhub replay` for many: plan, preview, canary, approve, and what is said when it can't be."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.cli.calling import Said, call
from tests.hub.cli.processes import begun, wait_for

TAKES_EURO = """\
overlay: shop/order
base: webstore/order
version: 1
note: This shop calls the euro EURO.
change:
  currency: {from: currency, transform: [{replace: {text: EURO, with: EUR}}, currency]}
"""


def plan(folder: Path, *more: str) -> Said:
    return call(folder, "replay", "plan", "--connector", "shop", *more)


class TestPlans:
    def test_a_plan_says_what_it_holds_and_moves_nothing(self, folder: Path) -> None:
        said = plan(folder)
        assert said.status == 0, said.errors
        assert "1 items of 0 orders" in said.out
        assert "failed with webstore/order@" in said.out
        assert "still webstore/order@" in said.out
        assert call(folder, "failures", "list", "--json").data["items"][0]["status"] == "open"

    def test_a_plan_is_shown_by_the_end_of_its_id_and_stopped(self, folder: Path) -> None:
        made = plan(folder, "--json").data
        short = made["id"][-8:]
        assert call(folder, "replay", "status", short, "--json").data["items"][0]["status"] == "planned"
        stopped = call(folder, "replay", "stop", short, "--json").data
        assert (stopped["state"], stopped["reason"]) == ("stopped", "stopped by desk")

    def test_somebody_else_agrees(self, folder: Path) -> None:
        made = plan(folder, "--json").data
        assert "somebody else must agree" in call(folder, "replay", "approve", made["id"]).errors
        agreed = call(folder, "replay", "approve", made["id"], "--as", "colleague")
        assert "by colleague" in agreed.out

    def test_a_large_plan_is_not_run_by_one_person(self, folder: Path) -> None:
        with (folder / "hub.yaml").open("a", encoding="utf-8") as file:
            file.write("\nreplay: {approval_above: 0}\n")
        made = plan(folder, "--json").data
        refused = call(folder, "replay", "run", made["id"], "--yes")
        assert (refused.status, "somebody other than desk must agree" in refused.errors) == (1, True)

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ((), "say what to replay"),
            (("--unsent", "--all"), "one of them"),
            (("--unsent", "--group", "x"), "choose failures"),
            (("--since", "1h", "--key", "x"), "choose messages"),
            (("--failures", "--by", "name"), "age or ship-by"),
            (("--all", "--connector", "shop"), "needs a reason"),
            (("--all", "--reason", "x"), "is of a selection"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, folder: Path, words: tuple[str, ...], said: str) -> None:
        refused = call(folder, "replay", "plan", *words)
        assert (refused.status, said in refused.errors) == (2, True), refused.errors

    @pytest.mark.parametrize("width", [80, 120])
    def test_everything_fits_the_terminal(self, folder: Path, width: int) -> None:
        made = plan(folder, "--json").data
        for words in (("status",), ("status", made["id"]), ("preview", made["id"])):
            said = call(folder, "replay", *words, width=width)
            assert said.status == 0, said.errors
            assert max(len(line) for line in said.out.splitlines()) <= width


class TestPreviews:
    def test_it_says_what_would_still_fail_and_stores_nothing(self, folder: Path) -> None:
        said = call(folder, "replay", "preview", "--failures")
        assert said.status == 0, said.errors
        assert "nothing was stored, and nothing was sent" in said.out
        assert "1 failed" in said.out
        assert "read by webstore/order@1+" in said.out
        assert call(folder, "replay", "status", "--json").data == []

    def test_what_is_done_stays_done_and_the_mapping_is_named(self, folder: Path) -> None:
        words = ("--all", "--connector", "shop", "--status", "done", "--reason", "what if", "--dry-run")
        said = call(folder, "replay", "plan", *words)
        assert "2 duplicate" in said.out, said.errors
        assert "read by webstore/order@" in said.out

    def test_one_failure_is_previewed_by_its_id(self, folder: Path) -> None:
        failure = call(folder, "failures", "list", "--json").data["items"][0]["id"]
        shown = call(folder, "replay", "preview", failure[-8:], "--json").data
        assert [item["failure_id"] for item in shown["items"]] == [failure]


@pytest.fixture
def running(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The hub of the folder, at work, with a mapping that reads what failed."""
    text = (folder / "hub.yaml").read_text(encoding="utf-8")
    (folder / "own").mkdir()
    (folder / "own" / "order.yaml").write_text(TAKES_EURO, encoding="utf-8")
    text = text.replace(
        "    type: webstore\n", "    type: webstore\n    mappings: {webstore/order: shop/order}\n"
    )
    (folder / "hub.yaml").write_text(f"{text}\nmappings: [own]\n", encoding="utf-8")
    with begun(folder, "run") as program:
        wait_for(folder / "out", '"running"')
        yield program


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_canary_goes_through_a_hub_that_runs(folder: Path, running: "subprocess.Popen[bytes]") -> None:
    made = plan(folder, "--json").data
    change = made["manifest"]["changes"][0]
    assert (change["failed_with"].split("@")[0], made["manifest"]["mappings"] is not None) == (
        "webstore/order",
        True,
    )
    would = call(folder, "replay", "preview", made["id"])
    assert "read by shop/order@1+" in would.out, would.out + would.errors
    assert "new order shop:W-3" in would.out
    said = call(folder, "replay", "canary", made["id"], "--yes", "--within", "60")
    assert said.status == 0, said.out + said.errors
    assert call(folder, "orders", "show", "W-3", "--json").data["channel_ref"] == "W-3"
    shown = call(folder, "replay", "status", made["id"], "--json").data
    assert (shown["state"], shown["items"][0]["mapping"].split("+")[0]) == ("done", "shop/order@1")
    assert shown["items"][0]["sent_with"].startswith("orderhub ")
