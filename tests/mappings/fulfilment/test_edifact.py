"""Releases to warehouses and 3PLs, and what becomes of them, in EDIFACT."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from canonical.commands import CancelInstruction, InstructedLine, InstructedParcel, ReleaseInstruction
from canonical.documents import (
    DispatchDocument,
    ReleaseAnswer,
    ReleaseAnswerDocument,
    ReturnDocument,
    SkuQuantity,
    StockDocument,
)
from canonical.stock import StockBasis
from core.clock import ManualClock
from core.errors import DocumentError
from core.exchange.numbers import Numbers
from core.exchange.profile import PartnerProfile
from hub.interchanges import Partners
from hub.mappings import Sources
from mappings.edifact.transforms import EDIFACT_TRANSFORMS
from mappings.errors import MappingError, Problem
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary
from tests.contracts.building import NOON, somebody
from tests.mappings.edi.files import codes, edifact

FOLDER = Path(__file__).parents[3] / "mappings"
SOURCES = Sources(
    tuple((f"mappings/{name}", FOLDER / name) for name in ("fulfilment/edifact", "edifact")),
    EDIFACT_TRANSFORMS,
)
MAPPINGS = SOURCES.registry().load(SOURCES.texts())
TOLD = {"node": "berlin", "zone": "Europe/Berlin", "depositor": "Our shop", "depositor_id": "4000001000005"}
DAY = datetime(2026, 11, 19, 23, tzinfo=UTC)
"""Midnight of the day that the fixtures name, in Berlin."""
RELEASE = ReleaseInstruction(
    release_id="ABC-R1", node="DE-01", channel="shop", channel_ref="W-1", shipping_method="standard",
    created_at=NOON,
    ship_to=somebody(
        name="Zoë O'Neill", city="Springfield", region="IL", postcode="62701", country="US", phone="+1 217 555 0100"
    ),
    lines=(
        InstructedLine(number=1, line_id="1", sku="CUP", quantity=2, title="A cup: blue"),
        InstructedLine(number=2, line_id="2", sku="POT", quantity=1),
    ),
)  # fmt: skip
KINDS = {"despatch-advice": "DESADV", "receiving-advice": "RECADV", "inventory-report": "INVRPT"}


def a_message(kind: str, *segments: str) -> bytes:
    return edifact(f"UNH+1+{kind}:D:01B:UN", *segments, f"UNT+{len(segments) + 2}+1")


def read_all(name: str, *segments: str) -> list[Any]:
    kind = next(kind for start, kind in KINDS.items() if start in name)
    raw = a_message(kind, *segments)
    assert codes(raw) == []
    return list(MAPPINGS[name if "/" in name else f"fulfilment/edifact/{name}"].read_all(raw, TOLD))


def problem(name: str, *segments: str) -> Problem:
    with pytest.raises(MappingError) as caught:
        read_all(name, *segments)
    return caught.value.problem


def written(name: str, values: Any) -> list[str]:
    """What the partner gets, as segments; its own grammar finds nothing wrong with them, or this raises."""
    profile = PartnerProfile.model_validate(
        {
            "standard": "edifact", "version": "D01B",
            "ours": {"qualifier": "14", "id": "4000001000005"}, "theirs": {"qualifier": "ZZ", "id": "ACME"},
        }
    )  # fmt: skip
    tree = MAPPINGS[f"fulfilment/edifact/{name}"].tree(values, TOLD)
    partners = Partners(ManualClock(NOON), GrammarLibrary(GrammarFolders()))
    raw = (
        partners.partner(profile).draft_of("INSDES", tree, None).write(Numbers(7, (), (9,))).decode("latin-1")
    )
    return re.split(r"(?<!\?)'", raw)[2:-3]


def test_the_documents_have_no_warnings() -> None:
    assert MAPPINGS.warnings == ()


def test_a_release_says_what_to_send_to_whom() -> None:
    assert written("despatch-instruction", RELEASE) == [
        "BGM+350+ABC-R1+9", "DTM+137:202611201300:203", "FTX+DEL+++standard", "RFF+UC:W-1",
        "NAD+OB+4000001000005::9++Our shop", "NAD+WH+DE-01",
        "NAD+DP+++Zoë O?'Neill+1 Example Street+Springfield+IL+62701+US", "CTA+IC",
        "COM+?+1 217 555 0100:TE", "COM+a.customer@example.com:EM",
        "LIN+1++CUP:IN", "IMD+F++:::A cup?: blue", "QTY+113:2", "LIN+2++POT:IN", "QTY+113:1",
        "UNS+S", "CNT+2:2",
    ]  # fmt: skip


def labels(count: int) -> tuple[InstructedParcel, ...]:
    return tuple(
        InstructedParcel(parcel_id=f"p{n}", carrier="ups", service="ground", tracking_number=f"1Z{n}")
        for n in range(count)
    )


def test_labels_that_the_hub_booked_go_with_it() -> None:
    found = written("despatch-instruction", RELEASE.replace(parcels=labels(8)))
    assert [one for one in found if one.startswith("RFF+CN")] == [f"RFF+CN:1Z{n}" for n in range(8)]


def test_more_labels_than_there_is_room_for_are_refused_before_it_has_a_number() -> None:
    with pytest.raises(DocumentError, match="RFF opens stands more than 9 times"):
        written("despatch-instruction", RELEASE.replace(parcels=labels(9)))


def test_a_cancellation_names_the_release_and_nobody() -> None:
    cancel = CancelInstruction(release_id="ABC-R1", node="DE-01", created_at=NOON)
    assert written("despatch-stop", cancel) == [
        "BGM+350+ABC-R1-X+1", "DTM+137:202611201300:203", "RFF+ACW:ABC-R1",
        "NAD+OB+4000001000005::9++Our shop", "NAD+WH+DE-01", "UNS+S",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "target"), [({"release_id": "x" * 36}, "BGM.02"), ({"node": "x" * 36}, "SG2[1].NAD.02")]
)
def test_what_has_no_room_is_refused_with_its_field(changes: dict[str, str], target: str) -> None:
    with pytest.raises(MappingError) as caught:
        MAPPINGS["fulfilment/edifact/despatch-instruction"].tree(RELEASE.replace(**changes), TOLD)
    assert caught.value.problem.target == target


# --- what left ---------------------------------------------------------------------------------------------------

HEAD = ("BGM+351+S-9+9", "DTM+137:202611201030:203", "DTM+11:20261120101530:204")
LEFT = (*HEAD, "RFF+AAJ:ABC-R1", "TDT+20++30+31+UPSN")
MARKED = ("PAC+1++CT", "PCI+33E", "RFF+CN:1Z1", "GIN+BJ+003401234500000012")


def test_each_packing_level_of_which_something_left_is_a_parcel() -> None:
    first, second = read_all(
        "despatch-advice-parcels", *LEFT[:4], "RFF+AAS:W-7", LEFT[4], "CPS+1", "PAC+2++CT",
        "CPS+2+1", *MARKED, "LIN+1++P-9:SA", "PIA+1+CUP:IN", "QTY+12:2",
        "CPS+3+1", "PAC+1++CT", "LIN+2++POT:IN", "QTY+12:1:DZN", "LIN+3++CUP:IN", "QTY+12:0",
        "CPS+4+1", "LIN+4++POT:IN", "QTY+12:0",
    )  # fmt: skip
    assert isinstance(first, DispatchDocument)
    assert (first.release_id, first.shipment_id, first.carrier, first.tracking_number) == (
        "ABC-R1", "003401234500000012", "UPSN", "1Z1",
    )  # fmt: skip
    assert first.occurred_at == datetime(2026, 11, 20, 9, 15, 30, tzinfo=UTC)
    assert first.lines == (SkuQuantity(sku="CUP", quantity=2),)
    assert (second.shipment_id, second.tracking_number) == ("S-9-3", "W-7")
    assert second.lines == (SkuQuantity(sku="POT", quantity=12),)


def test_a_tracking_number_may_be_a_label_number_and_the_carrier_a_party() -> None:
    (found,) = read_all(
        "despatch-advice-parcels", "BGM+351+S-9", HEAD[1], "RFF+AAJ:ABC-R1", "NAD+CA+++Own van",
        "CPS+1", "PAC+1", "PCI+24", "GIN+ML+1Z7", "LIN+1++CUP:IN", "QTY+12:2",
    )  # fmt: skip
    assert (found.tracking_number, found.carrier, found.shipment_id) == ("1Z7", "Own van", "S-9-1")
    assert found.occurred_at == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("qualifier", ["AAJ", "IDR", "ON"])
def test_the_release_may_stand_with_the_lines_too(qualifier: str) -> None:
    line = ("LIN+1++CUP:IN", "QTY+12:2", f"RFF+{qualifier}:ABC-R1")
    (below,) = read_all("despatch-advice-parcels", *HEAD, "CPS+1", *line)
    (above,) = read_all("despatch-advice-parcels", *HEAD, line[2], "CPS+1", *line[:2])
    assert below.release_id == above.release_id == "ABC-R1"


@pytest.mark.parametrize(
    ("segments", "place", "reason"),
    [
        ((*HEAD, "CPS+1", "LIN+1++CUP:IN", "QTY+12:2"), 5, "there is no value here"),
        ((*HEAD, "RFF+AAJ:A", "RFF+AAJ:B", "CPS+1", "LIN+1++CUP:IN", "QTY+12:2"), None, "about A, B"),
        ((*LEFT, "CPS+1", "LIN+1++CUP:IN", "QTY+12:two"), 9, "'two' is no number"),
        ((*LEFT, "CPS+1", "LIN+1++CUP:IN", "QTY+12:2.5"), 9, "2.5 is no number of pieces"),
        ((*LEFT, "CPS+1", "LIN+1++CUP:IN", "QTY+12:-2"), 9, "-2 is no number of pieces"),
        ((*LEFT, "CPS+1", "LIN+1++CUP:IN", "QTY+12:2:KGM"), 8, "the code table pieces has no such code"),
        ((*LEFT, "CPS+1", "LIN+1++CUP:ZZZ", "QTY+12:2"), 8, "IN, BP, SA, VN, VP, EN, SRV, UP"),
        (
            (HEAD[0], "DTM+11:20261320:102", *LEFT[3:], "CPS+1", "LIN+1++CUP:IN", "QTY+12:2"),
            3,
            "not a date or time",
        ),
    ],
)
def test_what_can_not_be_understood_is_refused_with_its_place(
    segments: tuple[str, ...], place: int | None, reason: str
) -> None:
    found = problem("despatch-advice-parcels", *segments)
    assert reason in found.reason
    assert (found.position.segment if found.position else None) == place


# --- what will not leave -----------------------------------------------------------------------------------------

REFUSED = ["AA", "AB", "AD", "CK", "CP", "IC", "OP", "OS", "OW", "RA", "TW"]
FOLLOWS = ["", "AC", "AE", "AN", "AS", "BK", "BP", "CC", "CS", "PS", "SS", "ZZZ"]


@pytest.mark.parametrize("code", REFUSED)
def test_what_will_not_leave_is_refused_in_units(code: str) -> None:
    segments = (*LEFT, "CPS+1", "LIN+1++CUP:IN", "QTY+12:2", "QTY+21:5", f"QVR+-3:21+{code}")
    (found,) = read_all("despatch-advice-answer", *segments)
    assert isinstance(found, ReleaseAnswerDocument)
    assert (found.release_id, found.answer, found.reference) == ("ABC-R1", ReleaseAnswer.REFUSED, "S-9")
    assert found.units == (SkuQuantity(sku="CUP", quantity=3),)
    assert found.skus == (() if code in {"CK", "IC"} else ("CUP",))
    assert found.reason
    (left,) = read_all("despatch-advice-parcels", *segments)
    assert left.lines == (SkuQuantity(sku="CUP", quantity=2),)


@pytest.mark.parametrize("code", FOLLOWS)
def test_what_left_or_follows_is_no_refusal(code: str) -> None:
    lines = ("CPS+1", "LIN+1++CUP:IN", "QTY+12:2", "QTY+21:5", f"QVR+-3:21+{code}".rstrip("+"))
    assert read_all("despatch-advice-answer", *LEFT, *lines) == []
    assert read_all("despatch-advice-answer", *LEFT, *lines[:-1]) == []


@pytest.mark.parametrize(
    ("said", "units"),
    [
        (("QTY+12:2", "QVR+-3:21+CP"), 3),
        (("QTY+12:2", "QVR+3:21+CP"), 3),
        (("QTY+12:2", "QVR+3:21+CP", "QVR+1:21+OW"), 4),
        (("QTY+12:2", "QTY+21:5", "QVR++CP"), 3),
        (("QTY+12:0", "QTY+21:5", "QVR++OW"), 5),
        (("QTY+12:2:DZN", "QVR+-3:21+CP"), 36),
        (("QTY+12:2:DZN", "QTY+21:3:DZN", "QVR++CP"), 12),
    ],
)
def test_what_lacks_is_the_difference_or_what_was_ordered_less_what_left(
    said: tuple[str, ...], units: int
) -> None:
    (found,) = read_all("despatch-advice-answer", *LEFT, "CPS+1", "LIN+1++CUP:IN", *said)
    assert sum(line.quantity for line in found.units) == units


def test_a_line_that_lacks_nothing_is_no_refusal() -> None:
    assert (
        read_all("despatch-advice-answer", *LEFT, "CPS+1", "LIN+1++CUP:IN", "QTY+12:2", "QVR+0:21+CP") == []
    )


def test_a_line_that_does_not_say_how_many_lack_is_refused_with_its_place() -> None:
    found = problem("despatch-advice-answer", *LEFT, "CPS+1", "LIN+1++CUP:IN", "QTY+12:2", "QVR++CP")
    assert found.target == "units[0].quantity[0]"
    assert "no value here" in found.reason


def test_a_refusal_repeats_the_reason_in_words() -> None:
    lines = ("LIN+1++CUP:IN", "QTY+12:0", "QVR+-2:21+IC+:::insufficient address")
    (found,) = read_all("despatch-advice-answer", *LEFT, "CPS+1", *lines)
    assert found.reason == "item cancelled: insufficient address"


STOPPED = ("CPS+1", "LIN+1++CUP:IN", "QTY+12:0", "QVR+-2:21+CK", "LIN+2++POT:IN", "QTY+12:0", "QVR+-1:21+CK")


def test_a_message_whose_lines_are_all_cancelled_says_that_the_release_was_stopped() -> None:
    (found,) = read_all("despatch-advice-answer", *LEFT, *STOPPED)
    assert (found.answer, found.reason) == (ReleaseAnswer.CANCELLED, "cancelled")
    assert found.units == (SkuQuantity(sku="CUP", quantity=2), SkuQuantity(sku="POT", quantity=1))
    assert read_all("despatch-advice-parcels", *LEFT, *STOPPED) == []


def test_a_stop_of_whose_lines_one_does_not_say_how_many_is_of_the_whole_release() -> None:
    (found,) = read_all("despatch-advice-answer", *LEFT, *STOPPED[:-1], "QVR+:21+CK")
    assert (found.answer, found.units) == (ReleaseAnswer.CANCELLED, ())


@pytest.mark.parametrize(
    "instead",
    [("QTY+12:1", "QVR+-1:21+CK"), ("QTY+12:0", "QVR+-1:21+OW"), ("QTY+12:0", "QVR+-1:21+BP"), ("QTY+12:1",)],
)
def test_when_something_else_is_said_of_a_line_only_units_are_refused(instead: tuple[str, ...]) -> None:
    (found,) = read_all("despatch-advice-answer", *LEFT, *STOPPED[:5], *instead)
    assert found.answer is ReleaseAnswer.REFUSED
    assert SkuQuantity(sku="CUP", quantity=2) in found.units


@pytest.mark.parametrize("function", ["1", "3", "4", "5"])
def test_a_message_about_another_message_is_read_by_nobody(function: str) -> None:
    despatched = (f"BGM+351+S-9+{function}", *LEFT[1:], *STOPPED, "LIN+3++CUP:IN", "QTY+12:2")
    received = (f"BGM+632+RC-1+{function}", *RECEIVED[1:], "LIN+1++CUP:IN", "QTY+48:2")
    for name in ("despatch-advice-parcels", "despatch-advice-answer"):
        assert read_all(name, *despatched) == []
    for name in ("receiving-advice", "receiving-advice-damaged"):
        assert read_all(name, *received) == []


# --- what came back, and what lies there -------------------------------------------------------------------------

RECEIVED = (
    "BGM+632+RC-1+9", "DTM+137:202611201030:203", "DTM+50:20261120:102", "RFF+AAJ:ABC-R1", "NAD+WH+DE-01", "CPS+1",
)  # fmt: skip


def test_goods_that_came_back_are_sound_or_damaged() -> None:
    segments = (
        *RECEIVED, "LIN+1++CUP:IN", "QTY+48:3", "LIN+2++POT:IN", "QTY+48:5", "QTY+194:4", "QVR+-1:124+AF",
        "LIN+3++JUG:IN", "QTY+48:1:DZN", "QVR++AF", "LIN+4++MUG:IN", "QTY+48:2", "QTY+124:2",
    )  # fmt: skip
    (sound,) = read_all("receiving-advice", *segments)
    assert isinstance(sound, ReturnDocument)
    assert (sound.release_id, sound.return_id, sound.node, sound.damaged) == (
        "ABC-R1",
        "RC-1",
        "berlin",
        False,
    )
    assert sound.occurred_at == DAY
    assert [(line.sku, line.quantity) for line in sound.lines] == [("CUP", 3), ("POT", 4)]
    (damaged,) = read_all("receiving-advice-damaged", *segments)
    assert (damaged.return_id, damaged.damaged) == ("RC-1-damaged", True)
    assert [(line.sku, line.quantity) for line in damaged.lines] == [("POT", 1), ("JUG", 12), ("MUG", 2)]


def test_what_is_all_sound_has_nothing_damaged_and_the_other_way_round() -> None:
    assert read_all("receiving-advice-damaged", *RECEIVED, "LIN+1++CUP:IN", "QTY+48:3") == []
    damaged = ("LIN+1++CUP:IN", "QTY+48:3", "QTY+194:0", "QVR+3:195+AF")
    assert read_all("receiving-advice", *RECEIVED, *damaged) == []
    (found,) = read_all("receiving-advice-damaged", *RECEIVED, *damaged)
    assert found.lines == (SkuQuantity(sku="CUP", quantity=3),)


@pytest.mark.parametrize(
    "said", [("QTY+48:5", "QVR+-1:124+AF"), ("QTY+194:5", "QVR++AF"), ("QTY+48:5", "QTY+194:5", "QVR++AF")]
)
def test_damage_that_does_not_add_up_is_refused(said: tuple[str, ...]) -> None:
    found = problem("receiving-advice-damaged", *RECEIVED, "LIN+1++CUP:IN", *said)
    assert "say with QTY 194 what is sound" in found.reason
    assert found.target == "lines[0].quantity[0]"


def test_a_receipt_of_new_stock_is_no_return() -> None:
    found = problem("receiving-advice", *RECEIVED[:3], *RECEIVED[4:], "LIN+1++CUP:IN", "QTY+48:3")
    assert found.target == "release_id"


def test_stock_is_that_of_the_node() -> None:
    (found,) = read_all(
        "edifact/inventory-report",
        "BGM+35+IR-1+9",
        "DTM+366:20261120080001:204",
        "LIN+1++CUP:IN",
        "INV++1",
        "QTY+145:7",
    )
    assert isinstance(found, StockDocument)
    assert (found.node, found.basis) == ("berlin", StockBasis.ON_HAND)
    assert found.as_of == datetime(2026, 11, 20, 7, 0, 1, tzinfo=UTC)


AGREED = """
overlay: ours/parcels
base: fulfilment/edifact/despatch-advice-parcels
version: 1
tables: {pieces: {add: {PK: "6"}}}
"""


def test_a_unit_that_was_agreed_on_is_a_line_in_an_overlay() -> None:
    mappings = SOURCES.registry().load({**SOURCES.texts(), "overlays/parcels.yaml": AGREED})
    raw = a_message("DESADV", *LEFT, "CPS+1", "LIN+1++CUP:IN", "QTY+12:2:PK")
    (found,) = mappings["ours/parcels"].read_all(raw, TOLD)
    assert isinstance(found, DispatchDocument)
    assert found.lines == (SkuQuantity(sku="CUP", quantity=12),)
