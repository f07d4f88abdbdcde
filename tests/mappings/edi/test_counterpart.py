"""Two sides exchange files: what one sends the other takes and acknowledges, and nothing is taken twice."""

from datetime import UTC, datetime

import pytest

from mappings.syntax.edi.ack.composing import Body
from mappings.syntax.edi.ack.verdict import Decision
from mappings.syntax.edi.counterpart import Counterpart
from mappings.syntax.edi.counterpart_shapes import Terms
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary
from mappings.syntax.edi.model import Delimiters, Standard

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
GRAMMARS = GrammarLibrary(GrammarFolders())
BUYER, SELLER = ("ZZ", "BUYER"), ("01", "123456789")
VERSIONS = {Standard.X12: "004010", Standard.EDIFACT: "D:96A:UN"}
ORDER = {
    Standard.X12: Body(
        "850",
        (
            ("BEG", "00", "SA", "PO-1", "", "20261122"),
            ("N1", "ST", "Käthe's"),
            ("PO1", "1", "2", "EA", "", "", "VN", "CUP"),
        ),
    ),
    Standard.EDIFACT: Body(
        "ORDERS",
        (
            ("BGM", "220", "PO-1", "9"),
            ("DTM", ("137", "20261122", "102")),
            ("NAD", "BY", "", "", "Käthe's"),
            ("LIN", "1", "", ("CUP", "SA")),
            ("QTY", ("21", "2")),
            ("UNS", "S"),
        ),
    ),
}
both_standards = pytest.mark.parametrize("standard", list(Standard))


def sides(standard: Standard, **more: object) -> tuple[Counterpart, Counterpart]:
    """A buyer and a seller with the same terms."""
    version = VERSIONS[standard]
    buyer = Terms(standard, BUYER, SELLER, version)
    seller = Terms(standard, SELLER, BUYER, version, **more)  # type: ignore[arg-type]
    return Counterpart(buyer, GRAMMARS), Counterpart(seller, GRAMMARS)


@both_standards
def test_what_is_sent_is_taken_and_its_acknowledgement_comes_back(standard: Standard) -> None:
    buyer, seller = sides(standard)
    arrived = seller.receive(buyer.send([ORDER[standard]], NOON), NOON)
    (taken,) = arrived.sets
    assert taken.segments == ORDER[standard].segments
    assert (taken.references, arrived.refused, arrived.problems) == (("PO-1",), [], [])
    assert len(buyer.unanswered()) == 1
    back = buyer.receive(arrived.reply, NOON)
    assert (back.sets, back.problems, back.reply) == ([], [], b"")
    assert (buyer.sent[0].decision, buyer.unanswered()) == (Decision.ACCEPTED, [])


@both_standards
def test_each_side_counts_its_own_interchanges_without_gaps(standard: Standard) -> None:
    buyer, seller = sides(standard)
    for _ in range(3):
        buyer.receive(seller.receive(buyer.send([ORDER[standard]] * 2, NOON), NOON).reply, NOON)
    assert [one.control for one in buyer.sent] == [1, 2, 3]
    assert [number for one in buyer.sent for number in one.sets] == [1, 2, 3, 4, 5, 6]


@both_standards
def test_the_same_bytes_again_are_passed_over_and_other_bytes_under_a_used_number_refused(
    standard: Standard,
) -> None:
    buyer, seller = sides(standard)
    file = buyer.send([ORDER[standard]], NOON)
    assert len(seller.receive(file, NOON).sets) == 1
    again = seller.receive(file, NOON)
    assert (len(again.repeated), again.sets, again.reply) == (1, [], b"")
    other = seller.receive(file.replace(b"CUP", b"PEN"), NOON)
    assert (other.sets, len(other.refused)) == ([], 1)
    assert "came before" in other.problems[0]
    buyer.receive(other.reply, NOON)
    assert buyer.sent[0].decision is Decision.REJECTED


@both_standards
def test_a_wrong_set_is_refused_and_its_neighbour_taken(standard: Standard) -> None:
    buyer, seller = sides(standard)
    good = ORDER[standard]
    wrong = Body(good.type, good.segments[1:])
    arrived = seller.receive(buyer.send([good, wrong], NOON), NOON)
    assert (len(arrived.sets), len(arrived.refused)) == (1, 1)
    assert "BEG" in arrived.refused[0].reasons[0] or "BGM" in arrived.refused[0].reasons[0]
    buyer.receive(arrived.reply, NOON)
    assert buyer.sent[0].decision is Decision.PARTLY


@both_standards
@pytest.mark.parametrize("terms", [{"test": True}, {"takes": frozenset({"810", "INVOIC"})}])
def test_what_was_not_agreed_is_refused_and_answered(standard: Standard, terms: dict[str, object]) -> None:
    buyer, seller = sides(standard, **terms)
    arrived = seller.receive(buyer.send([ORDER[standard]], NOON), NOON)
    assert (arrived.sets, len(arrived.refused)) == ([], 1)
    assert arrived.reply


def test_a_stranger_is_neither_taken_nor_answered() -> None:
    _, seller = sides(Standard.X12)
    stranger = Counterpart(Terms(Standard.X12, ("ZZ", "NOBODY"), SELLER, "004010"), GRAMMARS)
    arrived = seller.receive(stranger.send([ORDER[Standard.X12]], NOON), NOON)
    assert (arrived.sets, arrived.reply) == ([], b"")
    assert "ZZ:NOBODY" in arrived.problems[0]


def test_each_side_writes_with_delimiters_of_its_own() -> None:
    buyer, seller = sides(Standard.X12, delimiters=Delimiters("!", "|", ":"), acknowledges="999")
    reply = seller.receive(buyer.send([ORDER[Standard.X12]], NOON), NOON).reply
    assert reply.startswith(b"ISA|00|")
    assert b"!ST|999|" in reply
    buyer.receive(reply, NOON)
    assert buyer.sent[0].decision is Decision.ACCEPTED


@pytest.mark.parametrize("raw", [b"", b"hello", b"ISA*00*", b"UNB+UNOC:3", bytes(range(256))])
def test_what_is_no_interchange_is_a_problem_and_never_an_error(raw: bytes) -> None:
    for standard in Standard:
        _, seller = sides(standard)
        arrived = seller.receive(raw, NOON)
        assert (arrived.sets, arrived.reply) == ([], b"")
        assert arrived.problems
