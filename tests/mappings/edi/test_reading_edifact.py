"""EDIFACT as it is read: UNA, release characters, groups, character sets."""

import pytest

from mappings.syntax.edi.charsets import agreed
from mappings.syntax.edi.events import InterchangeBegin
from mappings.syntax.edi.model import Delimiters, Segment, SetKey, Standard
from mappings.syntax.edi.values import components, repetitions, value
from tests.mappings.edi.files import (
    ORDER,
    ORDERS,
    UNB,
    begin,
    codes,
    edifact,
    events,
    fault,
    message,
    segments_in,
    sets_in,
)

USUAL = Delimiters("'", "+", ":", None, "?")


def test_a_sound_interchange_has_no_faults() -> None:
    assert codes(ORDERS) == []


def test_a_message_is_named_by_type_and_directory() -> None:
    (found,) = sets_in(ORDERS)
    assert (found.key, found.segments) == (SetKey(Standard.EDIFACT, "ORDERS", "D96A"), 5)


def test_una_says_other_delimiters() -> None:
    raw = edifact(*message("BGM*220"), una="UNA=*.! ~", unb=UNB.replace("+", "*").replace(":", "="), end="~")
    raw = raw.replace(b"+", b"*").replace(b"ORDERS:D:96A:UN", b"ORDERS=D=96A=UN")
    assert begin(raw).delimiters == Delimiters("~", "*", "=", None, "!", ".")
    assert codes(raw) == []


def test_una_may_say_that_nothing_is_released_and_a_comma_is_the_decimal_mark() -> None:
    raw = edifact(*message("FTX+?"), una="UNA:+,  '")
    assert (begin(raw).delimiters.release, begin(raw).delimiters.decimal) == (None, ",")
    assert segments_in(raw)[1].fields == ["FTX", "?"]


def test_a_space_that_una_lost_is_put_back() -> None:
    raw = edifact(*message("BGM+220"), una="UNA:+.?'")
    assert (codes(raw), begin(raw).delimiters) == (["UNA-width"], USUAL)


def test_version_4_repeats_with_an_asterisk() -> None:
    assert begin(edifact(*message(), unb=UNB.replace("UNOC:3", "UNOC:4"))).delimiters.repetition == "*"
    assert begin(ORDERS).delimiters.repetition is None
    assert begin(edifact(*message(), una="UNA:+.?*'")).delimiters.repetition is None


def test_level_b_may_use_control_characters() -> None:
    raw = ORDERS.translate(bytes.maketrans(b":+'", b"\x1f\x1d\x1c"))
    assert codes(raw) == []
    assert begin(raw).delimiters.segment == "\x1c"


@pytest.mark.parametrize(
    ("written", "fields", "meant"),
    [
        ("FTX+a?'b", ["FTX", "a?'b"], "a'b"),
        ("FTX+a??", ["FTX", "a??"], "a?"),
        ("FTX+a???'b", ["FTX", "a???'b"], "a?'b"),
        ("FTX+a?+b+c", ["FTX", "a?+b", "c"], "a+b"),
        ("FTX+a??+b", ["FTX", "a??", "b"], "a?"),
        ("FTX+?:?+??+b", ["FTX", "?:?+??", "b"], ":+?"),
    ],
)
def test_a_release_character_is_itself_when_it_is_released(
    written: str, fields: list[str], meant: str
) -> None:
    raw = edifact(*message(written, "BGM+1"))
    assert segments_in(raw)[1].fields == fields
    assert segments_in(raw)[2].tag == "BGM"
    assert value(segments_in(raw)[1], 1, USUAL) == meant


def test_components_and_repetitions_are_split_where_they_are_taken() -> None:
    segment = Segment(["PIA", "1", "A?:B:SA*C:IN", ""], 0)
    delimiters = Delimiters("'", "+", ":", "*", "?")
    assert repetitions(segment, 2, delimiters) == [["A:B", "SA"], ["C", "IN"]]
    assert components(segment, 2, delimiters) == ["A:B", "SA"]
    assert repetitions(segment, 3, delimiters) == repetitions(segment, 9, delimiters) == []


def test_groups_are_counted_instead_of_messages() -> None:
    ung = "UNG+ORDERS+A+B+261120:0930+5+UN+D:96A"
    raw = edifact(ung, *message(), *message(control="2"), "UNE+2+5")
    assert codes(raw) == []
    wrong = raw.replace(b"UNE+2+5", b"UNE+1+6").replace(b"UNZ+1", b"UNZ+2")
    assert codes(wrong) == ["UNE-count", "UNE-ref", "UNZ-count"]


def test_counts_and_references_are_held_against_what_is_there() -> None:
    raw = edifact("UNH+1+ORDERS:D:96A:UN", "UNT+3+2", messages=2).replace(b"UNZ+2+77", b"UNZ+2+78")
    assert codes(raw) == ["UNT-count", "UNT-ref", "UNZ-count", "UNZ-ref"]
    assert [fault(raw, code).standard_code for code in ("UNT-count", "UNT-ref")] == ["29", "28"]


def test_missing_trailers_are_reported() -> None:
    assert codes(edifact("UNH+1+ORDERS:D:96A:UN", *message(control="2"), messages=2)) == ["no-UNT"]
    assert codes(ORDERS[: ORDERS.index(b"UNZ")]) == ["no-UNZ"]


def test_messages_without_an_interchange_are_read_and_reported() -> None:
    raw = ORDERS[ORDERS.index(b"UNH") : ORDERS.index(b"UNZ")]
    assert codes(raw) == ["no-UNB", "no-UNZ"]
    assert [found.segments for found in sets_in(raw)] == [5]


def test_a_header_that_lost_a_letter_makes_no_message() -> None:
    raw = ORDERS.replace(b"UNH", b"NH")
    assert codes(raw) == ["no-UNH", "bad-tag", "UNT-count", "UNT-ref", "UNZ-count"]


def test_both_families_may_stand_in_one_file() -> None:
    found = [event for event in events(ORDERS + ORDER + ORDERS) if isinstance(event, InterchangeBegin)]
    assert [head.standard for head in found] == [Standard.EDIFACT, Standard.X12, Standard.EDIFACT]
    cut = ORDERS[: ORDERS.index(b"UNZ")]
    assert codes(cut + ORDER[: ORDER.index(b"IEA")] + ORDERS) == ["no-UNZ", "no-IEA"]


def test_the_character_set_is_the_one_that_unb_names() -> None:
    raw = edifact(*message("FTX+Łódź".encode("iso8859-2").decode("latin-1")), unb=UNB.replace("UNOC", "UNOD"))
    head = begin(raw)
    assert head.charset.text(segments_in(raw)[1].fields[1]) == "Łódź"
    assert codes(raw) == []


def test_a_byte_that_is_not_in_the_set_is_an_error_and_never_guessed() -> None:
    raw = edifact(*message("FTX+a+caf\xe9"), unb=UNB.replace("UNOC", "UNOA"))
    found = fault(raw, "charset")
    assert (found.position.segment, found.position.element, found.standard_code) == (2, 2, "21")
    assert found.position.offset == raw.index(b"caf")
    with pytest.raises(ValueError, match="0xe9"):
        begin(raw).charset.text("caf\xe9")


def test_an_unknown_character_set_reads_ascii_and_says_so() -> None:
    raw = edifact(*message("FTX+a"), unb=UNB.replace("UNOC", "IATB"))
    assert codes(raw) == ["unknown-charset"]
    assert codes(raw.replace(b"FTX+a", b"FTX+\xe9")) == ["charset", "unknown-charset"]


def test_a_set_without_delimiters_of_one_byte_cannot_be_agreed() -> None:
    with pytest.raises(ValueError, match="one byte"):
        agreed("utf-16")
    assert agreed("unod").text("\xb3") == "ł"


def test_lines_that_were_wrapped_are_read_as_if_they_were_not() -> None:
    raw = ORDERS.replace(b"PO-1", b"PO\r\n-1")
    assert segments_in(raw)[1].fields[2] == "PO-1"
    assert codes(raw) == ["line-break"]
    assert fault(raw, "line-break").severity.value == "warning"


def test_a_wrapped_envelope_is_an_error() -> None:
    assert codes(ORDERS.replace(b":0930", b":09\n30")) == ["line-break"]
    assert fault(ORDERS.replace(b"UNZ+1", b"UNZ+\n1"), "line-break").severity.value == "error"
    found = fault(ORDERS.replace(b"UNT+5", b"UNT+\n5"), "line-break")
    assert (found.severity.value, found.position.segment) == ("error", 5)
