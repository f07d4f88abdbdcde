"""`orderhub inbound`, in a hub with a 3PL that is told by files."""

from pathlib import Path

import pytest

from tests.hub.cli.calling import call

THIRD = """connectors:
  third:
    type: warehouse_edi
    node: hamburg
    depositor: Our shop
    transport: {type: folder, path: exchange}
    partner:
      standard: x12
      version: "004010"
      ours: {qualifier: ZZ, id: OURSHOP}
      theirs: {qualifier: ZZ, id: THIRDPARTY}
"""
NODES = """
nodes:
  hamburg: {connector: third, country: DE}
  shop: {connector: shop, country: DE}
"""
FILE = "number,sku,quantity,expected_at,carrier\nASN-7,CUP,20,2026-12-01T08:00:00Z,UPSN\nASN-7,POT,5,,\n"


@pytest.fixture
def trading(folder: Path) -> Path:
    """A copy of the hub that also has a 3PL."""
    file = folder / "hub.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count("\nconnectors:\n") == 1
    file.write_text(text.replace("connectors:\n", THIRD, 1) + NODES, encoding="utf-8")
    (folder / "asn.csv").write_text(FILE, encoding="utf-8")
    return folder


def test_goods_are_announced_listed_and_shown(trading: Path) -> None:
    said = call(trading, "inbound", "announce", "hamburg", "asn.csv", "--json")
    assert said.status == 0, said.errors
    assert said.data == {"node": "hamburg", "announced": ["ASN-7"], "same": []}
    assert call(trading, "inbound", "announce", "hamburg", "asn.csv", "--json").data["same"] == ["ASN-7"]
    (listed,) = call(trading, "inbound", "list", "--json").data["items"]
    assert (listed["number"], listed["status"], listed["expected"]) == ("ASN-7", "announced", 25)
    shown = call(trading, "inbound", "show", "hamburg", "ASN-7", "--json").data
    assert (shown["told"], [line["sku"] for line in shown["lines"]]) == ("pending", ["CUP", "POT"])
    (effect,) = call(trading, "effects", "list", "--json").data["items"]
    assert (effect["key"], effect["connector"]) == ("announce:hamburg:ASN-7", "third")


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("words", [("list",), ("show", "hamburg", "ASN-7")], ids=" ".join)
def test_it_fits_the_terminal(trading: Path, words: tuple[str, ...], width: int) -> None:
    call(trading, "inbound", "announce", "hamburg", "asn.csv")
    said = call(trading, "inbound", *words, width=width)
    assert said.status == 0, said.errors
    assert "ASN-7" in said.out
    assert max(len(line) for line in said.out.splitlines()) <= width


def test_they_are_listed_by_how_far_they_have_come(trading: Path) -> None:
    call(trading, "inbound", "announce", "hamburg", "asn.csv")
    assert call(trading, "inbound", "list", "--status", "received", "--json").data["items"] == []
    assert len(call(trading, "inbound", "list", "--node", "hamburg", "--json").data["items"]) == 1
    wrong = call(trading, "inbound", "list", "--status", "lost")
    assert wrong.status == 2
    assert "partly_received" in wrong.errors


def test_a_wrong_row_is_named_with_its_line_and_column(trading: Path) -> None:
    (trading / "asn.csv").write_text(FILE.replace("POT,5", "POT,none"), encoding="utf-8")
    said = call(trading, "inbound", "announce", "hamburg", "asn.csv")
    assert said.status == 2
    assert "asn.csv: line 3: quantity" in said.errors


def test_a_node_that_can_not_be_told_is_a_sentence(trading: Path) -> None:
    said = call(trading, "inbound", "announce", "shop", "asn.csv")
    assert said.status == 1
    assert "has no words for it" in " ".join(said.errors.split())
    unknown = call(trading, "inbound", "show", "hamburg", "ASN-9")
    assert unknown.status == 1
    assert "orderhub inbound list" in " ".join(unknown.errors.split())
