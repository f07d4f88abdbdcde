"""What partners say of our interchanges, in one shape."""

import pytest

from mappings.errors import MappingError
from mappings.syntax.edi.ack.answers import ElementNote, SegmentNote
from mappings.syntax.edi.ack.aperak import Answered, ApplicationProblem, aperak
from mappings.syntax.edi.ack.composing import compose
from mappings.syntax.edi.ack.reading import read_aperak, read_contrl, read_functional, read_ta1
from mappings.syntax.edi.ack.verdict import Decision
from tests.mappings.edi.ack.damaged import AT, EDIFACT, X12, segments_of


def test_a_ta1_says_what_became_of_an_interchange() -> None:
    (segment,) = segments_of("TA1*000000017*261122*2300*R*021~", X12)
    found = read_ta1(segment, X12)
    assert (found.interchange, found.decision, found.codes) == ("000000017", Decision.REJECTED, ("021",))
    assert found.of_set("1", "0001") is Decision.REJECTED


def test_a_997_says_what_became_of_each_set_and_where_it_was_wrong() -> None:
    found = read_functional(
        segments_of(
            "ST*997*0001~AK1*PO*17~AK2*850*0001~AK5*A~AK2*850*0002~AK3*BEG*2**5*8~AK4*5>2*373*8*20261322~AK5*R*5~"
            "AK9*P*2*2*1~SE*9*0001~", X12,
        ),
        X12,
    )  # fmt: skip
    (group,) = found.groups
    assert (group.functional_id, group.control, group.decision, group.counts) == (
        "PO", "17", Decision.PARTLY, (2, 2, 1),
    )  # fmt: skip
    assert found.of_set("000000017", "0001") is Decision.ACCEPTED
    assert found.of_set("17", "2") is Decision.REJECTED
    assert found.of_set("17", "0003") is None  # it isn't named, and only some were accepted
    assert found.of_set("18", "0001") is None
    assert group.sets[1].notes == (
        SegmentNote("BEG", 2, ("5", "8"), None, (ElementNote(5, 2, "8", "373", "20261322"),)),
    )


def test_a_997_that_names_no_set_speaks_for_all() -> None:
    found = read_functional(segments_of("ST*997*1~AK1*PO*17~AK9*E*2*2*2*5~SE*4*1~", X12), X12)
    assert found.of_set("17", "0001") is Decision.WITH_ERRORS
    assert found.groups[0].codes == ("5",)


def test_a_999_names_the_document() -> None:
    found = read_functional(
        segments_of(
            "ST*999*0001*005010X231A1~AK1*PO*17*005010~AK2*850*0001~IK3*BEG*2*HEAD*8~CTX*BEG03>4711~IK4*1*353*7*99~"
            "IK5*R*5~AK9*R*1*1*0~SE*9*0001~", X12,
        ),
        X12,
    )  # fmt: skip
    assert found.kind == "999"
    note = found.groups[0].sets[0].notes[0]
    assert (note.loop, note.context, note.elements[0].code) == ("HEAD", ("BEG03>4711",), "7")


def test_a_contrl_rejects_what_it_names_and_accepts_the_rest() -> None:
    found = read_contrl(
        segments_of(
            "UNH+1+CONTRL:D:3:UN'UCI+905+A:14+B:14+7'UCM+2+ORDERS:D:96A:UN+4'UCS+3+13'UCS+4'UCD+12+2:3'UNT+7+1'",
            EDIFACT,
        ),
        EDIFACT,
    )
    assert (found.interchange, found.decision) == ("905", Decision.ACCEPTED)
    assert found.of_set("", "2") is Decision.REJECTED
    assert found.of_set("", "1") is Decision.ACCEPTED
    assert found.groups[0].sets[0].notes == (
        SegmentNote(None, 3, ("13",)),
        SegmentNote(None, 4, (), None, (ElementNote(1, 3, "12"),)),
    )


def test_a_contrl_with_groups_knows_which_message_stands_in_which() -> None:
    found = read_contrl(
        segments_of("UCI+905+A+B+7'UCF+77+A+B+7'UCM+2+ORDERS+4+29+UNT+2'UCF+78+A+B+4+29+UNE+2'", EDIFACT),
        EDIFACT,
    )
    assert found.of_set("77", "2") is Decision.REJECTED
    assert found.of_set("77", "1") is Decision.ACCEPTED
    assert found.of_set("78", "1") is Decision.REJECTED
    assert found.groups[1].codes == ("29",)


def test_a_contrl_may_say_only_that_the_interchange_came() -> None:
    found = read_contrl(segments_of("UCI+905+A+B+8'", EDIFACT), EDIFACT)
    assert found.decision is None
    assert found.of_set("", "1") is None


def test_an_aperak_says_why_a_document_is_not_taken() -> None:
    body = aperak(
        Answered("PO'1", "17"),
        [ApplicationProblem("12", "item 4000001 is not known: " + "x" * 60)],
        "AP-1",
        AT,
    )
    text = [compose(plain, EDIFACT) for plain in body.segments]
    assert text[:4] == ["BGM++AP-1+27'", "DTM+137:202611230705:203'", "RFF+ACW:PO?'1'", "RFF+AGO:17'"]
    assert text[4:] == ["ERC+12'", f"FTX+AAO+++item 4000001 is not known?: {'x' * 43}:{'x' * 17}'"]
    plainer = aperak(
        Answered("4711", "17"), [ApplicationProblem("12", "item 4000001 is not known")], "AP-1", AT
    )
    found = read_aperak(segments_of("".join(compose(p, EDIFACT) for p in plainer.segments), EDIFACT), EDIFACT)
    assert (found.document, found.decision) == ("4711", Decision.REJECTED)
    assert [(note.code, note.text) for note in found.notes] == [("12", "item 4000001 is not known")]


def test_an_aperak_without_errors_accepts() -> None:
    body = aperak(Answered("4711", "17"), (), "AP-2", AT)
    found = read_aperak(segments_of("".join(compose(p, EDIFACT) for p in body.segments), EDIFACT), EDIFACT)
    assert (found.document, found.decision) == ("4711", Decision.ACCEPTED)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("TA1*17*261122*2300*Q*000~", "TA104 is 'Q', and the standard knows A, E, P, R, M, W, X"),
        ("TA1**261122*2300*A*000~", "TA101 is missing"),
    ],
)
def test_a_broken_ta1_is_refused_with_its_place(text: str, words: str) -> None:
    (segment,) = segments_of(text, X12)
    with pytest.raises(MappingError, match=words):
        read_ta1(segment, X12)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ST*997*1~AK1*PO*17~SE*3*1~", "without AK9"),
        ("ST*997*1~AK9*A*1*1*1~SE*3*1~", "without AK1"),
        ("ST*997*1~AK1*PO*17~AK2*850*1~AK3*BEG*2**8~AK4*x**7~AK5*R*5~AK9*R*1*1*0~", "names no element: 'x'"),
    ],
)
def test_a_broken_997_is_refused(text: str, words: str) -> None:
    with pytest.raises(MappingError, match=words):
        read_functional(segments_of(text, X12), X12)


@pytest.mark.parametrize(("text", "words"), [("UNH+1'", "without UCI"), ("UCI+905+A+B+5'", "UCI04 is '5'")])
def test_a_broken_contrl_is_refused(text: str, words: str) -> None:
    with pytest.raises(MappingError, match=words):
        read_contrl(segments_of(text, EDIFACT), EDIFACT)
