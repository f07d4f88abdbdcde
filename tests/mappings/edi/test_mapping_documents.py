"""Mapping documents that read and write EDI, as they do any other syntax."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import BaseModel

from mappings import Environment, MappingRegistry
from mappings import Mapping as Compiled
from mappings.errors import MappingError, Problem
from mappings.syntax.edi.options import EdifactOptions
from mappings.syntax.edi.syntax import EdifactSyntax, X12Syntax
from tests.mappings.edi.files import ORDERS, codes, edifact, group, message, order, x12


class Line(BaseModel):
    sku: str
    quantity: int
    parts: list[str] = []


class Order(BaseModel):
    number: str
    sender: str
    ship_to: str | None = None
    lines: list[Line]


ENVELOPE = {
    "interchange": {
        "sender": "HUB", "sender_qualifier": "ZZ", "receiver": "ACME", "receiver_qualifier": "ZZ", "control": 31,
        "date": "261120", "time": "0930", "test": False,
    },
    "group": {"control": 8, "version": "004010"},
    "control": "0001",
}  # fmt: skip
"""What the hub hands over beside a document."""

READS_X12 = """
mapping: acme/order
version: 1
reads: x12
target: Order
documents: sets
syntax: {set: "850"}
fields:
  number: BEG.03
  sender: interchange.sender
  ship_to: "N1[?N1.01=='ST'].N1.02 | [0]"
  lines:
    each: PO1
    fields:
      sku: PO1.07
      quantity: {from: PO1.02, transform: int}
"""
READS_EDIFACT = """
mapping: acme/orders
version: 1
reads: edifact
target: Order
documents: sets
fields:
  number: BGM.02
  sender: interchange.sender
  lines:
    each: SG25
    fields:
      sku: LIN.03
      quantity: {from: "QTY[?01=='21'] | [0].01_2", transform: int}
"""
WRITES_X12 = """
mapping: acme/invoice
version: 1
writes: x12
source: Order
context: [envelope]
syntax: {set: "850", check: envelope}
fields:
  interchange: {context: envelope.interchange}
  group: {context: envelope.group}
  control: {context: envelope.control}
  BEG: {fields: {"01": {value: "00"}, "02": {value: SA}, "03": number, "05": {value: "20261120"}}}
  PO1:
    each: lines
    fields:
      PO1: {fields: {"01": {counter: 1}, "02": {from: quantity, transform: text}, "06": {value: VN}, "07": sku}}
"""


def compiled(text: str) -> Compiled:
    environment = Environment(models={"Order": Order})
    (found,) = MappingRegistry(environment).load({"acme.yaml": text}).values()
    return found


BOUGHT = ("BEG*00*SA*PO-1**20261120", "N1*ST*A. Customer", "PO1*1*5*EA*9.95**VN*CUP", "PO1*2*1*EA*1**VN*POT")


def test_an_order_is_read_from_x12() -> None:
    (found,) = compiled(READS_X12).read_all(x12(*group(*order(*BOUGHT))), expect=Order)
    lines = [Line(sku="CUP", quantity=5), Line(sku="POT", quantity=1)]
    assert found == Order(number="PO-1", sender="ACME", ship_to="A. Customer", lines=lines)


READS_SCHEDULES = (
    READS_X12.replace("each: PO1\n", "each: SCH\n    within: PO1\n")
    .replace("sku: PO1.07", "sku: ^.PO1.07")
    .replace("from: PO1.02", "from: SCH.01")
)
DELIVERIES = ("SCH*2*EA***002*20261201", "SCH*3*EA***002*20261208")


def test_what_is_said_of_a_line_many_times_is_a_list_of_its_own() -> None:
    raw = x12(*group(*order(*BOUGHT[:3], *DELIVERIES, BOUGHT[3])))
    (found,) = compiled(READS_SCHEDULES).read_all(raw, expect=Order)
    assert found.lines == [Line(sku="CUP", quantity=2), Line(sku="CUP", quantity=3)]


def test_an_error_in_a_list_within_a_list_has_its_place() -> None:
    raw = x12(*group(*order(*BOUGHT, DELIVERIES[0], DELIVERIES[1].replace("*3*", "*3.5*"))))
    found = problem_of(raw, READS_SCHEDULES)
    assert (found.target, found.source) == ("lines[1].quantity", "sets[0].PO1[1].SCH[1].SCH.01")


def test_an_order_is_read_from_edifact() -> None:
    (found,) = compiled(READS_EDIFACT).read_all(
        edifact(
            *message(
                "BGM+220+PO-1+9", "DTM+137:20261120:102", "NAD+BY+1::9", "LIN+1++CUP:EN", "QTY+21:5", "UNS+S"
            )
        ),
        expect=Order,
    )
    assert found == Order(number="PO-1", sender="4012345000009", lines=[Line(sku="CUP", quantity=5)])


def test_a_file_may_hold_many_sets() -> None:
    raw = x12(*group(*order(*BOUGHT), *order(*BOUGHT, control="0002"), sets=2))
    assert len(compiled(READS_X12).read_all(raw)) == 2


def problem_of(raw: bytes, text: str = READS_X12) -> Problem:
    with pytest.raises(MappingError) as caught:
        compiled(text).read_all(raw)
    return caught.value.problem


def test_an_error_points_at_segment_and_element() -> None:
    raw = x12(*group(*order(*BOUGHT[:2], "PO1*1*5.5*EA*9.95**VN*CUP")))
    found = problem_of(raw)
    assert found.source == "sets[0].PO1[0].PO1.02"
    assert found.position is not None
    assert (found.position.segment, found.position.element) == (4, 2)
    assert found.position.offset == raw.index(b"5.5")


def test_an_error_points_at_a_component() -> None:
    lines = ("BGM+220+PO-1+9", "DTM+137:20261120:102", "NAD+BY+1::9", "LIN+1++CUP:EN", "QTY+21:5.5", "UNS+S")
    found = problem_of(edifact(*message(*lines)), READS_EDIFACT.replace("QTY[?01=='21'] | [0]", "QTY[0]"))
    assert found.position is not None
    assert (found.position.segment, found.position.element, found.position.component) == (6, 1, 2)


def test_an_error_in_a_segment_that_was_searched_for_points_at_it() -> None:
    lines = ("BGM+220+PO-1+9", "DTM+137:20261120:102", "NAD+BY+1::9", "LIN+1++CUP:EN", "QTY+21:5", "UNS+S")
    searching = READS_EDIFACT.replace("number: BGM.02", "number: \"SG2[?NAD.01=='BY'] | [0].NAD\"")
    found = problem_of(edifact(*message(*lines)), searching)
    assert (found.target, found.position and found.position.segment) == ("number", 4)


def test_what_the_envelope_refuses_is_not_mapped() -> None:
    found = problem_of(x12(*group(*order(*BOUGHT, count=9))))
    assert found.reason.startswith("SE01-count: ")
    assert found.position is not None
    assert found.position.segment == 6


def test_what_the_grammar_refuses_is_not_mapped_unless_only_envelopes_are_checked() -> None:
    raw = x12(*group(*order("BEG*00*SA*PO-1**20261120", "PO1*1*5*EA*9.95**VN*CUP", "ZZZ*1")))
    assert "ZZZ" in str(problem_of(raw))
    lenient = READS_X12.replace('{set: "850"}', '{set: "850", check: envelope}')
    assert len(compiled(lenient).read_all(raw)) == 1


def test_a_set_of_another_type_is_refused_or_left_out() -> None:
    raw = x12(*group(*order(*BOUGHT))).replace(b"ST*850", b"ST*860")
    assert "860" in problem_of(raw).reason
    skipping = READS_X12.replace('{set: "850"}', '{set: "850", others: skip}')
    assert compiled(skipping).read_all(raw) == []


def test_a_byte_that_is_not_in_the_character_set_is_refused() -> None:
    raw = x12(*group(*order(BOUGHT[0], "N1*ST*Andr\xe9", *BOUGHT[2:])))
    assert "charset" in problem_of(raw).reason
    latin = READS_X12.replace('{set: "850"}', '{set: "850", charset: latin-1}')
    (found,) = compiled(latin).read_all(raw, expect=Order)
    assert found.ship_to == "André"


def written(text: str = WRITES_X12, envelope: Mapping[str, Any] = ENVELOPE, **changes: Any) -> bytes:
    values = {"number": "PO-1", "sender": "", "lines": [Line(sku="CUP", quantity=5)], **changes}
    return compiled(text).write(Order(**values), {"envelope": envelope})


def test_a_set_is_written_with_its_envelopes_and_counts() -> None:
    raw = written()
    assert codes(raw) == []
    lines = raw.decode().split("~")
    assert lines[1] == "GS*PO*HUB*ACME*20261120*0930*8*X*004010"
    assert lines[2:] == ["ST*850*0001", "BEG*00*SA*PO-1**20261120", "PO1*1*5****VN*CUP", "SE*4*0001", "GE*1*8",
                         "IEA*1*000000031", ""]  # fmt: skip
    assert len(lines[0]) == 105


def test_what_is_written_is_read_again() -> None:
    (found,) = compiled(READS_X12.replace('"850"', '"850", check: envelope')).read_all(
        written(), expect=Order
    )
    assert (found.number, found.sender, found.lines) == ("PO-1", "HUB", [Line(sku="CUP", quantity=5)])


def refusal(**changes: Any) -> Problem:
    with pytest.raises(MappingError) as caught:
        written(**changes)
    return caught.value.problem


def test_a_value_with_a_delimiter_of_x12_is_refused_with_its_place() -> None:
    found = refusal(lines=[Line(sku="CUP", quantity=5), Line(sku="A*B", quantity=1)])
    assert (found.target, "'*'" in found.reason) == ("PO1[1].PO1.07", True)


def test_a_value_with_a_line_break_is_refused() -> None:
    assert "control character" in refusal(number="PO\n1").reason


def test_an_envelope_without_control_number_is_refused() -> None:
    missing = {**ENVELOPE, "interchange": {**ENVELOPE["interchange"], "control": None}}  # type: ignore[dict-item]
    assert refusal(envelope=missing).target == "interchange.control"
    wrong = {**ENVELOPE, "control": "A1"}
    assert "control number" in refusal(envelope=wrong).reason


def test_what_the_grammar_would_refuse_is_not_written() -> None:
    strict = WRITES_X12.replace(", check: envelope", "")
    found = refusal(text=strict.replace('"02": {value: SA}, ', ""))
    assert found.reason.startswith("what would be written is wrong: ")


NOTE = {
    "type": "ORDERS", "version": "D96A", "control": 1, "interchange": {
        "sender": "4012345000009", "sender_qualifier": "14", "receiver": "4098765000010", "receiver_qualifier": "14",
        "control": 77, "date": "261120", "time": "0930",
    },
    "BGM": {"01": "220", "02": "PO-1", "03": "9"},
    "FTX": [{"01": "AAI", "04": "it's 5+5: why?", "04_2": "b"}],
}  # fmt: skip


def test_edifact_releases_what_has_a_meaning() -> None:
    raw = EdifactSyntax(EdifactOptions(check="envelope")).write(NOTE)
    assert b"FTX+AAI+++it?'s 5?+5?: why??:b'" in raw
    assert EdifactSyntax(EdifactOptions(check="envelope")).read(raw).root["sets"][0]["FTX"] == NOTE["FTX"]


def test_a_tree_that_was_read_can_be_written() -> None:
    for syntax, raw in ((X12Syntax(), x12(*group(*order(*BOUGHT)))), (EdifactSyntax(), ORDERS)):
        tree = syntax.read(raw).root
        again = syntax.write(tree)
        assert syntax.read(again).root == tree


def test_levels_are_numbered_where_they_are_written() -> None:
    tree = {
        "type": "856", "control": "0001", "interchange": ENVELOPE["interchange"], "group": ENVELOPE["group"],
        "BSN": {"01": "00", "02": "S-1", "03": "20261120", "04": "0930"},
        "HL_S": [
            {"HL": {}, "TD5": [{"03": "UPSN"}], "HL_O": [{"PRF": {"01": "PO-1"}, "HL_I": [{"LIN": {"02": "VN"}}]}]}
        ],
    }  # fmt: skip
    raw = X12Syntax().write(
        tree | {"HL_S": [{"HL_O": [{"PRF": {"01": "PO-1"}, "HL_I": [{"SN1": {"02": 3, "03": "EA"}}]}]}]}
    )
    assert b"HL*1**S*1~HL*2*1*O*1~PRF*PO-1~HL*3*2*I*0~SN1**3*EA~" in raw


READS_LEVELS = """
mapping: acme/levels
version: 1
reads: x12
target: Order
documents: [sets, "HL_S[]", "HL_O[]"]
syntax: {set: "856", check: envelope}
fields:
  number: PRF.01
  sender: {list: [^^.BSN.02, "^.TD5[0].03"], finish: {join: " by "}}
  lines:
    each: HL_I
    fields: {sku: LIN.03, quantity: {from: SN1.02, transform: int}}
"""
SHIPPED = (
    "ST*856*0001", "BSN*00*S-1*20261120*0930*0004", "HL*1**S", "TD5**2*UPSN",
    "HL*2*1*O", "PRF*PO-1", "HL*3*2*I", "LIN**SK*CUP", "SN1**2*EA",
    "HL*4*1*O", "PRF*PO-2", "HL*5*4*I", "LIN**SK*POT", "SN1**1.5*EA", "CTT*5", "SE*16*0001",
)  # fmt: skip


def test_documents_may_lie_several_lists_deep() -> None:
    raw = x12(*group(*SHIPPED)).replace(b"1.5", b"1")
    found = compiled(READS_LEVELS).read_all(raw, expect=Order)
    assert [(one.number, one.sender) for one in found] == [("PO-1", "S-1 by UPSN"), ("PO-2", "S-1 by UPSN")]


def test_what_is_wrong_deep_in_a_document_has_its_place() -> None:
    first, second = compiled(READS_LEVELS).outcomes(x12(*group(*SHIPPED)))
    assert first.problems == ()
    (found,) = second.problems
    assert (found.document, found.source) == (2, "sets[0].HL_S[0].HL_O[1].HL_I[0].SN1.02")


def test_a_list_of_documents_that_is_not_there_is_another_kind_of_document() -> None:
    found = problem_of(
        x12(*group("ST*856*0001", *SHIPPED[1:4], "CTT*1", "SE*6*0001")),
        READS_LEVELS.replace("HL_O[]", "HL_O"),
    )
    assert found.reason.startswith("there is nothing here that could hold documents")
    assert found.source == "sets[0].HL_S[0].HL_O"
