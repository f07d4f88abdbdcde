"""Reading and writing are each other's reverse."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mappings.data import Data
from mappings.syntax.edi.events import Event, InterchangeBegin
from mappings.syntax.edi.faults import MOST_FAULTS
from mappings.syntax.edi.model import Segment
from mappings.syntax.edi.opened import Reading
from mappings.syntax.edi.options import EdifactOptions, X12Options
from mappings.syntax.edi.rewriting import write_events
from mappings.syntax.edi.syntax import EdifactSyntax, X12Syntax
from tests.mappings.edi.files import ORDER, ORDERS, UNB, codes, edifact, events, group, message, order, x12

SAMPLES = (
    ORDER,
    ORDERS,
    ORDER + ORDERS,
    edifact(*message("FTX+a?'b??"), una="UNA:+.? '"),
    edifact("UNG+ORDERS+A+B+261120:0930+5", *message(), *message(control="2"), "UNE+2+5"),
    edifact(*message("PIA+1+A*B"), unb=UNB.replace("UNOC:3", "UNOC:4")),
    x12("TA1*000000050*261120*1200*A*000", groups=0),
    x12(*group(*order("BEG*00"), *order("BIN*3*a~b", control="0002"), sets=2), end="~"),
)


def written(raw: bytes, line_end: str = "") -> bytes:
    return b"".join(write_events(events(raw), line_end=line_end))


def test_a_sound_file_is_written_as_it_was() -> None:
    for raw in SAMPLES:
        assert written(raw) == raw


def test_line_ends_are_layout() -> None:
    for raw in SAMPLES:
        assert written(written(raw, "\r\n")) == raw
    assert written(ORDER.replace(b"~", b"\n"), "\r\n") == ORDER.replace(b"~", b"\n")


def test_trailers_are_filled_in() -> None:
    wrong = x12(*group(*order("BEG*00", count=9), sets=4), groups=3)
    assert written(wrong) == x12(*group(*order("BEG*00")))
    assert codes(written(ORDERS[: ORDERS.index(b"UNT")])) == []


def test_a_trailer_that_is_right_stays_as_it_is_written() -> None:
    padded = ORDER.replace(b"SE*4*0001", b"SE*0000000004*0001 ").replace(b"GE*1*", b"GE*001*")
    assert codes(padded) == []
    assert written(padded) == padded
    bare = ORDERS.replace(b"UNT+5+1'", b"UNT+5'")
    assert b"".join(write_events(events(bare, reading=Reading(strict=False)))) == bare


def test_a_trailer_whose_fault_is_one_too_many_to_be_listed_is_filled_in() -> None:
    raw = x12(*group(*order(*["B-G*00"] * (MOST_FAULTS + 1))))
    wrong = raw.replace(b"SE*1003*0001~", b"SE*1003*0002~")
    assert "SE02-mismatch" not in codes(wrong)
    assert "too-many-faults" in codes(wrong)
    assert written(wrong) == raw


def test_segments_outside_of_sets_are_left_out() -> None:
    raw = x12(*group("BEG*00", *order("BEG*01")))
    assert written(raw) == x12(*group(*order("BEG*01")))


def meant(found: list[Event]) -> list[list[str]]:
    return [event.fields for event in found if isinstance(event, Segment)]


values = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=["Cc"]), max_size=8)
elements = st.dictionaries(
    st.tuples(st.integers(1, 12), st.integers(1, 5)).map(
        lambda at: f"{at[0]:02}" + (f"_{at[1]}" if at[1] > 1 else "")
    ),
    values.filter(bool),
    min_size=1,
    max_size=6,
)
bodies = st.dictionaries(
    st.from_regex(r"[A-Z][A-Z0-9]{2}", fullmatch=True).filter(
        lambda tag: (
            tag not in {"UNH", "UNT", "UNB", "UNA", "UNZ", "UNG", "UNE", "ISA", "IEA", "BIN", "BDS", "TA1"}
        )
    ),
    st.lists(elements, min_size=1, max_size=3),
    max_size=5,
)
ENVELOPE: dict[str, Data] = {
    "version": "004010", "control": "0001", "group": {"control": "8"},
    "interchange": {"sender": "HUB", "receiver": "ACME", "control": "31", "date": "261120", "time": "0930"},
}  # fmt: skip


def body_of(tree: dict[str, Data]) -> dict[str, Data]:
    return {
        key: value for key, value in tree.items() if key.isupper() and key not in {"ST", "SE", "UNH", "UNT"}
    }


@given(bodies)
def test_whatever_is_written_as_edifact_is_read_as_it_was(body: dict[str, Data]) -> None:
    syntax = EdifactSyntax(EdifactOptions(check="envelope"))
    raw = syntax.write({**ENVELOPE, "type": "ORDERS", "version": "D96A", **body})
    assert body_of(syntax.read(raw).root["sets"][0]) == body
    assert written(raw) == raw.replace(b"\r", b"")


@given(bodies, st.sampled_from(["latin-1", "utf-8"]))
def test_whatever_is_written_as_x12_is_read_as_it_was(body: dict[str, Data], charset: str) -> None:
    options = X12Options(
        check="envelope", charset=charset, segment="\x1c", element="\x1d", component="\x1f", version="004010"
    )
    syntax = X12Syntax(options)
    raw = syntax.write({**ENVELOPE, "type": "850", **body})
    assert body_of(syntax.read(raw).root["sets"][0]) == body
    assert written(raw) == raw


@given(bodies)
def test_a_rewritten_file_has_the_same_events(body: dict[str, Data]) -> None:
    raw = EdifactSyntax(EdifactOptions(check="envelope")).write(
        {**ENVELOPE, "type": "ORDERS", "version": "D96A", **body}
    )
    first, second = events(raw), events(written(raw, "\n"))
    assert meant(first) == meant(second)
    head, again = first[0], second[0]
    assert isinstance(head, InterchangeBegin)
    assert isinstance(again, InterchangeBegin)
    assert replace(again, head=head.head, written=head.written) == head
