"""Whatever comes, the checks go on to the end, and what they look at quickly and closely is the same."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.syntax.edi.grammar.elements import ElementChecks
from mappings.syntax.edi.grammar.patterns import JOINT, segment_pattern
from mappings.syntax.edi.grammar.shapes import SegmentShape
from mappings.syntax.edi.model import Delimiters, Level, Segment, SetKey, Standard
from tests.mappings.edi.grammar import samples
from tests.mappings.edi.grammar.harness import EDIFACT_MARKS, FOLDERS, LIBRARY, X12_MARKS, segments_of

X12_TYPES = sorted(samples.X12)
EDIFACT_TYPES = sorted(samples.EDIFACT_01B)
TAGS = [
    "N1",
    "PO1",
    "HL",
    "LIN",
    "QTY",
    "NAD",
    "UNS",
    "CTT",
    "SE",
    "UNT",
    "LS",
    "LE",
    "LX",
    "",
    "ZZ",
    "BEG",
    "CPS",
]
VALUES = st.text("019AZ .-+:*?^'~é\x00\n", max_size=12)


def segments(key: SetKey, marks: Delimiters, text: str) -> st.SearchStrategy[list[Segment]]:
    """Return segments of a sound set, some of them left out, repeated, moved or made up."""
    sound = [segment.fields for segment in segments_of(text, marks)]
    made_up = st.builds(
        lambda tag, values: [tag, *values], st.sampled_from(TAGS), st.lists(VALUES, max_size=40)
    )
    some = st.lists(st.one_of(st.sampled_from(sound), made_up), max_size=40)
    return some.map(lambda rows: [Segment(list(row), 10 * at) for at, row in enumerate(rows)])


def assert_goes_through(key: SetKey, marks: Delimiters, rows: list[Segment]) -> None:
    check = LIBRARY.check_for(key, marks)
    assert check is not None
    faults = [fault for number, row in enumerate(rows, 1) for fault in check.take(row, number)]
    faults += check.close()
    for fault in faults:
        assert fault.standard_code
        assert fault.message
        assert fault.level in (Level.SEGMENT, Level.ELEMENT)
        assert fault.position.offset is not None
        assert 1 <= (fault.position.segment or 0) <= len(rows) + 1


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_segments_of_x12_are_gone_through(data: st.DataObject) -> None:
    type_ = data.draw(st.sampled_from(X12_TYPES))
    key = SetKey(Standard.X12, type_, data.draw(st.sampled_from(["004010", "005010"])))
    assert_goes_through(key, X12_MARKS, data.draw(segments(key, X12_MARKS, samples.X12[type_])))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_segments_of_edifact_are_gone_through(data: st.DataObject) -> None:
    type_ = data.draw(st.sampled_from(EDIFACT_TYPES))
    key = SetKey(Standard.EDIFACT, type_, "D01B")
    rows = data.draw(segments(key, EDIFACT_MARKS, samples.EDIFACT_01B[type_]))
    assert_goes_through(key, EDIFACT_MARKS, rows)


def shapes(standard: Standard, version: str) -> list[SegmentShape]:
    found = FOLDERS.dictionary(standard, version)
    assert found is not None
    return [shape for shape in found[0].segments.values() if shape.parts]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_what_the_quick_look_lets_through_the_close_one_does_too(data: st.DataObject) -> None:
    standard, version, marks = data.draw(
        st.sampled_from(
            [(Standard.X12, "004010", X12_MARKS), (Standard.EDIFACT, "D96A", EDIFACT_MARKS)],
        )
    )
    shape = data.draw(st.sampled_from(shapes(standard, version)))
    values = st.text("0123456789AB-.:?", max_size=9)
    fields = [shape.tag, *data.draw(st.lists(values, max_size=len(shape.parts) + 1))]
    checks = ElementChecks(SegmentShape(shape.tag, "", shape.parts), standard, marks)
    if segment_pattern(shape.parts, marks).fullmatch(JOINT.join(fields)):
        assert checks.faults(Segment(fields, 0), 1, None) == []
