"""A sound set of each type has no fault, and every segment its place."""

import pytest

from mappings.syntax.edi.model import Place, SetKey, Standard
from tests.mappings.edi.grammar import samples
from tests.mappings.edi.grammar.harness import EDIFACT_MARKS, X12_MARKS, checked, edifact, short, x12


@pytest.mark.parametrize("type_", samples.X12)
def test_a_sound_set_of_x12_has_no_fault(type_: str) -> None:
    assert short(x12(samples.X12[type_])) == []


@pytest.mark.parametrize("type_", samples.X12_005010)
def test_a_sound_set_of_005010_has_no_fault(type_: str) -> None:
    assert short(x12(samples.X12_005010[type_], "005010")) == []


@pytest.mark.parametrize("version", samples.CONTRL)
def test_a_sound_contrl_of_either_syntax_has_no_fault(version: str) -> None:
    assert short(edifact(samples.CONTRL[version], version)) == []


@pytest.mark.parametrize("type_", samples.EDIFACT_96A)
def test_a_sound_message_of_d96a_has_no_fault(type_: str) -> None:
    assert short(edifact(samples.EDIFACT_96A[type_], "D96A")) == []


@pytest.mark.parametrize("type_", samples.EDIFACT_01B)
def test_a_sound_message_of_d01b_has_no_fault(type_: str) -> None:
    assert short(edifact(samples.EDIFACT_01B[type_], "D01B")) == []


def test_an_implementation_guide_in_the_version_does_not_hide_the_grammar() -> None:
    assert short(x12(samples.X12["850"], "004010VICS")) == []


def test_a_version_differs_from_its_base_only_where_it_says_so() -> None:
    long = "ST*850*1~BEG*00*SA*1**20260302~REF*CO*" + "x" * 50 + "~PO1*1*1*EA~MSG*x~CTT*1~SE*7*1~"
    assert short(x12(long, "004010")) == ["3 REF02 element-too-long 5"]
    assert short(x12(long, "005010")) == ["5 MSG segment-not-in-set 6"]


@pytest.mark.parametrize("type_", samples.X12)
def test_each_set_has_a_grammar_in_both_versions(type_: str) -> None:
    head, tail = samples.X12[type_].rsplit("SE*", 1)
    wrong = f"{head}ZZZ*1~SE*{tail}"
    for version in ("004010", "005010"):
        assert any("ZZZ segment-unknown" in fault for fault in short(x12(wrong, version)))


def test_each_segment_says_which_loops_it_is_in() -> None:
    key = SetKey(Standard.X12, "850", "004010")
    places = checked(key, samples.X12["850"], X12_MARKS)[1]
    assert places[0] == Place(())
    assert places[11:13] == [Place(("N1",), opens=True), Place(("N1",))]
    assert places[16:20] == [
        Place(("PO1",), opens=True),
        Place(("PO1", "PID"), opens=True),
        Place(("PO1", "SCH"), opens=True),
        Place(("PO1", "N1"), opens=True),
    ]


def test_each_segment_says_which_groups_it_is_in() -> None:
    key = SetKey(Standard.EDIFACT, "ORDERS", "D96A")
    places = checked(key, samples.ORDERS, EDIFACT_MARKS)[1]
    assert places[12] == Place(("SG25",), opens=True)
    assert places[15] == Place(("SG25",))
    assert places[17] == Place(("SG25", "SG28"), opens=True)
