"""Damaged EDIFACT interchanges, and the CONTRL that a person works out from ISO 9735 (0083 and 0085 are its codes)."""

from mappings.syntax.edi.ack.composing import Numbers, compose, write_edifact
from mappings.syntax.edi.ack.contrl import contrl
from mappings.syntax.edi.ack.verdict import Agreement, Verdict, judge
from mappings.syntax.edi.model import Level
from tests.mappings.edi.ack.damaged import EDIFACT, EDIFACT_ANSWER, fault, outline

SENDER, RECEIVER = "4000002000004:14", "4000001000005:14"


def orders(*messages: str, version: str = "3", ending: str = "", test: bool = False) -> str:
    """Interchange 905 with messages from UNH to UNT."""
    marks = "++++++1" if test else ""
    return (
        f"UNB+UNOC:{version}+{SENDER}+{RECEIVER}+261122:2300+905{marks}'"
        + "".join(messages)
        + (ending or f"UNZ+{len(messages)}+905'")
    )


def order(control: str, kind: str = "ORDERS:D:96A:UN") -> str:
    return f"UNH+{control}+{kind}'BGM+220+A-1+9'DTM+137:20261122:102'LIN+1++4000001:EN'UNS+S'UNT+6+{control}'"


def said(verdict: Verdict) -> list[str]:
    """The CONTRL's segments between UNH and UNT."""
    body = contrl(verdict)
    assert body is not None
    return [compose(plain, EDIFACT)[:-1] for plain in body.segments]


def test_a_sound_interchange_is_acknowledged_with_all_in_it() -> None:
    # 0083 7: acknowledged, and what is below it as far as it is not rejected: no UCM.
    verdict = judge(outline(orders(order("1"), order("2")), EDIFACT))
    assert said(verdict) == [f"UCI+905+{SENDER}+{RECEIVER}+7"]
    assert len(list(verdict.accepted())) == 2


def test_it_is_written_whole_in_either_syntax_version() -> None:
    body = contrl(judge(outline(orders(order("1")), EDIFACT)))
    assert body is not None
    written = write_edifact(EDIFACT_ANSWER, Numbers(7, (), (9,)), [body], "latin-1")
    # UNT: UNH, UCI, UNT are three segments.
    assert written.decode("latin-1") == (
        "UNB+UNOC:3+4000001000005:14+4000002000004:14+261123:0705+7'UNH+9+CONTRL:D:3:UN'"
        f"UCI+905+{SENDER}+{RECEIVER}+7'UNT+3+9'UNZ+1+7'"
    )
    fourth = contrl(judge(outline(orders(order("1"), version="4"), EDIFACT)))
    assert fourth is not None
    assert fourth.version == "4:1:UN"


def test_a_bad_message_among_good_ones_is_rejected_alone_at_its_segments_and_elements() -> None:
    faults = (
        # BGM is segment 2. 1004 (element 2) has 36 characters: 0085 39, too long; position 3, as the tag is 1.
        fault(Level.ELEMENT, "39", tag="BGM", segment=2, element=2),
        # DTM is segment 3. C507's third component, 2379, is 999: 12, invalid value; position 2, component 3.
        fault(Level.ELEMENT, "12", tag="DTM", segment=3, element=1, component=3),
        # Its 2005, component 1, is missing: 13.
        fault(Level.ELEMENT, "13", tag="DTM", segment=3, element=1, component=1),
        # NAD is missing before LIN, which is segment 4: 13, named by the segment before it, 3.
        fault(Level.SEGMENT, "13", tag="NAD", segment=4),
        # A segment that ORDERS doesn't have at this place: 15, at 5.
        fault(Level.SEGMENT, "15", tag="GIN", segment=5),
    )
    verdict = judge(outline(orders(order("1"), order("2"), order("3")), EDIFACT, sets={"2": faults}))
    assert said(verdict) == [
        f"UCI+905+{SENDER}+{RECEIVER}+7",
        "UCM+2+ORDERS:D:96A:UN+4",
        "UCS+2", "UCD+39+3",
        "UCS+3", "UCD+12+2:3", "UCD+13+2:1",
        "UCS+3+13",
        "UCS+5+15",
    ]  # fmt: skip
    assert [one.outline.head.fields[1] for one in verdict.accepted()] == ["1", "3"]


def test_a_wrong_unt_names_the_trailer_and_its_element() -> None:
    # 29: control count does not match; UNT's 0074 is its first element: position 2.
    wrong = fault(Level.SET, "29", tag="UNT", segment=6, element=1)
    verdict = judge(outline(orders(order("1"), order("2")), EDIFACT, sets={"1": [wrong]}))
    assert said(verdict)[1:] == ["UCM+1+ORDERS:D:96A:UN+4+29+UNT+2"]


def test_a_wrong_unz_rejects_the_interchange_and_nothing_is_processed() -> None:
    # UNZ's 0036 is its first element (position 2): 29. 0020 is its second (position 3): 28, references do not match.
    count = fault(Level.INTERCHANGE, "29", tag="UNZ", element=1)
    verdict = judge(outline(orders(order("1"), ending="UNZ+2+905'"), EDIFACT, interchange=[count]))
    assert said(verdict) == [f"UCI+905+{SENDER}+{RECEIVER}+4+29+UNZ+2"]
    assert not list(verdict.accepted())
    reference = fault(Level.INTERCHANGE, "28", tag="UNZ", element=2)
    verdict = judge(outline(orders(order("1"), ending="UNZ+1+906'"), EDIFACT, interchange=[reference]))
    assert said(verdict) == [f"UCI+905+{SENDER}+{RECEIVER}+4+28+UNZ+3"]


def test_a_message_that_is_not_agreed_is_named_by_its_type() -> None:
    # 17: no agreement; UNH's S009 is its second element: position 3.
    verdict = judge(
        outline(orders(order("1"), order("2", "PRICAT:D:96A:UN")), EDIFACT),
        Agreement(sets=frozenset({"ORDERS"})),
    )
    assert said(verdict)[1:] == ["UCM+2+PRICAT:D:96A:UN+4+17+UNH+3"]


def test_a_test_is_refused_in_production() -> None:
    # 25: test indicator not supported; UNB's 0035 is its eleventh element: position 12.
    verdict = judge(outline(orders(order("1"), test=True), EDIFACT))
    assert said(verdict) == [f"UCI+905+{SENDER}+{RECEIVER}+4+25+UNB+12"]


def test_a_group_is_named_where_something_in_it_is_rejected() -> None:
    group = "UNG+ORDERS+A+B+261122:2300+77+UN+D:96A'" + order("1") + order("2") + "UNE+2+77'"
    second = group.replace("+77", "+78").replace("UNE+2", "UNE+3")
    bad = fault(Level.SEGMENT, "13", tag="BGM", segment=2)
    wrong = fault(Level.GROUP, "29", tag="UNE", element=1)
    text = orders(group, second)
    verdict = judge(outline(text, EDIFACT, sets={"2": [bad]}, groups={"78": [wrong]}))
    # Of group 77 message 2 lacks BGM behind its segment 1. Group 78's count is wrong: all of it is rejected.
    assert said(verdict) == [
        f"UCI+905+{SENDER}+{RECEIVER}+7",
        "UCF+77+A+B+7", "UCM+2+ORDERS:D:96A:UN+4", "UCS+1+13",
        "UCF+78+A+B+4+29+UNE+2",
    ]  # fmt: skip
    assert [one.outline.head.fields[1] for one in verdict.accepted()] == ["1"]


def test_what_only_acknowledges_has_no_answer() -> None:
    text = orders("UNH+1+CONTRL:D:3:UN'UCI+5+A+B+7'UNT+3+1'")
    assert contrl(judge(outline(text, EDIFACT))) is None


def test_a_release_character_in_an_id_is_written_again() -> None:
    body = contrl(judge(outline(orders(order("1")).replace(SENDER, "A?:B:14"), EDIFACT)))
    assert body is not None
    assert compose(body.segments[0], EDIFACT) == f"UCI+905+A?:B:14+{RECEIVER}+7'"
