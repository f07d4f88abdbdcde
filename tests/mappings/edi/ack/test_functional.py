"""Damaged X12 interchanges, and the acknowledgement that a person works out from X12.5, X12.20 and X12.56."""

import pytest

from mappings.errors import MappingError
from mappings.syntax.edi.ack.composing import Numbers, compose, counts, write_x12
from mappings.syntax.edi.ack.functional import Functional, functional, ta1
from mappings.syntax.edi.ack.verdict import Agreement, Verdict, duplicate, judge
from mappings.syntax.edi.model import Level
from tests.mappings.edi.ack.damaged import (
    X12,
    X12_ANSWER,
    fault,
    order,
    outline,
    purchase_orders,
    segments_of,
)


def said(verdict: Verdict, kind: Functional = "997") -> list[str]:
    """The answer's segments between ST and SE."""
    return ["*".join(_flat(plain)) for body in functional(verdict, kind, X12) for plain in body.segments]


def _flat(plain: object) -> list[str]:
    assert isinstance(plain, tuple)
    flat = [e if isinstance(e, str) else ">".join(e).rstrip(">") for e in plain]
    while not flat[-1]:
        flat.pop()
    return flat


class TestASoundGroup:
    verdict = judge(outline(purchase_orders(order("0001"), order("0002"))))

    def test_is_accepted_set_by_set(self) -> None:
        # AK1: GS01 PO, GS06 17; in 004010 there is no AK103. AK9: A, 2 included (GE01), 2 received, 2 accepted.
        assert said(self.verdict) == [
            "AK1*PO*17",
            "AK2*850*0001",
            "AK5*A",
            "AK2*850*0002",
            "AK5*A",
            "AK9*A*2*2*2",
        ]

    def test_is_acknowledged_by_a_999_with_the_version(self) -> None:
        # IK5 in place of AK5; AK103 is GS08.
        assert said(self.verdict, "999") == [
            "AK1*PO*17*004010", "AK2*850*0001", "IK5*A", "AK2*850*0002", "IK5*A", "AK9*A*2*2*2",
        ]  # fmt: skip

    def test_needs_no_ta1_that_nobody_asked_for(self) -> None:
        assert ta1(self.verdict) is None

    def test_has_a_ta1_that_was_asked_for(self) -> None:
        # ISA13, ISA09, ISA10, A, 000.
        verdict = judge(outline(purchase_orders(order("0001"), wants_ta1=True)))
        assert ta1(verdict) == ("TA1", "000000905", "261122", "2300", "A", "000")

    def test_is_written_whole(self) -> None:
        bodies = functional(self.verdict, "997", X12)
        assert counts(bodies) == (1, 1)
        written = write_x12(X12_ANSWER, Numbers(7, (8,), (9,)), bodies)
        # SE01: ST, the six above, SE: 8 segments. GE01: one set. IEA01: one group.
        assert written.decode() == (
            "ISA*00*          *00*          *ZZ*HUB            *01*123456789      *261123*0705*U*00401*000000007*0*P*>~"
            "GS*FA*HUB*SUPPLIER*20261123*0705*8*X*004010~ST*997*0009~AK1*PO*17~AK2*850*0001~AK5*A~AK2*850*0002~AK5*A~"
            "AK9*A*2*2*2~SE*8*0009~GE*1*8~IEA*1*000000007~"
        )


class TestABadSetAmongGoodOnes:
    """The second of three orders. BEG is segment 2, N1 segment 3 in loop N1, PO1 segment 4 in loop PO1."""

    faults = (
        # BEG05 (373, a date) is 20261322: AK403 8, invalid date.
        fault(Level.ELEMENT, "8", tag="BEG", segment=2, element=5, reference="373", value="20261322"),
        # N101 (98) is missing: AK403 1. N103 is given without N104: AK403 2.
        fault(Level.ELEMENT, "1", tag="N1", segment=3, element=1, loop="N1", reference="98"),
        fault(Level.ELEMENT, "2", tag="N1", segment=3, element=4, loop="N1", reference="67"),
        # A segment that 850 doesn't know at position 5: AK304 2 unexpected.
        fault(Level.SEGMENT, "2", tag="LX", segment=5),
        # CTT is missing where SE stands, segment 6: AK304 3.
        fault(Level.SEGMENT, "3", tag="CTT", segment=6),
    )
    verdict = judge(
        outline(purchase_orders(order("0001"), order("0002", "B-2"), order("0003")), sets={"0002": faults})
    )

    def test_is_rejected_alone_with_each_fault_at_its_place(self) -> None:
        # AK5 R 5: one or more segments in error. AK9 P: three included, three received, two accepted.
        assert said(self.verdict) == [
            "AK1*PO*17",
            "AK2*850*0001", "AK5*A",
            "AK2*850*0002",
            "AK3*BEG*2**8", "AK4*5*373*8*20261322",
            "AK3*N1*3*N1*8", "AK4*1*98*1", "AK4*4*67*2",
            "AK3*LX*5**2",
            "AK3*CTT*6**3",
            "AK5*R*5",
            "AK2*850*0003", "AK5*A",
            "AK9*P*3*3*2",
        ]  # fmt: skip

    def test_is_told_by_a_999_with_the_document_and_what_set_off_a_condition(self) -> None:
        # CTX names the business document (BEG03) with each segment that has element errors; before it, where an element
        # is wrong because of another one in its segment (IK403 2 or 10), the segment that set it off.
        assert said(self.verdict, "999") == [
            "AK1*PO*17*004010",
            "AK2*850*0001", "IK5*A",
            "AK2*850*0002",
            "IK3*BEG*2**8", "CTX*BEG03>B-2", "IK4*5*373*8*20261322",
            "IK3*N1*3*N1*8", "CTX*SITUATIONAL TRIGGER*N1*3*N1", "CTX*BEG03>B-2", "IK4*1*98*1", "IK4*4*67*2",
            "IK3*LX*5**2",
            "IK3*CTT*6**3",
            "IK5*R*5",
            "AK2*850*0003", "IK5*A",
            "AK9*P*3*3*2",
        ]  # fmt: skip

    def test_is_the_only_one_that_is_not_processed(self) -> None:
        assert [one.outline.head.fields[2] for one in self.verdict.accepted()] == ["0001", "0003"]

    def test_is_taken_with_errors_where_that_was_agreed(self) -> None:
        agreed = Agreement(content_errors="accept")
        verdict = judge(self.verdict.outline, agreed)
        assert "AK5*E*5" in said(verdict)
        assert said(verdict)[-1] == "AK9*E*3*3*3"
        assert len(list(verdict.accepted())) == 3


class TestOneSegment:
    def test_with_faults_of_its_own_and_of_its_elements_is_named_for_each_code(self) -> None:
        faults = (
            fault(Level.SEGMENT, "5", tag="N1", segment=3, loop="N1"),  # exceeds its maximum use
            fault(
                Level.ELEMENT, "5", tag="N1", segment=3, element=2, loop="N1", reference="93", value="x" * 120
            ),
        )
        verdict = judge(outline(purchase_orders(order("0001")), sets={"0001": faults}))
        # AK304 and IK304 have room for one code each, so that AK3 and IK3 come twice; AK404 has at most 99 characters.
        assert said(verdict)[2:5] == ["AK3*N1*3*N1*5", "AK3*N1*3*N1*8", f"AK4*2*93*5*{'x' * 99}"]
        assert [s for s in said(verdict, "999") if s.startswith("IK3")] == ["IK3*N1*3*N1*5", "IK3*N1*3*N1*8"]

    def test_names_a_component_and_leaves_out_a_copy_that_would_break_the_answer(self) -> None:
        wrong = fault(
            Level.ELEMENT, "7", tag="REF", segment=3, element=4, component=2, reference="127", value="a>b"
        )
        verdict = judge(outline(purchase_orders(order("0001")), sets={"0001": [wrong]}))
        assert said(verdict)[2:4] == ["AK3*REF*3**8", "AK4*4>2*127*7"]


class TestWrongNumbersAndCounts:
    def test_se01_rejects_its_set(self) -> None:
        # SE01 says 9 and there are 5 segments: AK502 4.
        wrong = fault(Level.SET, "4", tag="SE", segment=5, element=1)
        verdict = judge(
            outline(purchase_orders(order("0001", count=9), order("0002")), sets={"0001": [wrong]})
        )
        assert said(verdict) == [
            "AK1*PO*17",
            "AK2*850*0001",
            "AK5*R*4",
            "AK2*850*0002",
            "AK5*A",
            "AK9*P*2*2*1",
        ]

    def test_se02_and_a_bad_element_stand_beside_each_other(self) -> None:
        faults = (
            fault(Level.ELEMENT, "7", tag="BEG", segment=2, element=1, reference="353", value="99"),
            fault(Level.SET, "3", tag="SE", segment=5, element=2),
        )
        verdict = judge(outline(purchase_orders(order("0001")), sets={"0001": faults}))
        # Of the only set of its group, so that the group is rejected: AK9 R.
        assert said(verdict)[1:] == [
            "AK2*850*0001", "AK3*BEG*2**8", "AK4*1*353*7*99", "AK5*R*3*5", "AK9*R*1*1*0",
        ]  # fmt: skip

    def test_ge01_rejects_the_group_and_says_what_it_should_have_held(self) -> None:
        # GE01 says 3, there are 2 sets: AK905 5, three included, two received, none accepted. No AK5 says A.
        text = purchase_orders(order("0001"), order("0002")).replace("GE*2*", "GE*3*")
        verdict = judge(outline(text, groups={"17": [fault(Level.GROUP, "5", tag="GE", element=1)]}))
        assert said(verdict) == ["AK1*PO*17", "AK9*R*3*2*0*5"]
        assert not list(verdict.accepted())

    def test_iea01_rejects_the_interchange_by_ta1_alone(self) -> None:
        # TA105 021: invalid number of included groups. With R there is no 997, and nothing is processed.
        verdict = judge(
            outline(purchase_orders(order("0001")), interchange=[fault(Level.INTERCHANGE, "021")])
        )
        assert ta1(verdict) == ("TA1", "000000905", "261122", "2300", "R", "021")
        assert said(verdict) == []
        assert not list(verdict.accepted())

    def test_iea02_rejects_the_interchange(self) -> None:
        # TA105 001: the control number in header and trailer do not match.
        verdict = judge(
            outline(purchase_orders(order("0001")), interchange=[fault(Level.INTERCHANGE, "001")])
        )
        assert ta1(verdict) == ("TA1", "000000905", "261122", "2300", "R", "001")
        assert not list(verdict.accepted())

    def test_a_wrong_date_in_isa_is_noted_and_the_sets_are_taken(self) -> None:
        # TA104 E, TA105 014: the sets behind it are acknowledged and processed.
        verdict = judge(
            outline(purchase_orders(order("0001")), interchange=[fault(Level.INTERCHANGE, "014")])
        )
        assert ta1(verdict) == ("TA1", "000000905", "261122", "2300", "E", "014")
        assert said(verdict)[-1] == "AK9*A*1*1*1"
        assert len(list(verdict.accepted())) == 1

    def test_what_rejects_is_told_before_what_is_noted(self) -> None:
        faults = [fault(Level.INTERCHANGE, "014"), fault(Level.INTERCHANGE, "001")]
        verdict = judge(outline(purchase_orders(order("0001")), interchange=faults))
        assert ta1(verdict) == ("TA1", "000000905", "261122", "2300", "R", "001")


class TestAnAgreement:
    def test_rejects_a_set_that_it_does_not_name(self) -> None:
        # AK502 1: transaction set not supported.
        text = purchase_orders(order("0001"), order("0002").replace("ST*850", "ST*875"))
        verdict = judge(outline(text), Agreement(sets=frozenset({"850"})))
        assert said(verdict)[3:] == ["AK2*875*0002", "AK5*R*1", "AK9*P*2*2*1"]

    def test_refuses_a_test_in_production(self) -> None:
        # TA105 020: invalid test indicator.
        verdict = judge(outline(purchase_orders(order("0001"), test=True)))
        assert ta1(verdict) == ("TA1", "000000905", "261122", "2300", "R", "020")
        assert not list(verdict.accepted())

    def test_takes_a_test_before_production_and_refuses_what_is_none(self) -> None:
        agreed = Agreement(production=False)
        assert list(judge(outline(purchase_orders(order("0001"), test=True)), agreed).accepted())
        assert not list(judge(outline(purchase_orders(order("0001"))), agreed).accepted())

    def test_refuses_what_is_for_somebody_else(self) -> None:
        verdict = judge(outline(purchase_orders(order("0001"))), Agreement(recipient=("ZZ", "OTHER")))
        assert ta1(verdict) == ("TA1", "000000905", "261122", "2300", "R", "008")

    def test_may_tolerate_a_fault(self) -> None:
        text = purchase_orders(order("0001")).replace("GE*1*", "GE*3*")
        wrong = fault(Level.GROUP, "5", tag="GE")
        verdict = judge(outline(text, groups={"17": [wrong]}), Agreement(tolerated=frozenset({wrong.code})))
        assert said(verdict)[-1] == "AK9*E*3*1*1*5"
        assert len(list(verdict.accepted())) == 1

    def test_a_number_that_came_before_with_other_contents_is_refused(self) -> None:
        # TA105 025: duplicate interchange control number.
        sound = outline(purchase_orders(order("0001")))
        assert ta1(judge(sound, further=[duplicate(sound)])) == (
            "TA1", "000000905", "261122", "2300", "R", "025",
        )  # fmt: skip


class TestAnAcknowledgement:
    text = purchase_orders("ST*997*0001~AK1*PO*1~AK9*A*1*1*1~SE*4*0001~", wants_ta1=True).replace(
        "GS*PO", "GS*FA"
    )

    @pytest.mark.parametrize("faults", [[], [fault(Level.INTERCHANGE, "021")]])
    def test_is_never_acknowledged(self, faults: list[object]) -> None:
        verdict = judge(outline(self.text, interchange=faults))  # type: ignore[arg-type]
        assert ta1(verdict) is None
        assert functional(verdict, "997", X12) == ()

    def test_beside_orders_is_passed_over(self) -> None:
        orders = purchase_orders(order("0001"), wants_ta1=True)
        acks = (
            "GS*FA*SUPPLIER*HUB*20261122*2300*18*X*004010~ST*997*0001~AK1*PO*1~AK9*A*1*1*1~SE*4*0001~GE*1*18~"
        )
        verdict = judge(outline(orders.replace("IEA*1", acks + "IEA*2")))
        assert ta1(verdict) is not None
        assert [s for s in said(verdict) if s.startswith("AK1")] == ["AK1*PO*17"]

    def test_that_says_the_same_as_a_warning_without_a_code_says_nothing_of_it(self) -> None:
        no_grammar = fault(Level.SET, "", tag="ST", segment=1, warning=True)
        verdict = judge(outline(purchase_orders(order("0001")), sets={"0001": [no_grammar]}))
        assert said(verdict) == ["AK1*PO*17", "AK2*850*0001", "AK5*A", "AK9*A*1*1*1"]


def test_a_value_with_a_delimiter_is_refused_by_its_segment() -> None:
    with pytest.raises(MappingError, match="which is a delimiter"):
        compose(("REF", "a*b"), X12)


def test_what_is_split_is_what_was_written() -> None:
    found = segments_of(purchase_orders(order("0001")), X12)
    assert [s.tag for s in found] == ["ISA", "GS", "ST", "BEG", "N1", "PO1", "SE", "GE", "IEA"]
