"""X12 as it is read: delimiters, envelopes, and what is wrong with them."""

from mappings.syntax.edi.events import GroupEnd, InterchangeBegin, InterchangeEnd, LooseSegment
from mappings.syntax.edi.model import Delimiters, Level, SetKey, Standard
from tests.mappings.edi.files import (
    ISA,
    ORDER,
    begin,
    codes,
    events,
    fault,
    group,
    order,
    segments_in,
    sets_in,
    x12,
)


def test_a_sound_interchange_has_no_faults() -> None:
    assert codes(ORDER) == []


def test_the_delimiters_are_those_of_isa() -> None:
    raw = x12(*group(*order("BEG|00")), isa=ISA.replace("*", "|").replace(">", "^"), end="\x15")
    assert begin(raw).delimiters == Delimiters("\x15", "|", "^")


def test_isa11_is_a_separator_from_00402_on() -> None:
    later = ISA.replace("*U*00401*", "*^*00501*")
    assert begin(x12(*group(*order()), isa=later)).delimiters.repetition == "^"
    assert begin(x12(*group(*order()), isa=later.replace("*^*", "*U*"))).delimiters.repetition is None
    assert begin(ORDER).delimiters.repetition is None


def test_the_header_says_who_sends_what_to_whom() -> None:
    head = begin(ORDER)
    assert (head.sender, head.receiver, head.control) == (("ZZ", "ACME"), ("ZZ", "HUB"), "000000007")
    assert (head.is_test, head.prepared) == (False, ("261120", "0930"))


def test_segments_know_their_first_byte() -> None:
    for segment in segments_in(ORDER):
        assert ORDER[segment.offset :].startswith("*".join(segment.fields).encode() + b"~")


def test_a_set_is_named_by_its_type_and_the_version_of_its_group() -> None:
    (found,) = sets_in(ORDER)
    assert (found.key, found.control, found.segments) == (SetKey(Standard.X12, "850", "004010"), "0001", 4)
    assert ORDER[: found.end].endswith(b"SE*4*0001~")


def test_a_mark_and_white_space_before_isa_are_nothing() -> None:
    assert codes(b"\xef\xbb\xbf \r\n" + ORDER) == []


def test_lines_may_end_behind_terminators() -> None:
    assert segments_in(ORDER.replace(b"~", b"~\r\n"))[1].fields == ["BEG", "00", "SA", "PO-1", "", "20261120"]


def test_a_line_end_is_a_terminator_like_others() -> None:
    assert codes(ORDER.replace(b"~", b"\n")) == []
    assert codes(ORDER.replace(b"~", b"\r\n")) == []
    assert codes(ORDER.replace(b"~", b"\n").rstrip()) == []


def test_several_interchanges_have_their_own_delimiters() -> None:
    other = x12(*group(*order("BEG+00")), isa=ISA.replace("*", "+"), end="'").replace(b"*", b"+")
    heads = [event for event in events(ORDER + b"\n" + other) if isinstance(event, InterchangeBegin)]
    assert [head.delimiters.element for head in heads] == ["*", "+"]
    assert codes(ORDER + b"\n" + other) == []


def test_an_isa_of_another_width_is_read_and_reported() -> None:
    raw = x12(*group(*order("BEG*00")), isa=" ".join(ISA.split()))
    assert codes(raw) == ["ISA-width"]
    assert [segment.tag for segment in segments_in(raw)] == ["ST", "BEG", "SE"]


def test_elements_behind_isa16_do_not_hide_the_terminator() -> None:
    assert codes(x12(*group(*order("BEG*00")), isa=f"{ISA}*EXTRA")) == ["ISA-width"]


def test_a_letter_is_no_delimiter() -> None:
    assert "bad-delimiter" in codes(ORDER.replace(b"~", b"g"))


def test_a_ta1_may_stand_alone() -> None:
    raw = x12("TA1*000000050*261120*1200*A*000", groups=0)
    (loose,) = [event for event in events(raw) if isinstance(event, LooseSegment)]
    assert (loose.segment.fields[4], codes(raw)) == ("A", [])


def test_a_wrong_count_of_segments_says_both() -> None:
    found = fault(x12(*group(*order("BEG*00", count=9))), "SE01-count")
    assert (found.level, found.value, found.standard_code) == (Level.SET, "9", "4")
    assert (found.position.segment, found.position.element) == (3, 1)
    assert found.message == "SE says 9 segments, and 3 are there"


def test_a_fault_knows_the_byte_of_its_element() -> None:
    raw = x12(*group("ST*850*0001", "SE*2*0002"))
    found = fault(raw, "SE02-mismatch")
    assert found.position.offset == raw.index(b"0002")
    assert (found.position.segment, found.position.element, found.standard_code) == (2, 2, "3")


def test_a_count_that_is_no_number_is_wrong() -> None:
    for said in ("", "two", "9" * 5000, "-3", "²"):
        raw = x12(*group("ST*850*0001", f"SE*{said}*0001"))
        assert "SE01-count" in codes(raw)


def test_groups_and_interchanges_are_counted() -> None:
    raw = x12(*group(*order("BEG*00"), sets=2), groups=3)
    assert codes(raw) == ["GE01-count", "IEA01-count"]
    assert fault(raw, "GE01-count").standard_code == "5"
    assert fault(raw, "IEA01-count").standard_code == "021"


def test_control_numbers_of_groups_and_interchanges_are_compared_as_numbers() -> None:
    assert codes(ORDER.replace(b"GE*1*7", b"GE*1*007").replace(b"IEA*1*000000007", b"IEA*1*7")) == []
    raw = ORDER.replace(b"GE*1*7", b"GE*1*8").replace(b"IEA*1*000000007", b"IEA*1*8")
    assert codes(raw) == ["GE02-mismatch", "IEA02-mismatch"]


def test_a_missing_trailer_is_reported_where_it_should_have_stood() -> None:
    raw = x12(*group("ST*850*0001", "BEG*00", *order("BEG*00", control="0002"), sets=2))
    found = fault(raw, "no-SE")
    assert codes(raw) == ["no-SE"]
    assert (found.position.offset, found.position.segment, found.tag) == (raw.index(b"ST*850*0002"), 3, "SE")


def test_one_bad_set_leaves_its_neighbours_sound() -> None:
    bad = ("ST*850*0002", "BEG*00", "SE*7*0009")
    raw = x12(*group(*order("BEG*00"), *bad, *order("BEG*00", control="0003"), sets=3))
    assert [found.accepted for found in sets_in(raw)] == [True, False, True]


def test_a_file_that_ends_early_misses_its_trailers() -> None:
    raw = x12(*group(*order("BEG*00")))
    cut = raw[: raw.index(b"SE*")]
    assert codes(cut) == ["no-SE", "no-GE", "no-IEA"]
    assert {one.position.offset for one in (fault(cut, "no-SE"), fault(cut, "no-IEA"))} == {len(cut)}


def test_a_last_segment_without_terminator_is_read_and_reported() -> None:
    assert codes(ORDER[:-1]) == ["unterminated-segment"]


def test_an_interchange_without_trailer_ends_where_the_next_begins() -> None:
    cut = ORDER[: ORDER.index(b"IEA")]
    assert codes(cut + ORDER) == ["no-IEA"]
    assert fault(cut + ORDER, "no-IEA").position.offset == len(cut)


def test_what_stands_between_interchanges_is_reported_and_left_out() -> None:
    assert codes(ORDER + b"-- end of page 1 --\n" + ORDER) == ["trailing-data"]
    assert fault(ORDER + b"\n# remark", "trailing-data").position.offset == len(ORDER) + 1


def test_sets_without_an_interchange_are_read_and_reported() -> None:
    raw = b"ST*997*0001~\nAK1*PO*7~\nAK9*A*1*1*1~\nSE*4*0001~\n"
    assert codes(raw) == ["guessed-delimiters", "no-ISA", "no-GS", "no-IEA"]
    assert [found.segments for found in sets_in(raw)] == [4]


def test_segments_outside_of_sets_are_a_set_without_a_header() -> None:
    raw = x12(*group("BEG*00*SA", "SE*3*0001", sets=0))
    assert codes(raw) == ["no-ST", "SE01-count", "SE02-mismatch"]
    assert fault(raw, "no-ST").position.offset == raw.index(b"BEG")


def test_a_tag_that_can_be_none_hints_at_a_lost_terminator() -> None:
    assert fault(x12(*group(*order("beg*00"))), "bad-tag").position.segment == 2


def test_a_control_number_that_comes_twice_is_found() -> None:
    twice = x12(*group(*order("BEG*00"), *order("BEG*01"), sets=2))
    assert fault(twice, "ST02-duplicate").standard_code == "23"


def test_binary_data_may_hold_delimiters() -> None:
    raw = x12(*group(*order("BIN*12*a~b*c\nSE*1*x")))
    assert codes(raw) == []
    assert segments_in(raw)[1].fields == ["BIN", "12", "a~b*c\nSE*1*x"]


def test_binary_data_with_a_wrong_length_ends_at_the_terminator() -> None:
    raw = x12(*group(*order("BIN*5*abc")))
    assert segments_in(raw)[1].fields == ["BIN", "5", "abc"]


def test_the_ends_count_what_was_there() -> None:
    found = events(ORDER)
    (of_group,) = [event for event in found if isinstance(event, GroupEnd)]
    last = found[-1]
    assert isinstance(last, InterchangeEnd)
    assert (of_group.sets, last.groups, last.sets, last.end) == (1, 1, 1, len(ORDER))
