"""Two hubs speak EDI with each other: what one writes the other takes, and the first understands the answer."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from core.clock import ManualClock
from core.errors import DocumentError
from core.exchange.numbers import Numbers
from core.exchange.profile import Expected, PartnerProfile, PartyId
from core.exchange.shapes import Draft, Received, SetAnswer, Standing
from core.ports import RawDocument
from hub.interchanges import Partner, Partners
from mappings.syntax.edi.ack.composing import Body, Plain
from mappings.syntax.edi.counterpart import Counterpart
from mappings.syntax.edi.counterpart_shapes import Terms
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary
from mappings.syntax.edi.model import Standard
from tests.core.engine.stage import NOON

HUB, SUPPLIER = PartyId(qualifier="ZZ", id="HUB"), PartyId(qualifier="01", id="123456789")
SOUND, CAME_BEFORE = False, True
GRAMMARS = GrammarLibrary(GrammarFolders())
X12_ORDER = (
    ("BEG", "00", "SA", "PO-1", "", "20261122"),
    ("N1", "ST", "Shop", "92", "17"),
    ("PO1", "1", "2", "EA", "9.99", "", "VN", "CUP"),
    ("CTT", "1"),
)
X12_TREE: Mapping[str, Any] = {
    "BEG": {"01": "00", "02": "SA", "03": "PO-1", "05": "20261122"},
    "N1": [{"N1": {"01": "ST", "02": "Shop", "03": "92", "04": "17"}}],
    "PO1": [{"PO1": {"01": "1", "02": "2", "03": "EA", "04": "9.99", "06": "VN", "07": "CUP"}}],
}
EDIFACT_TREE: Mapping[str, Any] = {
    "BGM": {"01": "220", "02": "PO-1", "03": "9"},
    "DTM": [{"01": "137", "01_2": "20261122", "01_3": "102"}],
    "SG2": [
        {"NAD": {"01": "BY", "02": "4000001000005", "02_3": "9"}},
        {"NAD": {"01": "SU", "02": "4000002000004", "02_3": "9"}},
    ],
    "SG25": [
        {"LIN": {"01": "1", "03": "4000001", "03_2": "EN"}, "QTY": [{"01": "21", "01_2": "2"}]},
    ],
    "UNS": {"01": "S"},
}


def both(standard: str = "x12", **more: object) -> tuple[Partner, Partner]:
    """The hub, and its supplier with the same agreement seen from the other side."""
    is_x12 = standard == "x12"
    version = "004010" if is_x12 else "D96A"
    ours = PartnerProfile(standard=standard, ours=HUB, theirs=SUPPLIER, version=version, **more)  # type: ignore[arg-type]
    theirs = ours.model_copy(update={"ours": SUPPLIER, "theirs": HUB})
    partners = Partners(ManualClock(NOON), GRAMMARS)
    return partners.partner(ours), partners.partner(theirs)


def ordered(hub: Partner) -> Draft:
    """An order of ours, as a mapping writes it."""
    if hub.profile.standard == "x12":
        return hub.draft_of("850", X12_TREE, "PO-1")
    return hub.draft_of("ORDERS", EDIFACT_TREE, "PO-1")


def several(*orders: tuple[Plain, ...]) -> bytes:
    """Orders of the hub's in one interchange, which somebody else has written."""
    terms = Terms(Standard.X12, HUB.named, SUPPLIER.named, "004010", wants_acknowledgement=False)
    return Counterpart(terms, GRAMMARS).send([Body("850", one) for one in orders], NOON)


def taken(partner: Partner, body: bytes) -> Received:
    (received,) = partner.take(RawDocument("interchange", body, "application/edi-x12"))
    return received


def written(draft: Draft, first: int = 1) -> bytes:
    numbers = Numbers(first, tuple(range(11, 11 + draft.groups)), tuple(range(21, 21 + len(draft.sets))))
    return draft.write(numbers)


@pytest.mark.parametrize(("standard", "kind"), [("x12", "850"), ("edifact", "ORDERS")])
def test_what_one_writes_the_other_takes_and_its_acknowledgement_comes_back(standard: str, kind: str) -> None:
    hub, supplier = both(standard)
    draft = ordered(hub)
    assert draft.answer_within == timedelta(hours=24)
    there = taken(supplier, written(draft, 7))
    assert there.inward == hub.profile.outward
    ruling = there.rule(SOUND)
    assert (ruling.standing, ruling.refused) == (Standing.ACCEPTED, ())
    assert [(one.kind, one.control, one.references) for one in ruling.sets] == [(kind, "21", ("PO-1",))]
    assert ruling.acknowledgement is not None
    back = taken(hub, written(ruling.acknowledgement)).rule(SOUND)
    assert (back.standing, back.sets, back.acknowledgement) == (Standing.ACCEPTED, (), None)
    assert {answer.standing for answer in back.answers} == {Standing.ACCEPTED}
    named = ("7", None) if standard == "edifact" else (None, "11")
    assert {(answer.interchange, answer.group) for answer in back.answers} == {named}


def test_each_set_that_is_taken_stands_by_itself() -> None:
    _, supplier = both()
    ruling = taken(supplier, several(X12_ORDER, X12_ORDER)).rule(SOUND)
    (only,) = taken(supplier, ruling.sets[1].body).rule(SOUND).sets
    assert only.body == ruling.sets[1].body
    assert b"ST*850*0002" in only.body


def test_a_bad_set_among_good_ones_is_refused_alone_and_the_sender_hears_of_it() -> None:
    hub, supplier = both()
    bad = (("BEG", "00", "SA", "", "", "20261322"), *X12_ORDER[1:])  # BEG03 is missing, BEG05 is no date
    there = taken(supplier, several(X12_ORDER, bad, X12_ORDER)).rule(SOUND)
    assert (there.standing, [one.control for one in there.sets]) == (Standing.PARTLY, ["1", "3"])
    (refused,) = there.refused
    assert refused.control == "2"
    assert [(problem.field, problem.source) for problem in refused.problems] == [
        ("BEG03", "segment 2"), ("BEG05", "segment 2"),
    ]  # fmt: skip
    assert there.acknowledgement is not None
    answer = written(there.acknowledgement)
    # BEG is segment 2; AK403 1: mandatory element missing (BEG03 is 324), 8: invalid date (BEG05 is 373).
    assert b"AK2*850*0002~AK3*BEG*2**8~AK4*3*324*1~AK4*5*373*8*20261322~AK5*R*5~" in answer
    assert b"AK9*P*3*3*2~" in answer
    (said,) = taken(hub, answer).rule(SOUND).answers
    assert said.standing is Standing.PARTLY
    assert said.sets[1] == SetAnswer("2", Standing.REJECTED, "code 5; 1 segments are wrong")


def test_a_number_that_came_before_is_refused_by_ta1_alone() -> None:
    hub, supplier = both()
    ruling = taken(supplier, written(ordered(hub))).rule(CAME_BEFORE)
    assert (ruling.standing, ruling.sets, ruling.refused) == (Standing.REJECTED, (), ())
    assert ruling.acknowledgement is not None
    answer = written(ruling.acknowledgement)
    assert b"TA1*000000001*260302*1200*R*025~IEA*0*" in answer
    (said,) = taken(hub, answer).rule(SOUND).answers
    assert (said.interchange, said.standing, said.codes) == ("1", Standing.REJECTED, ("025",))


APERAK = (
    "UNB+UNOC:3+123456789:01+HUB:ZZ+261122:1200+9'UNH+1+APERAK:{version}'BGM+{kind}+AP-1+{function}'"
    "DTM+137:202611221200:203'RFF+AGO:21'RFF+{named}'{errors}UNT+{count}+1'UNZ+1+9'"
)
REFUSED = "ERC+18'FTX+AAO+++No such item:4000001'ERC+12'"


def an_aperak(version: str, errors: str = REFUSED, named: str = "ACW:PO-1", function: str = "27") -> bytes:
    """An APERAK of the supplier's: BGM's 1001 is 305 in D.96A, 312 in D.01B."""
    kind = "305" if version.startswith("D:96A") else "312"
    return APERAK.format(
        version=version, errors=errors, named=named, function=function, kind=kind, count=6 + errors.count("'")
    ).encode()


@pytest.mark.parametrize("version", ["D:96A:UN", "D:01B:UN:EAN003"])
def test_an_aperak_tells_which_document_the_partner_refuses_and_is_no_document_itself(version: str) -> None:
    hub, _ = both("edifact")
    ruling = taken(hub, an_aperak(version)).rule(SOUND)
    assert (ruling.sets, ruling.refused) == ((), ())
    (said,) = ruling.answers
    assert (said.kind, said.document, said.standing) == ("APERAK", "PO-1", Standing.REJECTED)
    assert said.codes == ("18 No such item4000001", "12")
    assert ruling.acknowledgement is not None
    assert b"CONTRL" in written(ruling.acknowledgement)


@pytest.mark.parametrize(
    ("errors", "function", "standing"),
    [
        ("", "29", Standing.ACCEPTED),
        (REFUSED, "29", Standing.WITH_ERRORS),
        (REFUSED, "", Standing.REJECTED),
        ("", "27", Standing.REJECTED),
    ],
)
def test_an_aperak_may_take_a_document_all_the_same(errors: str, function: str, standing: Standing) -> None:
    hub, _ = both("edifact", receives=("ORDRSP",))
    (said,) = taken(hub, an_aperak("D:96A:UN", errors, "ON:PO-1", function)).rule(SOUND).answers
    assert (said.document, said.standing) == ("PO-1", standing)


def test_an_aperak_that_names_nothing_is_told_of_all_the_same() -> None:
    hub, _ = both("edifact")
    body = an_aperak("D:96A:UN").replace(b"RFF+AGO:21'RFF+ACW:PO-1'", b"").replace(b"UNT+9", b"UNT+7")
    assert [one.document for one in taken(hub, body).rule(SOUND).answers] == [""]


def test_who_is_not_the_partner_has_no_answer() -> None:
    hub, supplier = both()
    stranger = supplier.profile.model_copy(update={"theirs": PartyId(qualifier="ZZ", id="OTHER")})
    ruling = taken(Partner(stranger, supplier.clock), written(ordered(hub))).rule(SOUND)
    assert (ruling.standing, ruling.acknowledgement) == (Standing.REJECTED, None)
    assert "is from ZZ:HUB in x12" in (ruling.reason or "")


def test_a_test_interchange_is_refused_in_production() -> None:
    hub, supplier = both()
    testing = Partner(hub.profile.model_copy(update={"mode": "test"}), hub.clock)
    ruling = taken(supplier, written(ordered(testing))).rule(SOUND)
    assert ruling.standing is Standing.REJECTED
    assert "is a test" in (ruling.reason or "")


def test_what_is_expected_about_a_document_is_wished_for() -> None:
    hub, _ = both(expects=(Expected(after="850", wants="856", within_h=48),))
    (wish,) = ordered(hub).wishes
    assert (wish.kind, wish.reference, wish.within) == ("856", "PO-1", timedelta(hours=48))


def test_a_file_that_holds_no_interchange_is_no_document() -> None:
    hub, _ = both()
    with pytest.raises(DocumentError):
        hub.take(RawDocument("interchange", b"hello", "text/plain"))
