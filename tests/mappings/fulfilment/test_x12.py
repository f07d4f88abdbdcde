"""Releases to warehouses and 3PLs, and what becomes of them, in X12."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from canonical.commands import CancelInstruction, InstructedLine, InstructedParcel, ReleaseInstruction
from canonical.documents import (
    AdjustedLine,
    DispatchDocument,
    GoodsCondition,
    InboundReceiptDocument,
    ReceivedLine,
    ReleaseAnswer,
    ReleaseAnswerDocument,
    ReturnDocument,
    SkuQuantity,
    StockAdjustmentDocument,
)
from canonical.inbound import InboundInstruction, InboundLine
from core.clock import ManualClock
from core.exchange.numbers import Numbers
from core.exchange.profile import PartnerProfile
from hub.interchanges import Partners
from hub.mappings import Sources
from mappings.errors import MappingError, Problem
from mappings.syntax.edi.ack.collecting import collect
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary
from mappings.syntax.edi.opened import Reading
from mappings.x12.transforms import TRANSFORMS
from tests.contracts.building import NOON, somebody
from tests.mappings.edi.files import group, x12

FOLDER = Path(__file__).parents[3] / "mappings"
SOURCES = Sources(
    tuple((f"mappings/{name}", FOLDER / name) for name in ("fulfilment/x12", "x12")), TRANSFORMS
)
MAPPINGS = SOURCES.registry().load(SOURCES.texts())
TOLD = {"node": "berlin", "zone": "America/Chicago", "depositor": "Our shop"}
DAY = datetime(2026, 11, 20, 6, tzinfo=UTC)
"""Midnight of the day that the fixtures name, in Chicago."""
RELEASE = ReleaseInstruction(
    release_id="ABC-R1", node="DE-01", channel="shop", channel_ref="W-1", shipping_method="standard",
    created_at=NOON,
    ship_to=somebody(name="Ann Example", city="Springfield", region="IL", postcode="62701", country="US"),
    lines=(
        InstructedLine(number=1, line_id="1", sku="CUP", quantity=2, title="A cup: blue"),
        InstructedLine(number=2, line_id="2", sku="POT", quantity=1),
    ),
)  # fmt: skip
LEFT = ("W06*N*ABC-R1*20261120*S-1", "N1*WH**92*DE-01", "G62*11*20261120*W*0915", "W27*U*UPSN")


def a_set(kind: str, *segments: str) -> bytes:
    return x12(*group(f"ST*{kind}*0001", *segments, f"SE*{len(segments) + 2}*0001"))


def read_all(mapping: str, *segments: str) -> list[Any]:
    kind = mapping[:3]
    return list(MAPPINGS[f"fulfilment/x12/{mapping}"].read_all(a_set(kind, *segments), TOLD))


def problem(mapping: str, *segments: str) -> Problem:
    with pytest.raises(MappingError) as caught:
        read_all(mapping, *segments)
    return caught.value.problem


def written(mapping: str, values: Any, version: str = "004010") -> list[str]:
    """What the partner gets, as segments; its own grammar finds nothing wrong with them, or this raises."""
    profile = PartnerProfile.model_validate(
        {
            "standard": "x12", "version": version,
            "ours": {"qualifier": "ZZ", "id": "HUB"}, "theirs": {"qualifier": "ZZ", "id": "ACME"},
        }
    )  # fmt: skip
    tree = MAPPINGS[f"fulfilment/x12/{mapping}"].tree(values, TOLD)
    draft = (
        Partners(ManualClock(NOON), GrammarLibrary(GrammarFolders()))
        .partner(profile)
        .draft_of(mapping[:3], tree, None)
    )
    return draft.write(Numbers(7, (8,), (9,))).decode().split("~")[3:-4]


def test_the_documents_have_no_warnings() -> None:
    assert MAPPINGS.warnings == ()


@pytest.mark.parametrize("version", ["004010", "005010"])
def test_a_release_says_what_to_send_to_whom(version: str) -> None:
    assert written("940", RELEASE, version) == [
        "W05*N*ABC-R1", "N1*DE*Our shop", "N1*WH**92*DE-01", "N1*ST*Ann Example", "N3*1 Example Street",
        "N4*Springfield*IL*62701*US", "PER*IC****EM*a.customer@example.com", "N9*CO*W-1", "W66*PP*U***standard",
        "LX*1", "W01*2*EA**SK*CUP", "G69*A cup blue", "LX*2", "W01*1*EA**SK*POT", "W76*3",
    ]  # fmt: skip


def test_labels_that_the_hub_booked_go_with_it() -> None:
    parcels = tuple(
        InstructedParcel(parcel_id=f"p{n}", carrier="ups", service="ground", tracking_number=f"1Z{n}")
        for n in range(5)
    )
    found = [one for one in written("940", RELEASE.replace(parcels=parcels)) if one.startswith("N9*2I")]
    assert found == [f"N9*2I*1Z{n}" for n in range(5)]


def test_a_cancellation_names_the_release_and_nobody() -> None:
    cancel = CancelInstruction(release_id="ABC-R1", node="DE-01", created_at=NOON)
    assert written("940-cancel", cancel) == ["W05*F*ABC-R1"]


def test_a_release_whose_name_has_no_room_is_refused_with_its_field() -> None:
    with pytest.raises(MappingError) as caught:
        MAPPINGS["fulfilment/x12/940"].tree(RELEASE.replace(release_id="x" * 23), TOLD)
    assert caught.value.problem.target == "W05.02"


def test_each_marked_parcel_is_one() -> None:
    found = read_all(
        "945-parcels", *LEFT, "LX*1", "MAN*GM*SSCC-1", "MAN*CP*1Z1", "W12*CC*2*2**EA**SK*CUP",
        "LX*2", "MAN*CP*1Z2", "W12*CC*1*1**DZ**VN*P-9*****************SK*POT",
    )  # fmt: skip
    first, second = found
    assert isinstance(first, DispatchDocument)
    assert (first.release_id, first.shipment_id, first.carrier, first.tracking_number) == (
        "ABC-R1",
        "SSCC-1",
        "UPSN",
        "1Z1",
    )
    assert first.occurred_at == datetime(2026, 11, 20, 15, 15, tzinfo=UTC)
    assert [(line.sku, line.quantity) for line in first.lines] == [("CUP", 2)]
    assert (second.shipment_id, second.lines[0].sku, second.lines[0].quantity) == ("1Z2", "POT", 12)


def test_what_is_not_marked_is_one_parcel_without_what_did_not_leave() -> None:
    segments = (
        LEFT[0], "N1*WH**92*DE-01", "N9*CN*PRO-7", "LX*1", "W12*CC*2*2**EA**SK*CUP", "LX*2", "W12*DS*1*0*1*EA**SK*POT",
    )  # fmt: skip
    (found,) = read_all("945-whole", *segments)
    assert (found.shipment_id, found.tracking_number, found.occurred_at) == ("S-1", "PRO-7", DAY)
    assert [(line.sku, line.quantity) for line in found.lines] == [("CUP", 2)]
    assert read_all("945-parcels", *segments) == []
    (answer,) = read_all("945-answer", *segments)
    assert isinstance(answer, ReleaseAnswerDocument)
    assert (answer.answer, answer.skus, answer.reason) == (ReleaseAnswer.REFUSED, ("POT",), "out of stock")
    assert (answer.units, answer.reference) == ((SkuQuantity(sku="POT", quantity=1),), "S-1")


@pytest.mark.parametrize("status", ["CC", "CL", "BP", "BO", "SH"])
def test_what_left_or_follows_is_no_refusal(status: str) -> None:
    assert read_all("945-answer", *LEFT, "LX*1", f"W12*{status}*2*1*1*EA**SK*CUP") == []


@pytest.mark.parametrize(
    ("status", "short"),
    [
        ("CP", ("CUP",)),
        ("IC", ("CUP",)),
        ("DS", ("CUP",)),
        ("DI", ("CUP",)),
        ("CU", ()),
        ("DE", ()),
        ("ID", ()),
    ],
)
def test_what_will_not_leave_is_refused_once(status: str, short: tuple[str, ...]) -> None:
    (found,) = read_all(
        "945-answer", *LEFT, "LX*1", f"W12*{status}*2*1*1*EA**SK*CUP", f"W12*{status}*1*0*1*EA**SK*CUP"
    )
    assert (found.answer, found.skus) == (ReleaseAnswer.REFUSED, short)
    assert sum(line.quantity for line in found.units) == 2


@pytest.mark.parametrize(
    ("line", "units"),
    [
        ("W12*CP*3*2*1*EA**SK*CUP", 1),
        ("W12*CP*3*2*-1*EA**SK*CUP", 1),
        ("W12*CP*3*2**EA**SK*CUP", 1),
        ("W12*CU*3***EA**SK*CUP", 3),
        ("W12*CP*3*2*1*DZ**SK*CUP", 12),
        ("W12*CP*3*2*1***SK*CUP", 1),
    ],
)
def test_what_lacks_is_the_difference_or_what_was_ordered_less_what_left(line: str, units: int) -> None:
    (found,) = read_all("945-answer", *LEFT, "LX*1", line)
    assert found.units == (SkuQuantity(sku="CUP", quantity=units),)


def test_what_left_and_what_lacks_of_one_line_is_all_of_it() -> None:
    segments = (*LEFT, "LX*1", "W12*CP*3*2*1*EA**SK*CUP")
    (left,), (lacks,) = read_all("945-whole", *segments), read_all("945-answer", *segments)
    assert left.lines[0].quantity + lacks.units[0].quantity == 3


def test_a_line_that_lacks_nothing_is_no_refusal() -> None:
    assert read_all("945-answer", *LEFT, "LX*1", "W12*CP*2*2*0*EA**SK*CUP") == []


def test_a_line_that_does_not_say_how_many_lack_is_refused_with_its_place() -> None:
    found = problem("945-answer", *LEFT, "LX*1", "W12*DS****EA**SK*CUP")
    assert "W12[0]" in f"{found.source}"
    assert "no value here" in found.reason


@pytest.mark.parametrize("code", ["F", "D"])
def test_a_cancelled_release_is_said_to_be(code: str) -> None:
    segments = (f"W06*{code}*ABC-R1*20261120", "N1*WH**92*DE-01", "LX*1", "W12*CU*2*0*2*EA**SK*CUP")
    (found,) = read_all("945-answer", *segments)
    assert found.answer is ReleaseAnswer.CANCELLED
    assert found.units == (SkuQuantity(sku="CUP", quantity=2),)
    assert read_all("945-whole", *segments) == read_all("945-parcels", *segments) == []


def test_a_cancelled_release_of_whose_lines_one_does_not_say_how_many_is_cancelled_whole() -> None:
    lines = ("LX*1", "W12*CU*2*0*2*EA**SK*CUP", "LX*2", "W12*CU****EA**SK*POT")
    (found,) = read_all("945-answer", "W06*F*ABC-R1*20261120", *lines)
    assert (found.answer, found.units) == (ReleaseAnswer.CANCELLED, ())


@pytest.mark.parametrize(
    ("segments", "source", "reason"),
    [
        ((*LEFT, "LX*1", "W12*CC*2*2**CA**SK*CUP"), "W12.05", "no such code"),
        ((*LEFT, "LX*1", "W12*CC*2*2**EA**UP*0123"), "W12", "SK, BP, IN, VN, VP"),
        ((*LEFT, "LX*1", "W12*CC*2*1.5**EA**SK*CUP"), "W12.03", "int"),
        (("W06*N**20261120*S-1", "LX*1", "W12*CC*2*2**EA**SK*CUP"), "W06.02", "no value here"),
        (("W06*N*ABC-R1", "LX*1", "W12*CC*2*2**EA**SK*CUP"), "occurred_at", "requires one"),
    ],
)
def test_what_can_not_be_understood_is_refused_with_its_place(
    segments: tuple[str, ...], source: str, reason: str
) -> None:
    found = problem("945-whole", *segments)
    assert source in f"{found.source} {found.target}"
    assert reason in found.reason


@pytest.mark.parametrize("before", [(), ("LX*1",)])
def test_goods_that_came_back_are_sound_or_damaged(before: tuple[str, ...]) -> None:
    segments = (
        "W17*N*20261120*RC-1*ABC-R1", "N1*WH**92*DE-01", *before, "W07*1*EA**SK*CUP",
        "W07*2*EA**SK*POT", "W13*2*EA*01", "W14*3",
    )  # fmt: skip
    (sound,), (damaged,) = read_all("944", *segments), read_all("944-damaged", *segments)
    assert isinstance(sound, ReturnDocument)
    assert (sound.return_id, sound.damaged, sound.lines[0].sku, sound.node) == (
        "RC-1",
        False,
        "CUP",
        "berlin",
    )
    assert (damaged.return_id, damaged.damaged, damaged.lines[0].quantity) == ("RC-1-damaged", True, 2)


def test_a_receipt_of_new_stock_is_no_return() -> None:
    segments = ("W17*N*20261120*RC-1", "N1*WH**92*DE-01", "W07*1*EA**SK*CUP", "W14*1")
    assert read_all("944", *segments) == read_all("944-damaged", *segments) == []


ADJUSTED = ("W15*20261120*ADJ-7*OURS-1", "N1*WH**92*DE-01")
BOTH_SIDES = """
overlay: ours/947
base: fulfilment/x12/947
version: 1
tables: {adjustments: {add: {AU: damaged}}}
"""


def test_what_a_count_found_is_read_with_its_sign_and_time() -> None:
    segments = (*ADJUSTED, "G62*07*20261119*W*091540", "W19*AA*-2*DZ**SK*CUP", "W19*AA*3*EA**VN*P-9*SK*POT")
    (found,) = read_all("947", *segments)
    assert isinstance(found, StockAdjustmentDocument)
    assert (found.node, found.number) == ("berlin", "ADJ-7")
    assert found.happened_at == datetime(2026, 11, 19, 15, 15, 40, tzinfo=UTC)
    assert found.lines == (
        AdjustedLine(sku="CUP", quantity=-24, reason="counted"),
        AdjustedLine(sku="POT", quantity=3, reason="counted"),
    )


@pytest.mark.parametrize(("day", "hour"), [("20261120", 15), ("20261119", None)])
def test_without_a_time_it_is_that_of_the_interchange_on_the_same_day(day: str, hour: int | None) -> None:
    (found,) = read_all("947", f"W15*{day}**OURS-1", ADJUSTED[1], "W19*AA*1*EA**SK*CUP")
    assert found.number == "OURS-1"
    assert found.happened_at == (DAY.replace(hour=15, minute=30) if hour else DAY.replace(day=19))


@pytest.mark.parametrize("code", ["03", "04", "05", "06", "07", "08", "AU", "AV", "AW", "AX"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_reason_that_takes_units_takes_them_whatever_the_sign(code: str, sign: str) -> None:
    (found,) = read_all("947", *ADJUSTED, f"W19*{code}*{sign}5*EA**SK*CUP")
    assert [line.quantity for line in found.lines] == [-5]


@pytest.mark.parametrize("code", ["51", "52", "53", "54", "55", "56", "88"])
def test_a_reason_that_brings_units_brings_them(code: str) -> None:
    (found,) = read_all("947", *ADJUSTED, f"W19*{code}*5*EA**SK*CUP")
    assert [line.quantity for line in found.lines] == [5]


def test_a_partner_that_tells_both_sides_of_a_change_has_an_overlay() -> None:
    texts = SOURCES.texts()
    mappings = SOURCES.registry().load({**texts, "overlays/947.yaml": BOTH_SIDES})
    segments = (*ADJUSTED, "W19*AU*-5*EA**SK*CUP", "W19*AU*5*EA**SK*CUP")
    (found,) = mappings["ours/947"].read_all(a_set("947", *segments), TOLD)
    assert isinstance(found, StockAdjustmentDocument)
    assert [(line.quantity, line.condition) for line in found.lines] == [
        (-5, GoodsCondition.SOUND),
        (5, GoodsCondition.DAMAGED),
    ]


@pytest.mark.parametrize(
    ("segments", "source", "reason"),
    [
        ((*ADJUSTED, "W19*56*-5*EA**SK*CUP"), "W19", "-5 units can't have come"),
        ((*ADJUSTED, "W19*ZZ*5*EA**SK*CUP"), "W19.01", "the code table adjustments has no such code"),
        ((*ADJUSTED, "W19*AA*some*EA**SK*CUP"), "W19.02", "this is not a number"),
        ((*ADJUSTED, "W19*AA*1.5*EA**SK*CUP"), "W19.02", "int"),
        ((*ADJUSTED, "W19*AA*1*CA**SK*CUP"), "W19.03", "no such code"),
        ((*ADJUSTED, "W19*AA*1*EA**UP*CUP"), "W19", "SK, BP, IN, VN, VP"),
        ((*ADJUSTED, "W19*AA*999999999*EA**SK*CUP"), "quantity", "less than or equal"),
        (ADJUSTED, "lines", "requires one"),
        (("W15*20261120", "W19*AA*1*EA**SK*CUP"), "number", "requires one"),
        (("W15**ADJ-7", "W19*AA*1*EA**SK*CUP"), "happened_at", "requires one"),
        (("W15*20261320*ADJ-7", "W19*AA*1*EA**SK*CUP"), "W15.01", "datetime"),
    ],
)
def test_an_adjustment_that_can_not_be_understood_is_refused_with_its_place(
    segments: tuple[str, ...], source: str, reason: str
) -> None:
    found = problem("947", *segments)
    assert source in f"{found.source} {found.target}"
    assert reason in found.reason


COMING = InboundInstruction(
    number="ASN-7", node="DE-01", created_at=NOON, expected_at=DAY, ship_from="A pottery: far away", carrier="UPSN",
    lines=(InboundLine(sku="CUP", quantity=20, title="A cup*blue"), InboundLine(sku="POT", quantity=5)),
)  # fmt: skip
CAME = ("W17*F*20261120*RC-9*ASN-7", "N1*WH**92*DE-01")


def test_an_announcement_says_what_comes_and_when() -> None:
    assert written("943", COMING) == [
        "W06*N*ASN-7*20261120", "N1*DE*Our shop", "N1*WH**92*DE-01", "N1*SF*A pottery far away",
        "G62*17*20261120*W*0000", "W27*M*UPSN", "W04*20*EA**SK*CUP", "G69*A cup blue", "W04*5*EA**SK*POT", "W03*25",
    ]  # fmt: skip


def test_an_announcement_needs_to_say_little() -> None:
    little = COMING.replace(expected_at=None, ship_from=None, carrier=None, lines=COMING.lines[1:])
    assert written("943", little) == [
        "W06*N*ASN-7*20261120", "N1*DE*Our shop", "N1*WH**92*DE-01", "W27*M", "W04*5*EA**SK*POT", "W03*5",
    ]  # fmt: skip


@pytest.mark.parametrize("before", [(), ("LX*1",)])
def test_what_came_is_sound_but_for_what_is_said_to_be_damaged(before: tuple[str, ...]) -> None:
    (found,) = read_all(
        "944-inbound", *CAME, "G62*35*20261120*W*091540", *before, "W07*10*EA**SK*CUP", "W13*2*EA*01", "W13*1*EA*04",
        "W13*3*EA*02", "W07*1*DZ**SK*POT", "W14*11",
    )  # fmt: skip
    assert isinstance(found, InboundReceiptDocument)
    assert (found.node, found.inbound, found.number) == ("berlin", "ASN-7", "RC-9")
    assert found.happened_at == datetime(2026, 11, 20, 15, 15, 40, tzinfo=UTC)
    assert found.lines == (
        ReceivedLine(sku="CUP", quantity=10, damaged=3),
        ReceivedLine(sku="POT", quantity=12),
    )
    assert read_all("944", *CAME, "W07*10*EA**SK*CUP", "W14*10") == []


def test_what_names_a_release_is_no_receipt_of_an_announcement() -> None:
    assert read_all("944-inbound", "W17*N*20261120*RC-1*ABC-R1", CAME[1], "W07*1*EA**SK*CUP", "W14*1") == []


@pytest.mark.parametrize(
    ("segments", "source", "reason"),
    [
        (("W17*N*20261120*RC-1", CAME[1], "W07*1*EA**SK*CUP", "W14*1"), "W17.04", "requires one"),
        (("W17*N*20261120**ASN-7", CAME[1], "W07*1*EA**SK*CUP", "W14*1"), "W17.03", "requires one"),
        (("W17*N**RC-1*ASN-7", CAME[1], "W07*1*EA**SK*CUP", "W14*1"), "happened_at", "requires one"),
        ((*CAME, "W07*some*EA**SK*CUP", "W14*1"), "W07.01", "this is not a number"),
        ((*CAME, "W07*0*EA**SK*CUP", "W14*0"), "quantity", "greater than 0"),
        ((*CAME, "W07*1*CA**SK*CUP", "W14*1"), "W07.02", "no such code"),
        ((*CAME, "W07*1*EA**UP*CUP", "W14*1"), "W07", "SK, BP, IN, VN, VP"),
        ((*CAME, "W07*1*DZ**SK*CUP", "W13*1*EA*01", "W14*1"), "W07", "W13 counts in EA, and its W07 in DZ"),
        ((*CAME, "W07*1*EA**SK*CUP", "W13*2*EA*01", "W14*1"), "lines[0]", "2 of 1 units can't be damaged"),
        ((*CAME, "W07*1*EA**SK*CUP", "W13*x*EA*01", "W14*1"), "W07", "damaged"),
        ((*CAME, "W14*1"), "lines", "at least 1 item"),
    ],
)
def test_a_receipt_that_can_not_be_understood_is_refused_with_its_place(
    segments: tuple[str, ...], source: str, reason: str
) -> None:
    found = problem("944-inbound", *segments)
    assert source in f"{found.source} {found.target}"
    assert reason in f"{found.target}: {found.reason}"


@pytest.mark.parametrize(
    ("kind", "segments", "ours"),
    [
        ("945", (*LEFT, "LX*1", "W12*CC*2*2**EA**SK*CUP"), "ABC-R1"),
        ("944", (*CAME, "W07*1*EA**SK*CUP", "W14*1"), "ASN-7"),
    ],
)
def test_what_was_awaited_after_ours_is_known_by_our_number(
    kind: str, segments: tuple[str, ...], ours: str
) -> None:
    (interchange,) = collect([a_set(kind, *segments)], Reading()).interchanges
    assert [one.references for one in interchange.groups[0].sets] == [(ours,)]
