"""What is wrong with a set of X12 is said with the segment, the element and the number that AK304 and AK403 take."""

import pytest

from tests.mappings.edi.grammar.harness import short, x12

HEAD = "ST*850*0001~BEG*00*SA*PO1**20260302~"


def faults(body: str) -> list[str]:
    """Return what is wrong with an order of one line after a sound head."""
    return short(x12(f"{HEAD}{body}SE*9*0001~"))


LINE = "PO1*1*2*EA*3.50**VN*A~"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        # AK304 1: recognised by nobody.
        (f"{LINE}ZZ9*1~", ["4 ZZ9 segment-unknown 1"]),
        # 3: what is mandatory isn't there; the trailer stands where it should have.
        ("", ["3 PO1 segment-missing 3"]),
        ("N9*L1*Gift~LM*UC~PO1*1~", ["5 LQ segment-missing 3"]),
        # 4 and 5: a loop, and a segment, once too often.
        (LINE + "CTT*1~CTT*1~", ["5 CTT loop-repeats 4"]),
        (LINE + "CUR*BY*EUR~CUR*BY*EUR~", ["5 CUR segment-repeats 5"]),
        # 6: of another set.
        (f"{LINE}HL*1**S~", ["4 HL segment-not-in-set 6"]),
        # 7: at the wrong place.
        (f"{LINE}BEG*00*SA*PO1**20260302~", ["4 BEG segment-out-of-order 7"]),
        # AK403 1: mandatory.
        (f"REF~{LINE}", ["3 REF01 element-missing 1", "3 REF02 element-needed 2"]),
        # 2: conditional.
        ("PO1*1*2*EA***VN~", ["3 PO107 element-needed 2"]),
        (f"N1*ST**92~{LINE}", ["3 N104 element-needed 2"]),
        # 3: too many.
        (f"REF*CO*1*a**x~{LINE}", ["3 REF05 too-many-elements 3"]),
        (f"REF*CO*1**CO:1:CO:2:CO:3:x~{LINE}", ["3 REF04-7 too-many-components 3"]),
        (f"REF*CO*a:b~{LINE}", ["3 REF02-2 too-many-components 3"]),
        (f"REF*CO*a^b~{LINE}", ["3 REF02 too-many-repetitions 3"]),
        # 4 and 5: the length.
        (f"REF*C*1~{LINE}", ["3 REF01 element-too-short 4"]),
        (f"REF*CO*{'x' * 31}~{LINE}", ["3 REF02 element-too-long 5"]),
        (f"REF*CO*1**CO:{'x' * 31}~{LINE}", ["3 REF04-2 element-too-long 5"]),
        # 6: characters.
        ("PO1*1*two*EA~", ["3 PO102 element-character 6"]),
        (f"REF*CO*a\tb~{LINE}", ["3 REF02 element-character 6"]),
        # 8 and 9: the calendar and the clock.
        (f"DTM*002*20260230~{LINE}", ["3 DTM02 element-date 8"]),
        (f"DTM*002*20260228*2460~{LINE}", ["3 DTM03 element-time 9"]),
        # 10: one excludes the other.
        (f"{LINE}QTY*01*2**two~", ["4 QTY04 element-excluded 10"]),
    ],
)
def test_each_number_of_ak304_and_ak403(body: str, found: list[str]) -> None:
    assert faults(body) == found


def test_what_is_missing_is_reported_where_it_should_have_stood() -> None:
    (fault,) = x12("ST*850*0001~REF*CO*1~PO1*1*2*EA~SE*4*0001~")
    assert (fault.tag, fault.position.segment, fault.position.offset) == ("BEG", 2, 12)
    assert fault.message == "BEG is mandatory, and should have stood here"


def test_two_segments_in_the_wrong_order_are_one_fault() -> None:
    early = "ST*850*0001~REF*CO*1~BEG*00*SA*PO1**20260302~PO1*1*2*EA~SE*5*0001~"
    assert short(x12(early)) == ["3 BEG segment-out-of-order 7"]


def test_a_summary_before_the_lines_is_one_fault() -> None:
    assert faults(f"CTT*1~{LINE}{LINE}") == ["4 PO1 segment-out-of-order 7"]


def test_a_segment_before_the_one_that_opens_its_loop_is_one_fault() -> None:
    body = "W15*20260306*1~N1*WH*Depot~LX*1~W19*AA*1*EA~"
    assert short(x12(f"ST*947*1~{body}SE*6*1~")) == ["4 LX segment-out-of-order 7"]


def test_a_left_out_line_is_found_by_what_follows_it() -> None:
    found = x12("ST*846*1~BIA*00*SI*1*20260303~QTY*33*5*EA~QTY*02*1*EA~SE*5*1~")
    assert short(found) == ["3 LIN segment-missing 3"]
    assert found[0].loop == "LIN"


def test_a_loop_at_the_wrong_place_is_one_fault() -> None:
    head = "ST*945*1~W06*J*1*20260303~N1*SF*Depot~LX*1~W12*CC*2*2*0*EA~"
    body = "NTE*GEN*x~N9*L1*1~W03*2~"
    assert short(x12(f"{head}{body}SE*9*1~")) == ["6 NTE segment-out-of-order 7"]
    stray = "ST*855*1~BAK*00*AC*PO1*20260302~PO1*1*2*EA~CTT*1~N1*ST*A. Person~N3*Street 1~N4*Berlin~SE*8*1~"
    assert short(x12(stray)) == ["5 N1 segment-out-of-order 7"]


def test_one_line_too_many_is_said_once() -> None:
    sets = "".join(f"N1*ST*Depot {number}~" for number in range(13))
    found = x12(f"ST*940*1~W05*N*1~{sets}W76*1~SE*9*1~")
    assert short(found) == ["13 N1 loop-repeats 4"]


def test_a_fault_says_loop_element_number_value_and_offset() -> None:
    (fault,) = x12(f"{HEAD}PO1*1*2*EA~PID*F*08***~PO1*2*two*EA~SE*6*1~")[-1:]
    assert (fault.tag, fault.loop, fault.reference, fault.value) == ("PO1", "PO1", "330", "two")
    assert fault.position.offset == len(f"{HEAD}PO1*1*2*EA~PID*F*08***~PO1*2*")


def test_personal_data_are_not_repeated() -> None:
    (fault,) = x12(f"{HEAD}N1*ST*{'A. Person ' * 7}~{LINE}SE*5*1~")
    assert fault.value is None
    assert "Person" not in fault.message


def test_lengths_count_characters_not_bytes() -> None:
    sixty = ("ä" * 60).encode().decode("latin-1")
    assert faults(f"N1*ST*{sixty}~{LINE}") == []
    assert faults(f"N1*ST*{sixty}x~{LINE}") == ["3 N102 element-too-long 5"]


@pytest.mark.parametrize(
    "value", ["1", "-1", "+1", "1.5", ".5", "5.", "-.5", "1E3", "123456789012345", "12345678901.2345"]
)
def test_numbers_with_sign_point_and_exponent(value: str) -> None:
    expected = ["3 PO102 element-character 6"] if value.startswith("+") else []
    assert faults(f"PO1*1*{value}*EA~") == expected


@pytest.mark.parametrize(
    ("value", "is_sound"), [("20240229", True), ("20230229", False), ("19000229", False)]
)
def test_leap_days(value: str, is_sound: bool) -> None:
    assert faults(f"DTM*002*{value}~{LINE}") == ([] if is_sound else ["3 DTM02 element-date 8"])


@pytest.mark.parametrize("value", ["0000", "235959", "23595999", "2359595"])
def test_times_of_day(value: str) -> None:
    assert faults(f"DTM*002*20260302*{value}~{LINE}") == []


def test_what_is_empty_at_the_end_is_no_fault() -> None:
    assert faults(f"REF*CO*1****~{LINE}") == []


def test_a_set_without_a_trailer_lacks_only_what_the_grammar_asks_for() -> None:
    assert short(x12(HEAD)) == ["3 PO1 segment-missing 3"]
    assert short(x12(HEAD + LINE)) == []
