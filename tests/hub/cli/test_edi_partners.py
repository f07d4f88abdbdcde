"""`orderhub edi` by the name of a partner: a file is held against all that was agreed, without any store."""

from pathlib import Path

import pytest

from tests.hub.cli.calling import call
from tests.mappings.edi.ack.damaged import order, purchase_orders
from tests.mappings.edi.ack.test_contrl import order as message
from tests.mappings.edi.ack.test_contrl import orders

HUB = """
store: sqlite:///hub.db
master_key: Zm9yIHRlc3RzIG9ubHksIG5vdGhpbmcgcmVhbCBoZXI=
connectors:
  acme:
    type: dropship_edi
    node: acme
    buyer: Our Shop Inc
    transport: {type: folder, path: share}
    partner:
      standard: x12
      version: "004010"
      ours: {qualifier: ZZ, id: HUB}
      theirs: {qualifier: "01", id: "123456789"}
      overlays: acme-overlays
      acknowledge: "999"
      receives: ["850"]
      tolerate: [SE01-count]
      delimiters: {segment: "!", element: "|", component: ">"}
      charset: iso-8859-1
  shop:
    type: webstore
    api_secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]
"""
OTHER = purchase_orders(order("0001")).replace("01*123456789 ", "01*987654321 ")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "hub.yaml").write_text(HUB)
    (tmp_path / "acme-overlays").mkdir()
    overlay = "overlay acme\non x12 004010 850\nrequire N1 with N101 ST\ncodes BEG02 SA DS\n"
    (tmp_path / "acme-overlays" / "850.overlay").write_text(overlay)
    (tmp_path / "sound.edi").write_text(purchase_orders(order("0001")))
    (tmp_path / "test.edi").write_text(purchase_orders(order("0001"), test=True))
    (tmp_path / "counted.edi").write_text(purchase_orders(order("0001", count=9)))
    (tmp_path / "other.edi").write_text(OTHER)
    (tmp_path / "kind.edi").write_text(purchase_orders(order("0001")).replace("ST*850", "ST*860"))
    return tmp_path


def test_what_this_hub_would_answer_is_as_agreed(here: Path) -> None:
    said = call(here, "edi", "ack", "sound.edi", "--partner", "acme")
    assert said.status == 0
    assert "|01|123456789      |" in said.out
    assert "!AK1|PO|17|004010!AK2|850|0001!IK5|A!AK9|A|1|1|1!" in said.out
    assert not (here / "hub.db").exists()
    assert "AK5|A!" in call(here, "edi", "ack", "sound.edi", "--partner", "acme", "--as", "997").out
    assert "!TA1|000000905|261122|2300|A|000!" in call(
        here, "edi", "ack", "sound.edi", "--partner", "acme", "--as", "ta1"
    ).out  # fmt: skip


def test_what_the_overlays_refuse_is_refused(here: Path) -> None:
    (here / "wrong.edi").write_text(purchase_orders(order("0001")).replace("BEG*00*SA", "BEG*00*XX"))
    said = call(here, "edi", "ack", "wrong.edi", "--partner", "acme")
    assert "IK3|BEG|2||8!" in said.out
    assert "IK4|2|92|7|XX!" in said.out
    listed = call(here, "edi", "parse", "wrong.edi", "--partner", "acme", "--json")
    assert listed.data["sets"][0]["type"] == "850"


def test_a_test_is_refused_in_production(here: Path) -> None:
    said = call(here, "edi", "ack", "test.edi", "--partner", "acme")
    assert (said.status, "!TA1|000000905|261122|2300|R|020!" in said.out) == (0, True)
    said = call(here, "edi", "validate", "test.edi", "--partner", "acme")
    assert (said.status, "test-refused" in said.out) == (1, True)


def test_a_stranger_is_not_answered(here: Path) -> None:
    said = call(here, "edi", "ack", "other.edi", "--partner", "acme")
    assert (said.status, said.out) == (1, "")
    assert "is from 01:987654321 in x12, which is not this connector's partner" in said.errors
    (found,) = call(here, "edi", "ack", "other.edi", "--partner", "acme", "--json").data
    assert (found["decision"], found["sets"][0]["decision"]) == ("rejected", "rejected")
    assert found["acknowledgement"] is None
    said = call(here, "edi", "validate", "other.edi", "--partner", "acme")
    assert (said.status, "unknown-sender: interchange 000000905 is from" in said.out) == (1, True)
    (here / "edifact.edi").write_text(orders(message("1")))
    assert "in edifact" in call(here, "edi", "validate", "edifact.edi", "--partner", "acme").out


def test_what_is_tolerated_is_a_warning_and_is_accepted(here: Path) -> None:
    assert call(here, "edi", "validate", "counted.edi").status == 1
    said = call(here, "edi", "validate", "counted.edi", "--partner", "acme")
    assert (said.status, "SE01-count: warning: " in said.out) == (0, True)
    assert "IK5|E|4!" in call(here, "edi", "ack", "counted.edi", "--partner", "acme").out


def test_a_set_that_was_not_agreed_on_is_an_error(here: Path) -> None:
    said = call(here, "edi", "validate", "kind.edi", "--partner", "acme", "--json")
    assert said.status == 1
    assert "ST-not-agreed" in [fault["code"] for fault in said.data["faults"]]
    assert "IK5|R|1" in call(here, "edi", "ack", "kind.edi", "--partner", "acme").out


def test_the_character_set_is_the_agreed_one(here: Path) -> None:
    (here / "latin.edi").write_bytes(
        purchase_orders(order("0001")).replace("Shop", "Caf\xe9").encode("latin-1")
    )
    assert call(here, "edi", "validate", "latin.edi").status == 1
    assert call(here, "edi", "validate", "latin.edi", "--partner", "acme").status == 0


def test_an_overlay_may_be_tried_on_top_of_what_was_agreed(here: Path) -> None:
    (here / "new.overlay").write_text("overlay new\non x12 004010 850\nrequire CUR\n")
    said = call(here, "edi", "validate", "sound.edi", "--partner", "acme", "--partner", "new.overlay")
    assert (said.status, "CUR" in said.out) == (1, True)


def test_the_configuration_may_lie_elsewhere(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    file, config = str(here / "sound.edi"), str(here / "hub.yaml")
    assert call(elsewhere, "edi", "validate", file, "--partner", "acme", "--config", config).status == 0
    said = call(elsewhere, "edi", "validate", file, "--partner", "acme")
    assert (said.status, "there is no hub.yaml here" in said.errors) == (2, True)


def test_a_name_that_is_none_is_told_with_those_that_there_are(here: Path) -> None:
    said = call(here, "edi", "ack", "sound.edi", "--partner", "acne")
    assert said.status == 2
    assert "'acne' is no overlay, no folder and no partner in hub.yaml; did you mean acme?" in said.errors
    assert "partners there: acme" in said.errors
    said = call(here, "edi", "ack", "sound.edi", "--partner", "shop")
    assert "shop (webstore) exchanges no interchanges; partners there: acme" in said.errors
    said = call(here, "edi", "ack", "sound.edi", "--partner", "acme", "--partner", "shop")
    assert "two partners" in said.errors
    (here / "acme-overlays" / "850.overlay").write_text("overlay acme\non x12 004010 999\n")
    assert "850.overlay:2" in call(here, "edi", "ack", "sound.edi", "--partner", "acme").errors


def test_a_word_that_is_a_folder_too_is_the_partner(here: Path) -> None:
    (here / "acme").mkdir()
    (here / "acme" / "850.overlay").write_text("overlay acme\non x12 004010 850\nrequire CUR\n")
    assert call(here, "edi", "validate", "sound.edi", "--partner", "acme").status == 0
    assert "CUR" in call(here, "edi", "validate", "sound.edi", "--partner", "./acme").out
    (here / "hub.yaml").write_text("store: [")  # what can't be read names nobody
    assert "CUR" in call(here, "edi", "validate", "sound.edi", "--partner", "acme").out
