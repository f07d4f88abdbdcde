"""Reading in chunks, with flat memory, whatever is in the file."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.syntax.edi.cutting import LONGEST_SEGMENT
from mappings.syntax.edi.events import Event, SetEnd
from mappings.syntax.edi.faults import MOST_FAULTS
from mappings.syntax.edi.reading import Reader, read_events
from tests.mappings.edi.files import (
    ORDER,
    ORDERS,
    codes,
    edifact,
    events,
    fault,
    faults_in,
    group,
    message,
    order,
    sets_in,
    x12,
)

SAMPLES = (
    ORDER,
    ORDERS,
    ORDER + b"debris" + ORDERS,
    edifact(*message("FTX+a??'b", "FTX+???'x"), una="UNA:+.? '\r\n"),
    x12(*group(*order("BIN*6*a~b~c~"))).replace(b"~\xff", b""),
)


def cut(raw: bytes, sizes: list[int]) -> list[bytes]:
    out: list[bytes] = []
    for size in sizes:
        out.append(raw[:size])
        raw = raw[size:]
    return [*out, raw]


class Small(Reader):
    """Looks at each chunk at once, however small it is."""

    def __init__(self) -> None:
        super().__init__(at_once=1)


def in_chunks(chunks: list[bytes]) -> list[Event]:
    reader = Small()
    return [event for chunk in chunks for event in reader.feed(chunk)] + list(reader.close())


@given(st.sampled_from(SAMPLES), st.lists(st.integers(0, 40), max_size=60))
def test_the_same_events_come_out_however_the_file_is_cut(raw: bytes, sizes: list[int]) -> None:
    assert in_chunks(cut(raw, sizes)) == events(raw)


@given(st.binary(max_size=400))
def test_no_bytes_make_it_fail(raw: bytes) -> None:
    for found in (raw, b"ISA*" + raw, b"UNA" + raw, ORDER[:106] + raw, ORDERS[:70] + raw):
        assert events(found)


@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=3)), max_size=6))
@settings(max_examples=300)
def test_no_change_of_a_file_makes_it_fail(raw: bytes, changes: list[tuple[int, bytes]]) -> None:
    changed = bytearray(raw)
    for at, new in changes:
        changed[at : at + 2] = new
    found = events(bytes(changed))
    assert found == in_chunks(cut(bytes(changed), [7] * 20))


def test_nothing_is_in_an_empty_file() -> None:
    assert codes(b"") == codes(b"\xef\xbb\xbf\r\n") == ["empty"]


@pytest.mark.parametrize(
    ("raw", "hint"),
    [
        (b"\x1f\x8b\x08\0\0\0", "gzip"),
        (ORDERS.decode("latin-1").encode("utf-16"), "UTF-16"),
        (ORDERS.decode("latin-1").encode("utf-16-le"), "UTF-16"),
        (b"PK\x03\x04rest", "zip"),
        (b"<Order/>", "XML"),
        (b'{"a": 1}', "JSON"),
        (b"name,age\nA,1\n", "neither ISA"),
        (b"ISA*00*          *00", "its ISA has no end"),
        (b"UNA:+.? 'UNB+UNOC:3+A", "after its UNA"),
        (b"UNB+UNOC:3+A+B", "its UNB has no end"),
    ],
)
def test_what_is_not_edi_is_named(raw: bytes, hint: str) -> None:
    found = fault(raw, "not-edi")
    assert hint in found.message
    assert found.position.offset == 0
    assert len(codes(raw)) == 1


def test_a_segment_that_is_too_long_is_left_out_and_harms_one_set() -> None:
    long = "MSG*" + "x" * LONGEST_SEGMENT
    raw = x12(*group(*order("BEG*00"), *order(long, control="0002"), *order(control="0003"), sets=3))
    assert codes(raw) == ["segment-too-long"]
    assert [found.accepted for found in sets_in(raw)] == [True, False, True]
    small = in_chunks([raw[at : at + 1000] for at in range(0, len(raw), 1000)])
    assert small == events(raw)


def test_a_terminator_that_never_comes_is_not_waited_for() -> None:
    endless = [ORDER[:106], *[b"x" * 100_000] * 50]
    assert [one.code for one in faults_in(read_events(endless))] == ["segment-too-long", "no-IEA"]


def test_faults_are_kept_up_to_a_limit() -> None:
    raw = x12(*group(*order(*["beg*1"] * (MOST_FAULTS + 50))))
    (found,) = [event for event in read_events([raw]) if isinstance(event, SetEnd)]
    assert len(found.faults) == MOST_FAULTS + 1
    assert found.faults[-1].code == "too-many-faults"
    assert "50" in found.faults[-1].message
