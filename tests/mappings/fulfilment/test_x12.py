"""Releases to warehouses and 3PLs, and what becomes of them, in X12."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from canonical.commands import CancelInstruction, InstructedLine, InstructedParcel, ReleaseInstruction
from canonical.documents import DispatchDocument, ReleaseAnswer, ReleaseAnswerDocument, ReturnDocument
from core.clock import ManualClock
from core.exchange.numbers import Numbers
from core.exchange.profile import PartnerProfile
from hub.interchanges import Partners
from hub.mappings import Sources
from mappings.errors import MappingError, Problem
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary
from mappings.x12.transforms import TRANSFORMS
from tests.contracts.building import NOON, somebody
from tests.mappings.edi.files import group, x12

FOLDER = Path(__file__).parents[3] / "mappings"
SOURCES = Sources(tuple((f"mappings/{name}", FOLDER / name) for name in ("fulfilment", "x12")), TRANSFORMS)
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
        .draft_of("940", tree, None)
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


@pytest.mark.parametrize("status", ["CC", "CL", "BP", "BO", "SH"])
def test_what_left_or_follows_is_no_refusal(status: str) -> None:
    assert read_all("945-answer", *LEFT, "LX*1", f"W12*{status}*2*1*1*EA**SK*CUP") == []


@pytest.mark.parametrize("status", ["CP", "CU", "IC", "DE", "DS", "DI", "ID"])
def test_what_will_not_leave_is_refused_once(status: str) -> None:
    (found,) = read_all(
        "945-answer", *LEFT, "LX*1", f"W12*{status}*2*1*1*EA**SK*CUP", f"W12*{status}*1*0*1*EA**SK*CUP"
    )
    assert (found.answer, found.skus) == (ReleaseAnswer.REFUSED, ("CUP",))


@pytest.mark.parametrize("code", ["F", "D"])
def test_a_cancelled_release_is_said_to_be(code: str) -> None:
    segments = (f"W06*{code}*ABC-R1*20261120", "N1*WH**92*DE-01", "LX*1", "W12*CU*2*0*2*EA**SK*CUP")
    (found,) = read_all("945-answer", *segments)
    assert found.answer is ReleaseAnswer.CANCELLED
    assert read_all("945-whole", *segments) == read_all("945-parcels", *segments) == []


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
