"""Damaged files as bytes, and what a person works out of each from X12.5, X12.20, X12.56, X12.59 and ISO 9735.

Segments are counted from ST or UNH, which is 1. X12: ST, BEG, N1, PO1, SE. EDIFACT: UNH, BGM, DTM, NAD, NAD, LIN, QTY,
UNS, UNT. In CONTRL an element's position counts the tag, so that BGM's first element is 2.
"""

import pytest

from mappings.syntax.edi.ack.collecting import collect
from mappings.syntax.edi.ack.composing import compose
from mappings.syntax.edi.ack.contrl import contrl
from mappings.syntax.edi.ack.functional import Functional, functional, ta1
from mappings.syntax.edi.ack.verdict import Verdict, judge
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary
from mappings.syntax.edi.opened import Reading
from tests.mappings.edi.ack.damaged import EDIFACT, X12, order, purchase_orders
from tests.mappings.edi.ack.test_contrl import RECEIVER, SENDER, orders

READING = Reading(GrammarLibrary(GrammarFolders()))
SOUND = purchase_orders(order("0001"))
CODE = "SHOP-" * 5


def verdict_of(text: str) -> Verdict:
    """What the reader, the grammar and the agreement of a stranger say of one interchange."""
    (outline,) = collect([text.encode()], READING).interchanges
    return judge(outline)


def x12(text: str, kind: Functional = "997") -> list[str]:
    """The answer's segments between ST and SE, or the TA1 that stands for it."""
    verdict = verdict_of(text)
    envelope = ta1(verdict)
    whole = [] if envelope is None else [compose(envelope, X12)[:-1]]
    return whole + [
        compose(plain, X12)[:-1] for body in functional(verdict, kind, X12) for plain in body.segments
    ]


def edifact(text: str) -> list[str]:
    """The CONTRL's segments between UNH and UNT."""
    body = contrl(verdict_of(text))
    assert body is not None
    return [compose(plain, EDIFACT)[:-1] for plain in body.segments]


@pytest.mark.parametrize(
    ("old", "new", "notes"),
    [
        # BEG03 is data element 324, purchase order number, and mandatory: AK403 1.
        ("BEG*00*SA*A-1*", "BEG*00*SA**", ["AK3*BEG*2**8", "AK4*3*324*1"]),
        # BEG05 is 373, a date: there is no 13th month: AK403 8, with a copy of what was found.
        ("**20261122~N1", "**20261322~N1", ["AK3*BEG*2**8", "AK4*5*373*8*20261322"]),
        # 324 has at most 22 characters: AK403 5.
        ("*A-1*", f"*{CODE}*", ["AK3*BEG*2**8", f"AK4*3*324*5*{CODE}"]),
        # BEG01 is 353, ID 2/2: AK403 4, too short.
        ("BEG*00*", "BEG*0*", ["AK3*BEG*2**8", "AK4*1*353*4*0"]),
        # PO102 is 330, a decimal number: AK403 6, invalid character. PO1 opens its loop, which AK303 names.
        ("PO1*1*2*EA", "PO1*1*two*EA", ["AK3*PO1*4*PO1*8", "AK4*2*330*6*two"]),
        # N1's syntax note P0304: N103 without N104, which is 67: AK403 2, conditional required element missing.
        ("N1*ST*Shop~", "N1*ST*Shop*92~", ["AK3*N1*3*N1*8", "AK4*4*67*2"]),
        # N1's R0203: neither name nor code: AK403 2 at the first of them, N102, which is 93.
        ("N1*ST*Shop~", "N1*ST~", ["AK3*N1*3*N1*8", "AK4*2*93*2"]),
        # BEG has twelve elements: AK403 3, too many; what has no place has no number and no copy.
        ("**20261122~N1", "**20261122********x~N1", ["AK3*BEG*2**8", "AK4*13**3"]),
        # No segment of X12 is called ZZZ: AK304 1, unrecognized segment ID. It stands at 3.
        ("~N1*ST", "~ZZZ*1~N1*ST", ["AK3*ZZZ*3**1"]),
        # LX exists, and isn't in 850: AK304 6, segment not in defined transaction set.
        ("~N1*ST", "~LX*1~N1*ST", ["AK3*LX*3**6"]),
        # BEG occurs once: AK304 5, segment exceeds maximum use, at the second.
        ("~N1*ST", "~BEG*00*SA*A-1**20261122~N1*ST", ["AK3*BEG*3**5"]),
        # REF belongs before N1, or into PO1: behind CTT, which opens a loop, it is out of its place: AK304 7.
        ("CUP~SE*5", "CUP~CTT*1~REF*CO*1~SE*7", ["AK3*REF*6*CTT*7"]),
    ],
)
def test_a_997_names_segment_and_element(old: str, new: str, notes: list[str]) -> None:
    assert old in SOUND
    text = SOUND.replace(old, new, 1)
    added = text.count("~") - SOUND.count("~")
    text = text.replace("SE*5*", f"SE*{5 + added}*", 1)
    # AK501 R with AK502 5, segments in error; it was the group's only set: AK901 R, one included and received.
    assert x12(text) == ["AK1*PO*17", "AK2*850*0001", *notes, "AK5*R*5", "AK9*R*1*1*0"]


def test_a_997_names_what_is_missing_where_it_should_stand() -> None:
    # BEG is mandatory. Where it should stand, as segment 2, is N1 now: AK304 3.
    text = SOUND.replace("BEG*00*SA*A-1**20261122~", "", 1).replace("SE*5", "SE*4", 1)
    assert x12(text)[1:-1] == ["AK2*850*0001", "AK3*BEG*2**3", "AK5*R*5"]


def test_a_997_names_the_loop_that_comes_too_often() -> None:
    # N1 may open 200 loops in the header: ST, BEG, 200 of them, and the next is segment 203: AK304 4.
    text = SOUND.replace("N1*ST*Shop~", "N1*ST*Shop~" * 201, 1).replace("SE*5", "SE*205", 1)
    assert x12(text)[1:-1] == ["AK2*850*0001", "AK3*N1*203*N1*4", "AK5*R*5"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # SE01 says 9, and there are five segments: AK502 4.
        ("SE*5*0001", "SE*9*0001", ["AK2*850*0001", "AK5*R*4"]),
        # SE01 is no number at all: the count doesn't match either.
        ("SE*5*0001", "SE*x*0001", ["AK2*850*0001", "AK5*R*4"]),
        # SE02 isn't ST02: AK502 3.
        ("SE*5*0001", "SE*5*0002", ["AK2*850*0001", "AK5*R*3"]),
        # SE is missing: AK502 2.
        ("SE*5*0001~", "", ["AK2*850*0001", "AK5*R*2"]),
    ],
)
def test_a_997_says_what_is_wrong_with_a_sets_own_envelope(old: str, new: str, said: list[str]) -> None:
    assert x12(SOUND.replace(old, new, 1)) == ["AK1*PO*17", *said, "AK9*R*1*1*0"]


def test_a_997_refuses_the_second_set_of_a_control_number() -> None:
    # AK502 23: transaction set control number not unique within the functional group. The first was sound.
    text = purchase_orders(order("0001"), order("0001", "A-2"))
    assert x12(text)[1:] == ["AK2*850*0001", "AK5*A", "AK2*850*0001", "AK5*R*23", "AK9*P*2*2*1"]


@pytest.mark.parametrize(
    ("old", "new", "end"),
    [
        # GE01 says 3 of one set: AK905 5; AK902 is what GE01 said.
        ("GE*1*17", "GE*3*17", "AK9*R*3*1*0*5"),
        # GE02 isn't GS06: AK905 4.
        ("GE*1*17", "GE*1*18", "AK9*R*1*1*0*4"),
        # GE is missing: AK905 3. Nothing says how many were included, so it is what was received.
        ("GE*1*17~", "", "AK9*R*1*1*0*3"),
    ],
)
def test_a_997_rejects_a_group_by_its_own_envelope(old: str, new: str, end: str) -> None:
    assert x12(SOUND.replace(old, new, 1)) == ["AK1*PO*17", end]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("IEA*1*000000905~", "IEA*2*000000905~", "021"),  # TA105 021: invalid number of included groups
        (
            "IEA*1*000000905~",
            "IEA*1*000000906~",
            "001",
        ),  # 001: the control number in header and trailer don't match
        ("IEA*1*000000905~", "", "023"),  # 023: improper (premature) end-of-file
    ],
)
def test_a_ta1_alone_rejects_an_interchange(old: str, new: str, code: str) -> None:
    assert x12(SOUND.replace(old, new, 1)) == [f"TA1*000000905*261122*2300*R*{code}"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "*261122*2300*U*",
            "*261322*2300*U*",
            "TA1*000000905*261322*2300*E*014",
        ),  # 014: invalid interchange date
        (
            "*261122*2300*U*",
            "*261122*2560*U*",
            "TA1*000000905*261122*2560*E*015",
        ),  # 015: invalid interchange time
    ],
)
def test_a_ta1_notes_a_date_and_the_sets_are_answered_all_the_same(old: str, new: str, said: str) -> None:
    answer = x12(SOUND.replace(old, new, 1))
    assert answer == [said, "AK1*PO*17", "AK2*850*0001", "AK5*A", "AK9*A*1*1*1"]


def test_a_999_says_the_same_with_the_documents_number() -> None:
    # IK3, IK4 as AK3, AK4; CTX names the business document (BEG03), and what set it off: N104 is missing for N103.
    text = SOUND.replace("N1*ST*Shop~", "N1*ST*Shop*92~", 1)
    assert x12(text, "999") == [
        "AK1*PO*17*004010", "AK2*850*0001",
        "IK3*N1*3*N1*8", "CTX*SITUATIONAL TRIGGER*N1*3*N1", "CTX*BEG03>A-1", "IK4*4*67*2",
        "IK5*R*5", "AK9*R*1*1*0",
    ]  # fmt: skip


MESSAGE = (
    "UNH+1+ORDERS:D:96A:UN'BGM+220+A-1+9'DTM+137:20261122:102'NAD+BY+4000001000005::9'NAD+SU+4000002000004::9'"
    "LIN+1++4000001:EN'QTY+21:2'UNS+S'UNT+9+1'"
)
TAKEN = f"UCI+905+{SENDER}+{RECEIVER}+7"
REFUSED = "UCM+1+ORDERS:D:96A:UN+4"


@pytest.mark.parametrize(
    ("old", "new", "notes"),
    [
        # BGM's 1004 (second element) has 36 characters of 35: 0085 39, too long, at position 3.
        ("BGM+220+A-1+", f"BGM+220+{'A' * 36}+", ["UCS+2", "UCD+39+3"]),
        # DTM's C507.2005 is mandatory: 13, missing, at position 2, component 1.
        ("DTM+137:20261122", "DTM+:20261122", ["UCS+3", "UCD+13+2:1"]),
        # QTY's C186.6060 is a number: 37, invalid type of character, at position 2, component 2.
        ("QTY+21:2'", "QTY+21:two'", ["UCS+7", "UCD+37+2:2"]),
        # BGM has four elements: 16, too many constituents, at the fifth, position 6.
        ("BGM+220+A-1+9'", "BGM+220+A-1+9+AB+x'", ["UCS+2", "UCD+16+6"]),
        # C507 has three components: 16, at the fourth.
        ("137:20261122:102'", "137:20261122:102:x'", ["UCS+3", "UCD+16+2:4"]),
        # BGM is missing behind UNH, which is segment 1: 13.
        ("BGM+220+A-1+9'", "", ["UCS+1+13"]),
        # No directory has a segment ZZZ: 15, not supported in this position, at 3.
        ("'DTM+137", "'ZZZ+1'DTM+137", ["UCS+3+15"]),
        # BGM may occur once: 35, too many repetitions, at 3.
        ("'DTM+137", "'BGM+220+A-1+9'DTM+137", ["UCS+3+35"]),
    ],
)
def test_a_contrl_names_segment_element_and_component(old: str, new: str, notes: list[str]) -> None:
    assert old in MESSAGE
    text = MESSAGE.replace(old, new, 1)
    text = text.replace("UNT+9+", f"UNT+{9 + text.count(chr(39)) - MESSAGE.count(chr(39))}+", 1)
    assert edifact(orders(text)) == [TAKEN, REFUSED, *notes]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # UNT's 0074 is its first element, position 2: 29, the control count does not match.
        ("UNT+9+1", "UNT+8+1", "+29+UNT+2"),
        # UNT's 0062 is its second, position 3: 28, references do not match.
        ("UNT+9+1", "UNT+9+2", "+28+UNT+3"),
        # UNT is missing: 13.
        ("UNT+9+1'", "", "+13+UNT"),
    ],
)
def test_a_contrl_says_what_is_wrong_with_a_messages_own_envelope(old: str, new: str, said: str) -> None:
    assert edifact(orders(MESSAGE.replace(old, new, 1))) == [TAKEN, REFUSED + said]


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        ("UNZ+2+905'", "4+29+UNZ+2"),  # UNZ's 0036, the count
        ("UNZ+1+906'", "4+28+UNZ+3"),  # UNZ's 0020, the reference
    ],
)
def test_a_contrl_rejects_an_interchange_by_its_trailer(ending: str, said: str) -> None:
    assert edifact(orders(MESSAGE, ending=ending)) == [f"UCI+905+{SENDER}+{RECEIVER}+{said}"]


def test_a_contrl_refuses_the_second_message_of_a_reference() -> None:
    # 26: duplicate detected, at UNH's 0062, position 2; the first was sound.
    assert edifact(orders(MESSAGE, MESSAGE)) == [TAKEN, "UCM+1+ORDERS:D:96A:UN+4+26+UNH+2"]
