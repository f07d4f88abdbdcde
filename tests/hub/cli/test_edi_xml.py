"""`orderhub edi` with business XML: the same commands, the same shape of faults."""

import json
from pathlib import Path

import pytest

from tests.hub.cli.calling import call
from tests.mappings.business.test_checking import GS1, ORDER

SCHEMA = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
    targetNamespace="urn:oasis:names:specification:ubl:schema:xsd:Order-2">
    <xs:include schemaLocation="../common/c.xsd"/>
</xs:schema>"""
COMMON = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
    <xs:element name="Order" type="xs:date"/></xs:schema>"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "order.xml").write_bytes(ORDER)
    (tmp_path / "parcels.xml").write_bytes(GS1)
    (tmp_path / "wrong.xml").write_bytes(ORDER.replace(b"  <cbc:ID>PO-1</cbc:ID>\n", b""))
    for name, text in (("main/order.xsd", SCHEMA), ("common/c.xsd", COMMON)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_sound_file_says_nothing_but_how_many_documents_it_holds(here: Path) -> None:
    said = call(here, "edi", "validate", "parcels.xml")
    assert (said.status, said.out) == (0, "")
    assert "2 sets in 1 interchange: 2 sound" in said.errors


def test_each_fault_is_a_line_with_line_and_column(here: Path) -> None:
    said = call(here, "edi", "validate", "wrong.xml")
    assert said.status == 1
    assert said.out == "line 2, column 1, byte 39: ubl-missing: cbc:ID is missing\n"


def test_with_json_a_fault_has_its_path(here: Path) -> None:
    said = call(here, "edi", "validate", "--json", "wrong.xml")
    (fault,) = json.loads(said.out)["faults"]
    assert (fault["file"], fault["loop"], fault["line"], fault["column"]) == (
        "wrong.xml",
        "/Order/cbc:ID",
        2,
        1,
    )


def test_a_file_is_held_against_a_schema_and_what_it_imports(here: Path) -> None:
    said = call(here, "edi", "validate", "--schema", "main/order.xsd", "order.xml")
    assert said.status == 1
    assert "xml-schema: Element 'Order': Element content is not allowed" in said.out
    assert "(order.xsd)" in said.out


def test_a_schema_that_is_not_there_or_no_schema_is_refused(here: Path) -> None:
    missing = call(here, "edi", "validate", "--schema", "none.xsd", "order.xml")
    assert missing.status == 2
    assert "there is no schema" in missing.errors
    (here / "common/c.xsd").unlink()
    said = call(here, "edi", "validate", "--schema", "main/order.xsd", "order.xml")
    assert said.status == 2
    assert "common/c.xsd; nothing is fetched" in said.errors


def test_parse_tells_which_documents_are_in_a_file(here: Path) -> None:
    assert call(here, "edi", "parse", "order.xml").out == "ubl Order\n"
    said = json.loads(call(here, "edi", "parse", "--json", "parcels.xml").out)
    assert [one["type"] for one in said["sets"]] == ["gs1 warehousingOutboundNotification"] * 2


def test_parse_fails_where_a_file_can_not_be_read(here: Path) -> None:
    (here / "broken.xml").write_bytes(b"<a>\n<b></a>")
    said = call(here, "edi", "parse", "broken.xml")
    assert said.status == 1
    assert "line 2, column 8" in said.errors
