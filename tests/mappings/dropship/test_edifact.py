"""Purchase orders to drop-ship suppliers, and what they answer, in EDIFACT."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from canonical.documents import StockDocument
from canonical.purchase_documents import (
    PurchaseAnswer,
    PurchaseAnswerDocument,
    ShipNoticeDocument,
    SupplierInvoiceDocument,
    SupplierReturnAnswerDocument,
)
from canonical.purchase_instructions import (
    PurchaseCancelInstruction,
    PurchaseChangeInstruction,
    PurchaseChangeLine,
    PurchaseInstruction,
    PurchaseInstructionLine,
    SupplierReturnInstruction,
)
from canonical.purchases import LineAnswer
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
    tuple((f"mappings/{name}", FOLDER / name) for name in ("dropship/edifact", "edifact")), EDIFACT_TRANSFORMS
)
MAPPINGS = SOURCES.registry().load(SOURCES.texts())
TOLD = {
    "supplier": "acme", "node": "acme", "currency": "EUR", "zone": "Europe/Berlin", "buyer": "Our shop",
    "buyer_id": "4000001000005", "seller_id": "ACME",
}  # fmt: skip
DAY = datetime(2026, 11, 19, 23, tzinfo=UTC)
"""Midnight of the day that the fixtures name, in Berlin."""
BOTH = pytest.mark.parametrize("release", ["96A", "01B"])
CUP = PurchaseInstructionLine(
    number=1, sku="CUP", reference="A-77", title="A cup: blue", quantity=2, unit_cost=Decimal("9.95")
)
ORDER = PurchaseInstruction(
    purchase_id="PO-1", supplier="acme", channel="shop", channel_ref="W-1", shipping_method="standard",
    created_at=NOON, acknowledge_by=NOON + timedelta(days=1), currency="EUR", total=Decimal("19.90"),
    ship_to=somebody(
        name="Zoë O'Neill", address_lines=("1 Example Street",), city="Springfield", region="IL", postcode="62701",
        country="US", phone="+1 217 555 0100", email="zoe@example.org",
    ),
    lines=(CUP,),
)  # fmt: skip
NAMES = {
    "orders": "ORDERS", "order-change": "ORDCHG", "order-cancel": "ORDCHG", "return-announcement": "RETANN",
    "order-response": "ORDRSP", "despatch-advice": "DESADV", "invoice": "INVOIC", "inventory-report": "INVRPT",
    "return-answer": "RETINS",
}  # fmt: skip


def a_message(name: str, *segments: str, release: str = "96A") -> bytes:
    kind = NAMES[name]
    return edifact(f"UNH+1+{kind}:D:{release}:UN", *segments, f"UNT+{len(segments) + 2}+1")


def read(name: str, *segments: str, release: str = "96A") -> Any:
    raw = a_message(name, *segments, release=release)
    assert [code for code in codes(raw) if code != "no-grammar"] == []
    folder = "edifact" if name == "inventory-report" else "dropship/edifact"
    return MAPPINGS[f"{folder}/{name}"].read(raw, TOLD)


def problem(name: str, *segments: str, release: str = "96A") -> Problem:
    with pytest.raises(MappingError) as caught:
        read(name, *segments, release=release)
    return caught.value.problem


def written(name: str, values: Any, version: str = "D96A", **partner: Any) -> list[str]:
    """What the partner gets, as segments; its own grammar finds nothing wrong with them, or this raises."""
    profile = PartnerProfile.model_validate(
        {
            "standard": "edifact", "version": version,
            "ours": {"qualifier": "14", "id": "4000001000005"}, "theirs": {"qualifier": "ZZ", "id": "ACME"},
            **partner,
        }
    )  # fmt: skip
    tree = MAPPINGS[f"dropship/edifact/{name}"].tree(values, TOLD)
    partners = Partners(ManualClock(NOON), GrammarLibrary(GrammarFolders()))
    draft = partners.partner(profile).draft_of(NAMES[name], tree, "PO-1")
    raw = draft.write(Numbers(7, (), (9,))).decode("latin-1")
    return re.split(r"(?<!\?)'", raw)[2:-3]


def test_the_documents_have_no_warnings() -> None:
    assert MAPPINGS.warnings == ()


@pytest.mark.parametrize("version", ["D96A", "D01B"])
def test_a_purchase_order_says_what_to_send_to_whom(version: str) -> None:
    assert written("orders", ORDER, version=version) == [
        "BGM+220+PO-1+9", "DTM+137:202611201300:203", "FTX+DEL+++standard", "RFF+UC:W-1",
        "NAD+BY+4000001000005::9++Our shop", "NAD+SU+ACME",
        "NAD+DP+++Zoë O?'Neill+1 Example Street+Springfield+IL+62701+US", "CTA+IC",
        "COM+?+1 217 555 0100:TE", "COM+zoe@example.org:EM", "CUX+2:EUR:9",
        "LIN+1++A-77:SA", "PIA+1+CUP:IN", "IMD+F++:::A cup?: blue", "QTY+21:2", "PRI+AAA:9.95",
        "UNS+S", "MOA+79:19.90", "CNT+2:1",
    ]  # fmt: skip


LONG = (
    "Unit 4 of the very long building name at the far end",
    "1 Example Street, Second Yard, Third Door Left",
)


def test_a_firm_stands_before_the_person_and_long_lines_are_divided() -> None:
    party = ORDER.ship_to.replace(
        company="The Example Company for Examples of Every Kind Ltd", address_lines=LONG, region="Illinois",
        phone=None, email=None,
    )  # fmt: skip
    found = written("orders", ORDER.replace(ship_to=party))
    (ship_to,) = (one for one in found if one.startswith("NAD+DP"))
    assert ship_to == (
        "NAD+DP+++The Example Company for Examples of:Every Kind Ltd:Zoë O?'Neill"
        "+Unit 4 of the very long building:name at the far end:1 Example Street, Second Yard,:Third Door Left"
        "+Springfield++62701+US"
    )
    assert not [one for one in found if one[:3] in {"CTA", "COM"}]


def test_an_address_for_which_there_is_no_room_is_refused_with_its_field() -> None:
    party = ORDER.ship_to.replace(address_lines=tuple("x" * 30 for _ in range(5)))
    with pytest.raises(MappingError, match="5 lines, and there is room for 4 of 35") as caught:
        MAPPINGS["dropship/edifact/orders"].tree(ORDER.replace(ship_to=party), TOLD)
    assert caught.value.problem.target == "SG2[2].NAD.05"


def test_what_the_suppliers_release_has_no_room_for_is_refused_before_it_has_a_number() -> None:
    order = ORDER.replace(ship_to=ORDER.ship_to.replace(postcode="12345-67890"))
    assert any("12345-67890" in one for one in written("orders", order, version="D01B"))
    with pytest.raises(DocumentError, match="NAD08"):
        written("orders", order)


def test_what_is_not_in_the_character_set_is_refused() -> None:
    party = ORDER.ship_to.replace(name="Łukasz Example")
    with pytest.raises(DocumentError, match="character"):
        written("orders", ORDER.replace(ship_to=party))


def test_without_costs_nothing_is_said_of_prices() -> None:
    found = written("orders", ORDER.replace(currency=None, total=None, lines=(CUP.replace(unit_cost=None),)))
    assert not [one for one in found if one[:3] in {"CUX", "MOA", "PRI"}]


@pytest.mark.parametrize("version", ["D96A", "D01B"])
@pytest.mark.parametrize(("wanted", "action"), [(1, "3"), (0, "2")])
def test_a_change_says_how_many_are_left(wanted: int, action: str, version: str) -> None:
    line = PurchaseChangeLine(**CUP.model_dump(), wanted=wanted)
    change = PurchaseChangeInstruction(
        purchase_id="PO-1", change_id="PO-1-c2", follows="PO-1-c1", supplier="acme",
        ordered_at=NOON - timedelta(days=1),
        created_at=NOON, currency="EUR", lines=(line,), whole=(line,), reason="the buyer wants less",
    )  # fmt: skip
    assert written("order-change", change, version=version) == [
        "BGM+230+PO-1-c2+4", "DTM+137:202611201300:203", "FTX+AAI+++the buyer wants less", "RFF+ON:PO-1",
        "DTM+171:20261119:102", "NAD+BY+4000001000005::9++Our shop", "NAD+SU+ACME", "CUX+2:EUR:9",
        f"LIN+1+{action}+A-77:SA", "PIA+1+CUP:IN", f"QTY+21:{wanted}", "PRI+AAA:9.95", "UNS+S", "CNT+2:1",
    ]  # fmt: skip


@pytest.mark.parametrize("version", ["D96A", "D01B"])
def test_a_cancellation_takes_the_whole_back(version: str) -> None:
    cancel = PurchaseCancelInstruction(
        purchase_id="PO-1", follows="PO-1", supplier="acme", ordered_at=NOON, created_at=NOON, lines=(CUP,)
    )  # fmt: skip
    assert written("order-cancel", cancel, version=version) == [
        "BGM+230+PO-1-X+1", "DTM+137:202611201300:203", "RFF+ON:PO-1", "DTM+171:20261120:102",
        "NAD+BY+4000001000005::9++Our shop", "NAD+SU+ACME", "UNS+S",
    ]  # fmt: skip


def test_a_return_asks_for_a_number() -> None:
    wish = SupplierReturnInstruction(
        purchase_id="PO-1", return_id="b1", supplier="acme", created_at=NOON, lines=(CUP,), reason="broken"
    )
    assert written("return-announcement", wish, version="D01B") == [
        "BGM+70E::9+b1+9", "DTM+137:202611201300:203", "FTX+AAI+++broken", "RFF+ON:PO-1",
        "NAD+BY+4000001000005::9++Our shop", "NAD+SU+ACME", "LIN+1++A-77:SA", "PIA+1+CUP:IN", "QTY+61:2",
        "UNS+S", "CNT+2:1",
    ]  # fmt: skip


# --- answers ---------------------------------------------------------------------------------------------------

DATED = ("DTM+137:20261120:102", "RFF+ON:PO-1")


@BOTH
@pytest.mark.parametrize(
    ("code", "answer"), [("29", PurchaseAnswer.ACCEPTED), ("27", PurchaseAnswer.REJECTED)]
)
def test_an_answer_to_the_whole_needs_no_lines_and_forgets_those_it_has(
    code: str, answer: PurchaseAnswer, release: str
) -> None:
    line = ("LIN+1+5+A-77:SA", "QTY+21:2") if code == "29" else ("LIN+1+7+A-77:SA",)
    for lines in ((), line):
        found = read("order-response", f"BGM+231+R-1+{code}", *DATED, *lines, "UNS+S", release=release)
        assert isinstance(found, PurchaseAnswerDocument)
        assert (found.supplier, found.purchase_id, found.answer, found.lines) == ("acme", "PO-1", answer, ())
        assert (found.occurred_at, found.reference) == (DAY, "R-1")


def test_a_line_that_is_not_accepted_counts_for_more_than_the_word_for_the_whole() -> None:
    found = read(
        "order-response", "BGM+231+R-1+29", *DATED, "LIN+1+5+A-77:SA", "QTY+12:2",
        "LIN+2+24+B-1:SA", "QTY+21:2", "QTY+12:0", "QTY+83:2", "UNS+S",
    )  # fmt: skip
    assert found.answer is PurchaseAnswer.LINES
    assert [(line.sku, line.answer, line.quantity) for line in found.lines] == [
        ("A-77", LineAnswer.ACCEPTED, 2), ("B-1", LineAnswer.BACK_ORDERED, 2),
    ]  # fmt: skip


def test_so_do_units_that_come_later() -> None:
    found = read(
        "order-response",
        "BGM+231+R-1+29",
        *DATED,
        "LIN+1+5+A-77:SA",
        "QTY+12:1",
        "QTY+83:1",
        "QTY+85:0",
        "UNS+S",
    )
    assert [(line.answer, line.quantity) for line in found.lines] == [
        (LineAnswer.ACCEPTED, 1), (LineAnswer.BACK_ORDERED, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("20261120:102", DAY), ("20261120", DAY), ("202611200130:203", DAY + timedelta(minutes=90)),
        ("202611200130", DAY + timedelta(minutes=90)), ("20261120013059:204", DAY + timedelta(minutes=90, seconds=59)),
    ],
)  # fmt: skip
def test_a_time_is_of_its_format_or_of_its_length(said: str, meant: datetime) -> None:
    found = read("order-response", "BGM+231+R-1+29", f"DTM+137:{said}", "RFF+ON:PO-1", "UNS+S")
    assert found.occurred_at == meant


@BOTH
@pytest.mark.parametrize(
    ("action", "quantities", "said"),
    [
        ("5", (), [(LineAnswer.ACCEPTED, None)]),
        ("5", ("QTY+21:10",), [(LineAnswer.ACCEPTED, 10)]),
        ("5", ("QTY+21:10", "QTY+113:6", "QTY+83:4"), [(LineAnswer.ACCEPTED, 6), (LineAnswer.BACK_ORDERED, 4)]),
        ("3", ("QTY+21:10", "QTY+113:8"), [(LineAnswer.CHANGED, 8)]),
        ("3", ("QTY+21:8",), [(LineAnswer.CHANGED, 8)]),
        ("3", ("QTY+21:10", "QTY+113:0"), [(LineAnswer.CHANGED, 0)]),
        ("6", ("QTY+12:6", "QTY+85:4"), [(LineAnswer.CHANGED, 6), (LineAnswer.REJECTED, 4)]),
        ("7", (), [(LineAnswer.REJECTED, None)]),
        ("7", ("QTY+21:10", "QTY+113:0"), [(LineAnswer.REJECTED, 10)]),
        ("", ("QTY+21:10", "QTY+113:8"), [(LineAnswer.CHANGED, 8)]),
        ("5", ("QTY+113:2:DZN",), [(LineAnswer.ACCEPTED, 24)]),
        ("5", ("QTY+113:8.000:PCE",), [(LineAnswer.ACCEPTED, 8)]),
    ],
)  # fmt: skip
def test_an_answer_by_line_says_what_becomes_of_it(
    action: str, quantities: tuple[str, ...], said: list[tuple[LineAnswer, int | None]], release: str
) -> None:
    line = f"LIN+1+{action}+4000862141404:EN"
    found = read(
        "order-response",
        "BGM+231+R-1+4",
        *DATED,
        line,
        "PIA+1+A-77:SA+CUP:IN",
        *quantities,
        "UNS+S",
        release=release,
    )
    assert [(one.answer, one.quantity) for one in found.lines] == said
    assert {one.sku for one in found.lines} == {"CUP"}


def test_the_line_with_the_number_of_a_code_is_no_quantity() -> None:
    (line,) = read("order-response", "BGM+231+R-1+4", *DATED, "LIN+83+5+A-77:SA", "UNS+S").lines
    assert (line.answer, line.quantity) == (LineAnswer.ACCEPTED, None)


@BOTH
def test_a_line_may_be_dated_and_dearer(release: str) -> None:
    found = read(
        "order-response", "BGM+231+R-1+4", *DATED, "CUX+2:USD:9",
        "LIN+1+3+A-77:SA", "QTY+83:2", "DTM+2:20261124:102", "DTM+69:202612010930:203",
        "FTX+LIN+++sold out until then", "PRI+AAA:10,45", "LIN+2+5+B-1:SA", "DTM+2:20261124:102", "UNS+S",
        release=release,
    )  # fmt: skip
    first, second = found.lines
    assert found.currency == "USD"
    assert (first.expected_at, first.unit_cost) == (
        datetime(2026, 12, 1, 8, 30, tzinfo=UTC),
        Decimal("10.45"),
    )
    assert (first.answer, first.reason) == (LineAnswer.BACK_ORDERED, "sold out until then")
    assert (second.expected_at, second.unit_cost) == (None, None)


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (("LIN+1+5+A-77:SA", "PIA+1+CUP:IN"), "CUP"),
        (("LIN+1+5+A-77:SA", "PIA+1+CUP:BP"), "CUP"),
        (("LIN+1+5+CUP:IN",), "CUP"),
        (("LIN+1+5", "PIA+5+4000862141404:EN", "PIA+5+A-77:SA"), "A-77"),
        (("LIN+1+5+4000862141404:SRV",), "4000862141404"),
    ],
)
def test_an_item_is_what_we_call_it_or_what_the_supplier_does(line: tuple[str, ...], number: str) -> None:
    (found,) = read("order-response", "BGM+231+R-1+4", *DATED, *line, "UNS+S").lines
    assert found.sku == number


@pytest.mark.parametrize(
    ("segments", "place", "reason"),
    [
        (("BGM+231+R-1+12", *DATED), (None, None, None), "table answers has no such code"),
        (("BGM+231+R-1+28", *DATED), (None, None, None), "table answers has no such code"),
        (("BGM+231+R-1+4", *DATED, "LIN+1+1+A-77:SA"), (5, 2, None), "table lines has no such code"),
        (("BGM+231+R-1+4", *DATED, "LIN+1+5+A-77"), (5, None, None), "IN, BP, SA, VN, VP, EN, SRV, UP"),
        (("BGM+231+R-1+4", *DATED, "LIN+1+5+A-77:SA", "QTY+12:2.5"), (6, None, None), "2.5 is no number of pieces"),
        (("BGM+231+R-1+4", *DATED, "LIN+1+5+A-77:SA", "QTY+12:2:KGM"), (6, 1, 3), "table pieces has no such code"),
        (("BGM+231+R-1+4", *DATED, "LIN+1+5+A-77:SA", "PRI+AAA:995:::100"), (6, None, None), "price of 100"),
        (("BGM+231+R-1+4", *DATED, "LIN+1+5+A-77:SA", "PRI+AAA:995::::KGM"), (5, None, None), "table pieces has no"),
        (("BGM+231+R-1+4", *DATED, "LIN+1+5+A-77:SA", "PRI+AAA:995::::DZN"), (5, None, None), "matches"),
        (("BGM+231+R-1+4", *DATED, "LIN+1+5+A-77:SA", "DTM+69:2649:616"), (6, None, None), "format 616"),
        (("BGM+231+R-1+4", *DATED, "LIN+1+5+A-77:SA", "QTY+12:two"), (6, None, None), "'two' is no number"),
        (("BGM+231+R-1+4", *DATED, "LIN+1+5+A-77:SA", "QTY+12:-2"), (6, None, None), "-2 is no number of pieces"),
        (("BGM+231+R-1+4", *DATED), (None, None, None), "lines go with the answer"),
        (("BGM+231+R-1+29", "DTM+137:20261120:102"), (None, None, None), "there is no value here"),
        (("BGM+231+R-1+29", "DTM+137:20261320:102", "RFF+ON:PO-1"), (3, None, None), "20261320000000"),
        (("BGM+231+R-1+29", "DTM+137:261120:102", "RFF+ON:PO-1"), (3, None, None), "no date of format 102"),
    ],
)  # fmt: skip
def test_what_can_not_be_understood_is_refused_with_its_place(
    segments: tuple[str, ...], place: tuple[int | None, int | None, int | None], reason: str
) -> None:
    found = problem("order-response", *segments, "UNS+S")
    assert reason in f"{found.reason} {found.value}"
    position = found.position
    at = (position.segment, position.element, position.component) if position else (None, None, None)
    assert at == place


CHANGED = ("DTM+137:20261120:102", "RFF+ON:PO-1", "RFF+PP:PO-1-c2")


@BOTH
@pytest.mark.parametrize(
    ("number", "code", "answer", "change"),
    [
        ("PO-1-c2", "29", PurchaseAnswer.CHANGE_AGREED, "PO-1-c2"),
        ("PO-1-c2", "27", PurchaseAnswer.CHANGE_REFUSED, "PO-1-c2"),
        ("PO-1-X", "29", PurchaseAnswer.CANCELLED, None),
        ("PO-1-X", "27", PurchaseAnswer.CANCEL_REFUSED, None),
    ],
)
def test_a_wish_is_answered_by_its_number(
    number: str, code: str, answer: PurchaseAnswer, change: str | None, release: str
) -> None:
    segments = (f"BGM+231+R-1+{code}", *DATED, f"RFF+PP:{number}", "FTX+AAI+++as agreed", "UNS+S")
    ordered = (segments[0], segments[1], segments[4], *segments[2:4], segments[5])
    found = read("order-response", *ordered, release=release)
    assert (found.answer, found.change_id, found.reason, found.lines) == (answer, change, "as agreed", ())


def test_a_supplier_may_say_by_line_what_it_makes_of_a_change() -> None:
    found = read("order-response", "BGM+231+R-1+4", *CHANGED, "LIN+1+3+A-77:SA", "QTY+113:1", "UNS+S")
    (line,) = found.lines
    assert (found.answer, found.change_id, line.answer, line.quantity) == (
        "lines",
        "PO-1-c2",
        LineAnswer.CHANGED,
        1,
    )


IN_SIXES = """
overlay: ours/order-response
base: dropship/edifact/order-response
version: 1
tables: {pieces: {add: {PK: "6"}}}
"""


def test_a_unit_that_was_agreed_on_is_a_line_in_an_overlay() -> None:
    mappings = SOURCES.registry().load({**SOURCES.texts(), "overlays/response.yaml": IN_SIXES})
    segments = ("BGM+231+R-1+4", *DATED, "LIN+1+5+A-77:SA", "QTY+12:2:PK", "UNS+S")
    found = mappings["ours/order-response"].read(a_message("order-response", *segments), TOLD)
    assert isinstance(found, PurchaseAnswerDocument)
    assert [line.quantity for line in found.lines] == [12]


# --- ship notices ----------------------------------------------------------------------------------------------

SHIPMENT = ("BGM+351+S-9+9", "DTM+137:202611201030:203", "DTM+11:202611201015:203", "RFF+ON:PO-1")
FIRST = ("PAC+1++CT", "PCI+33E", "RFF+CN:1Z1", "GIN+BJ+003401234500000012")


@BOTH
def test_each_parcel_has_its_name_its_tracking_number_and_what_is_in_it(release: str) -> None:
    found = read(
        "despatch-advice", *SHIPMENT, "RFF+AAS:W-7", "TDT+20++30+31+UPSN", "CPS+1", "PAC+2++201",
        "CPS+2+1", *FIRST, "LIN+1++A-77:SA", "PIA+1+CUP:IN", "QTY+12:2",
        "CPS+3+1", "PAC+1++CT", "LIN+2++B-1:SA", "PIA+1+POT:BP", "QTY+12:1:DZN", "LIN+3++B-2:SA", "QTY+12:0", "CNT+2:3",
        release=release,
    )  # fmt: skip
    assert isinstance(found, ShipNoticeDocument)
    assert (found.purchase_id, found.notice_id) == ("PO-1", "S-9")
    assert found.occurred_at == datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
    first, second = found.packages
    assert (first.package_id, first.carrier, first.tracking_number) == ("003401234500000012", "UPSN", "1Z1")
    assert [(line.sku, line.quantity) for line in first.lines] == [("CUP", 2)]
    assert (second.package_id, second.carrier, second.tracking_number) == ("S-9-3", "UPSN", "W-7")
    assert [(line.sku, line.quantity) for line in second.lines] == [("POT", 12)]


@BOTH
def test_the_order_may_stand_with_the_lines_and_the_carrier_with_the_parties(release: str) -> None:
    found = read(
        "despatch-advice", *SHIPMENT[:2], "NAD+CA+++Own van", "CPS+1", "LIN+1++A-77:SA", "QTY+12:2", "RFF+ON:PO-1",
        "LIN+2++B-1:SA", "QTY+12:1", "RFF+ON:PO-1", release=release,
    )  # fmt: skip
    (package,) = found.packages
    assert (found.purchase_id, package.package_id, package.carrier) == ("PO-1", "S-9-1", "Own van")
    assert found.occurred_at == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def test_a_carrier_may_be_named_in_words() -> None:
    found = read(
        "despatch-advice", *SHIPMENT, "TDT+20++30+31+:::Own van", "CPS+1", "LIN+1++A-77:SA", "QTY+12:2"
    )
    assert found.packages[0].carrier == "Own van"


@pytest.mark.parametrize(
    ("segments", "reason"),
    [
        ((*SHIPMENT[:2], "CPS+1", "LIN+1++A:SA", "QTY+12:2", "RFF+ON:PO-1", "LIN+2++B:SA", "QTY+12:1", "RFF+ON:PO-2"),
         "about PO-1, PO-2"),
        ((*SHIPMENT, "RFF+ON:PO-2", "CPS+1", "LIN+1++A-77:SA", "QTY+12:2"), "this is about PO-1, PO-2"),
        ((*SHIPMENT, "CPS+1", "PAC+1"), "should have at least 1 item"),
        ((*SHIPMENT, "CPS+1", "LIN+1++A-77:SA", "QTY+21:2"), "there is no value here"),
        ((*SHIPMENT, "CPS+1", *FIRST, "LIN+1++A-77:SA", "QTY+12:2", "CPS+2", *FIRST, "LIN+2++A-77:SA", "QTY+12:2"),
         "two packages have the id"),
    ],
)  # fmt: skip
def test_what_is_no_notice_of_one_order_is_refused(segments: tuple[str, ...], reason: str) -> None:
    assert reason in problem("despatch-advice", *segments).reason


# --- invoices, stock, returns ----------------------------------------------------------------------------------

CHARGED = (
    "BGM+380+INV-1+9", "DTM+137:20261120:102", "RFF+ON:PO-1", "CUX+2:USD:4",
    "ALC+C++++FC", "MOA+23:1.50", "ALC+A++++DI", "MOA+204:1,00",
    "LIN+1++A-77:SA", "PIA+1+CUP:IN", "QTY+47:2", "MOA+203:19.90", "PRI+AAA:9.95", "ALC+A++++DI", "MOA+8:7",
    "LIN+2++B-1:SA", "PIA+1+POT:IN", "QTY+47:100:PCE", "MOA+203:150", "PRI+AAB:2", "PRI+AAA:1.50:::1:PCE",
    "UNS+S", "CNT+2:2", "MOA+79:169.90", "MOA+176:7.80", "MOA+77:178.20", "TAX+7+VAT+++:::19+S", "MOA+124:7.80",
)  # fmt: skip


@BOTH
def test_an_invoice_adds_up_to_what_it_says(release: str) -> None:
    found = read("invoice", *CHARGED, release=release)
    assert isinstance(found, SupplierInvoiceDocument)
    assert [(line.sku, line.quantity, line.unit_price) for line in found.lines] == [
        ("CUP", 2, Decimal("9.95")), ("POT", 100, Decimal("1.50")),
    ]  # fmt: skip
    goods = sum(line.quantity * line.unit_price for line in found.lines)
    assert (found.freight, found.allowances, found.tax) == (Decimal("1.50"), Decimal(1), Decimal("7.80"))
    assert found.total == goods + found.freight + found.tax - found.allowances == Decimal("178.20")
    assert (found.invoice_id, found.purchase_id, found.currency) == ("INV-1", "PO-1", "USD")


@BOTH
def test_tax_may_stand_by_its_rates_alone_and_the_order_with_the_lines(release: str) -> None:
    found = read(
        "invoice", "BGM+380+INV-1", "DTM+137:20261120:102", "LIN+1++A-77:SA", "QTY+47:2", "PRI+INV:1", "RFF+ON:PO-1",
        "UNS+S", "MOA+86:2.30", "TAX+7+VAT+++:::19+S", "MOA+125:1", "MOA+124:.19", "TAX+7+VAT+++:::11+S", "MOA+124:.11",
        release=release,
    )  # fmt: skip
    assert (found.tax, found.total, found.currency, found.purchase_id) == (
        Decimal("0.30"), Decimal("2.30"), "EUR", "PO-1",
    )  # fmt: skip


ONE = ("LIN+1++A-77:SA", "QTY+47:2", "PRI+AAA:1", "UNS+S", "MOA+77:2")


@pytest.mark.parametrize(
    ("segments", "reason"),
    [
        (("BGM+381+CN-1", *DATED, *ONE), "one document is expected, and 0"),
        (("BGM+380+INV-1", DATED[0], *ONE), "there is no value here"),
        (("BGM+380+INV-1", *DATED, ONE[0], "QTY+47:2:KGM", *ONE[2:]), "table pieces has no such code"),
        (("BGM+380+INV-1", *DATED, *ONE[:2], "PRI+AAA:100:::100", *ONE[3:]), "price of 100"),
        (("BGM+380+INV-1", *DATED, *ONE[:2], "PRI+AAB:1", *ONE[3:]), "there is no value here"),
        (("BGM+380+INV-1", *DATED, *ONE[:4], "MOA+79:2"), "there is no value here"),
    ],
)  # fmt: skip
def test_what_is_no_invoice_for_an_order_is_refused(segments: tuple[str, ...], reason: str) -> None:
    assert reason in problem("invoice", *segments).reason


COUNTED = ("BGM+35+IR-1+9", "DTM+137:202611200800:203", "DTM+366:20261120:102")


@pytest.mark.parametrize(("release", "before"), [("96A", ()), ("01B", ("INV++1",))])
def test_stock_is_what_is_there_at_all_places(release: str, before: tuple[str, ...]) -> None:
    found = read(
        "inventory-report", *COUNTED, "LIN+1++A-77:SA", "PIA+1+CUP:IN", *before, "QTY+145:7:PCE", *before, "QTY+17:9",
        *before, "QTY+145:1:DZN", "LIN+2++B-1:SA", *before, "QTY+145:0", release=release,
    )  # fmt: skip
    assert isinstance(found, StockDocument)
    assert (found.node, found.basis, found.as_of) == ("acme", StockBasis.ON_HAND, DAY)
    assert [(line.sku, line.quantity) for line in found.lines] == [("CUP", 19), ("B-1", 0)]


def test_stock_may_be_what_is_on_hand() -> None:
    found = read("inventory-report", *COUNTED[:2], "LIN+1++A-77:SA", "QTY+17:9")
    assert (found.as_of, found.lines[0].quantity) == (datetime(2026, 11, 20, 7, tzinfo=UTC), 9)


def test_stock_of_an_item_that_is_counted_otherwise_is_refused() -> None:
    found = problem("inventory-report", *COUNTED, "LIN+1++A-77:SA", "QTY+145:7", "LIN+2++B-1:SA", "QTY+17:9")
    assert found.target == "lines[1].quantity"


RETURN = ("DTM+137:20261120:102", "RFF+ARN:b1", "RFF+ON:PO-1")


@BOTH
def test_a_return_is_taken_back_under_a_number_or_not_at_all(release: str) -> None:
    taken = read(
        "return-answer", "BGM+71E::9+RMA-7+9", *RETURN, "LIN+1++A-77:SA", "QTY+61:2", release=release
    )
    assert isinstance(taken, SupplierReturnAnswerDocument)
    assert (taken.purchase_id, taken.return_id, taken.authorisation) == ("PO-1", "b1", "RMA-7")
    refused = read(
        "return-answer", "BGM+71E::9+RMA-8+9", RETURN[0], "FTX+NAI+++too late", *RETURN[1:], release=release
    )
    assert (refused.authorisation, refused.reason) == (None, "too late")


def test_a_return_that_nobody_asked_for_is_no_answer() -> None:
    assert problem("return-answer", "BGM+71E::9+RMA-7+9", RETURN[0], RETURN[2]).target == "return_id"
