"""Purchase orders to drop-ship suppliers, and what they answer, in X12."""

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
SOURCES = Sources(tuple((f"mappings/{name}", FOLDER / name) for name in ("dropship/x12", "x12")), TRANSFORMS)
MAPPINGS = SOURCES.registry().load(SOURCES.texts())
TOLD = {"supplier": "acme", "node": "acme", "currency": "USD", "zone": "America/Chicago", "buyer": "Our shop"}
DAY = datetime(2026, 11, 20, 6, tzinfo=UTC)
"""Midnight of the day that the fixtures name, in Chicago."""
CUP = PurchaseInstructionLine(
    number=1, sku="CUP", reference="A-77", title="A cup: blue", quantity=2, unit_cost=Decimal("9.95")
)
ORDER = PurchaseInstruction(
    purchase_id="PO-1", supplier="acme", channel="shop", channel_ref="W-1", shipping_method="standard",
    created_at=NOON, acknowledge_by=NOON + timedelta(days=1), currency="USD", total=Decimal("19.90"),
    ship_to=somebody(
        name="Zoë O*Neill", address_lines=("1 Example Street",), city="Springfield", region="IL", postcode="62701",
        country="US", phone="+1 217 555 0100", email="zoe@example.org",
    ),
    lines=(CUP,),
)  # fmt: skip


LONG = (
    "Unit 4 of the very long building name at the far end",
    "1 Example Street, Second Yard, Third Door Left, Ring Twice",
)


def a_set(kind: str, *segments: str) -> bytes:
    return x12(*group(f"ST*{kind}*0001", *segments, f"SE*{len(segments) + 2}*0001"))


def named(kind: str) -> str:
    return "x12/846" if kind == "846" else f"dropship/x12/{kind}"


def read(kind: str, *segments: str, mapping: str = "") -> Any:
    return MAPPINGS[named(mapping or kind)].read(a_set(kind, *segments), TOLD)


def problem(kind: str, *segments: str, mapping: str = "") -> Problem:
    with pytest.raises(MappingError) as caught:
        read(kind, *segments, mapping=mapping)
    return caught.value.problem


def written(kind: str, values: Any, mapping: str = "", **partner: Any) -> list[str]:
    """What the partner gets, as segments; its own grammar finds nothing wrong with them, or this raises."""
    profile = PartnerProfile.model_validate(
        {
            "standard": "x12", "version": "004010",
            "ours": {"qualifier": "ZZ", "id": "HUB"}, "theirs": {"qualifier": "ZZ", "id": "ACME"}, **partner,
        }
    )  # fmt: skip
    tree = MAPPINGS[f"dropship/x12/{mapping or kind}"].tree(values, TOLD)
    partners = Partners(ManualClock(NOON), GrammarLibrary(GrammarFolders()))
    draft = partners.partner(profile).draft_of(kind, tree, "PO-1")
    raw = draft.write(Numbers(7, (8,), (9,))).decode()
    return raw.split("~")[3:-4]


def test_the_documents_have_no_warnings() -> None:
    assert MAPPINGS.warnings == ()


@pytest.mark.parametrize("version", ["004010", "005010"])
def test_a_purchase_order_says_what_to_send_to_whom(version: str) -> None:
    assert written("850", ORDER, version=version) == [
        "BEG*00*DS*PO-1**20261120", "CUR*BY*USD", "REF*CO*W-1", "TD5*****standard", "N1*BY*Our shop",
        "N1*ST*Zo\xeb O Neill", "N3*1 Example Street", "N4*Springfield*IL*62701*US",
        "PER*IC**TE*+1 217 555 0100*EM*zoe@example.org",
        "PO1*1*2*EA*9.95*PE*VN*A-77*SK*CUP", "PID*F****A cup blue", "CTT*1", "AMT*TT*19.90",
    ]  # fmt: skip


def test_a_firm_stands_before_the_person_and_a_long_address_is_wrapped() -> None:
    party = ORDER.ship_to.replace(
        company="Example Ltd", address_lines=LONG,
        region="Illinois", phone=None, email=None,
    )  # fmt: skip
    found = written("850", ORDER.replace(ship_to=party))
    assert "N1*ST*Example Ltd" in found
    assert "N2*Zo\xeb O Neill" in found
    assert [one for one in found if one.startswith("N3")] == [
        "N3*Unit 4 of the very long building name at the far end*1 Example Street, Second Yard, Third Door Left, Ring",
        "N3*Twice",
    ]
    assert "N4*Springfield**62701*US" in found
    assert not [one for one in found if one.startswith("PER")]


def test_an_address_for_which_there_is_no_room_is_refused_with_its_field() -> None:
    party = ORDER.ship_to.replace(address_lines=tuple("x" * 50 for _ in range(5)))
    with pytest.raises(MappingError, match="5 lines, and there is room for 4 of 55") as caught:
        MAPPINGS["dropship/x12/850"].tree(ORDER.replace(ship_to=party), TOLD)
    assert caught.value.problem.target == "N1[1].N3[0].01"


def test_without_costs_nothing_is_said_of_prices() -> None:
    found = written("850", ORDER.replace(currency=None, total=None, lines=(CUP.replace(unit_cost=None),)))
    assert "PO1*1*2*EA***VN*A-77*SK*CUP" in found
    assert not [one for one in found if one[:3] in {"CUR", "AMT"}]


@pytest.mark.parametrize(("wanted", "said"), [(1, "QD*1"), (0, "DI*0")])
def test_a_change_says_how_many_are_left(wanted: int, said: str) -> None:
    line = PurchaseChangeLine(**CUP.model_dump(), wanted=wanted)
    change = PurchaseChangeInstruction(
        purchase_id="PO-1", change_id="PO-1-c2", follows="PO-1-c1", supplier="acme",
        ordered_at=NOON - timedelta(days=1),
        created_at=NOON, currency="USD", lines=(line,), whole=(line,), reason="the buyer wants less",
    )  # fmt: skip
    assert written("860", change) == [
        "BCH*04*DS*PO-1**c2*20261119*****20261120", "CUR*BY*USD", "N9*L1*REASON", "MSG*the buyer wants less",
        f"POC*1*{said}**EA*9.95*PE*VN*A-77*SK*CUP", "CTT*1",
    ]  # fmt: skip


def test_a_cancellation_takes_the_whole_back() -> None:
    cancel = PurchaseCancelInstruction(
        purchase_id="PO-1", follows="PO-1", supplier="acme", ordered_at=NOON, created_at=NOON, lines=(CUP,)
    )  # fmt: skip
    assert written("860", cancel, "860-cancel") == ["BCH*01*DS*PO-1***20261120*****20261120"]


def test_a_return_asks_for_a_number() -> None:
    wish = SupplierReturnInstruction(
        purchase_id="PO-1", return_id="b1", supplier="acme", created_at=NOON, lines=(CUP,), reason="broken"
    )
    assert written("180", wish) == [
        "BGN*13*b1*20261120*1200", "RDR****broken", "PRF*PO-1", "BLI*VN*A-77*2*EA****SK*CUP",
    ]  # fmt: skip


# --- answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "answer"),
    [("AK", PurchaseAnswer.ACCEPTED), ("AT", PurchaseAnswer.ACCEPTED), ("AD", PurchaseAnswer.ACCEPTED),
     ("RJ", PurchaseAnswer.REJECTED), ("RD", PurchaseAnswer.REJECTED), ("RF", PurchaseAnswer.REJECTED)],
)  # fmt: skip
def test_an_answer_to_the_whole_needs_no_lines_and_forgets_those_it_has(
    code: str, answer: PurchaseAnswer
) -> None:
    found = read("855", f"BAK*00*{code}*PO-1*20261120", "PO1*1*2*EA*9.95**SK*CUP", "ACK*IA*2*EA")
    assert isinstance(found, PurchaseAnswerDocument)
    assert (found.supplier, found.purchase_id, found.answer, found.lines) == ("acme", "PO-1", answer, ())
    assert (found.occurred_at, found.reference) == (DAY, "000000007/7/0001")


@pytest.mark.parametrize(
    ("code", "answer"),
    [("IA", LineAnswer.ACCEPTED), ("IP", LineAnswer.ACCEPTED), ("DR", LineAnswer.ACCEPTED), ("IQ", LineAnswer.CHANGED),
     ("IC", LineAnswer.CHANGED), ("IB", LineAnswer.BACK_ORDERED), ("IR", LineAnswer.REJECTED),
     ("ID", LineAnswer.REJECTED), ("R2", LineAnswer.REJECTED)],
)  # fmt: skip
def test_an_answer_by_line_says_what_becomes_of_it(code: str, answer: LineAnswer) -> None:
    (line,) = read("855", "BAK*00*AC*PO-1*20261120", "PO1*1*2*EA***VN*A-77*BP*CUP", f"ACK*{code}*1*EA").lines
    assert (line.sku, line.answer, line.quantity, line.unit_cost) == ("CUP", answer, 1, None)


def test_a_line_may_be_divided_dated_and_dearer() -> None:
    found = read(
        "855", "BAK*00*AC*PO-1*20261120", "CUR*SE*EUR",
        "PO1*1*12*EA*995*HP*VN*A-77", "ACK*IA*4*EA", "ACK*IB*8*EA*068*20261201",
        "PO1*2*1*DZ*7*PE*SK*POT", "ACK*IR*1*DZ*002*20261124",
    )  # fmt: skip
    first, second, third = found.lines
    assert found.currency == "EUR"
    assert (first.sku, first.quantity, first.unit_cost) == ("A-77", 4, Decimal("9.95"))
    assert (second.quantity, second.expected_at) == (8, datetime(2026, 12, 1, 6, tzinfo=UTC))
    assert (third.sku, third.quantity, third.expected_at, third.reason) == ("POT", 12, None, "IR")


def test_a_line_of_which_no_number_is_said_is_meant_whole() -> None:
    (line,) = read("855", "BAK*00*AC*PO-1*20261120", "PO1*1*2*EA***SK*CUP", "ACK*IA").lines
    assert line.quantity is None


@pytest.mark.parametrize(
    ("segments", "source", "reason"),
    [
        (("BAK*00*AH*PO-1*20261120",), "sets[0].BAK.02", "table orders has no such code"),
        (("BAK*00*AC*PO-1*20261120", "PO1*1*2*EA***SK*CUP", "ACK*IH*2*EA"), "ACK.01", "table lines has no such code"),
        (("BAK*00*AC*PO-1*20261120", "PO1*1*2*CA***SK*CUP", "ACK*IA*2*CA"), "ACK.03", "table pieces has no such code"),
        (("BAK*00*AC*PO-1*20261120", "PO1*1*2*EA***UP*012345", "ACK*IA*2*EA"), "PO1[0].PO1", "SK, BP, IN, VN, VP"),
        (("BAK*00*AC*PO-1*20261120", "PO1*1*2*EA***SK*CUP", "ACK*IA*2.5*EA"), "ACK.02", "2.5"),
        (("BAK*00*AC*PO-1*20261120", "PO1*1*2*EA***SK*CUP"), "None", "lines go with the answer"),
        (("BAK*00*AC**20261120",), "sets[0].BAK.03", "there is no value here"),
        (("BAK*00*AK*PO-1*20261320",), "sets[0].BAK.04", "20261320"),
    ],
)  # fmt: skip
def test_what_can_not_be_understood_is_refused_with_its_place(
    segments: tuple[str, ...], source: str, reason: str
) -> None:
    found = problem("855", *segments)
    assert source in f"{found.source} {found.target}"
    assert reason in f"{found.reason} {found.value}"


@pytest.mark.parametrize(
    ("purpose", "code", "answer"),
    [("04", "AT", PurchaseAnswer.CHANGE_AGREED), ("06", "AK", PurchaseAnswer.CHANGE_AGREED),
     ("04", "RJ", PurchaseAnswer.CHANGE_REFUSED), ("01", "AT", PurchaseAnswer.CANCELLED),
     ("01", "RD", PurchaseAnswer.CANCEL_REFUSED)],
)  # fmt: skip
def test_a_wish_is_answered_by_its_purpose(purpose: str, code: str, answer: PurchaseAnswer) -> None:
    found = read("865", f"BCA*{purpose}*{code}*PO-1**c2*20261120")
    assert (found.answer, found.change_id, found.occurred_at) == (answer, "PO-1-c2", DAY)


def test_an_answer_that_names_no_change_is_to_the_one_that_is_open() -> None:
    assert read("865", "BCA*04*AT*PO-1***20261120").change_id is None


@pytest.mark.parametrize(
    "start", ["BCA*04*AC*PO-1***20261120", "BCA*19**PO-1***20261120", "BCA*19*AE*PO-1***20261120"]
)
def test_a_supplier_may_say_by_line_what_changed(start: str) -> None:
    found = read("865", start, "POC*1*QD*1**EA*9.95*PE*SK*CUP", "ACK*IQ*1*EA")
    (line,) = found.lines
    assert (found.answer, line.sku, line.answer, line.quantity) == ("lines", "CUP", LineAnswer.CHANGED, 1)
    assert (line.unit_cost, found.currency) == (Decimal("9.95"), "USD")


# --- ship notices ----------------------------------------------------------------------------------------------

SHIPMENT = (
    "BSN*00*S-9*20261120*0930*0001", "HL*1**S", "TD5**2*UPSN**UPS Ground", "REF*CN*PRO-1", "DTM*011*20261120*0915",
    "HL*2*1*O", "PRF*PO-1",
)  # fmt: skip


def test_each_parcel_has_its_name_its_tracking_number_and_what_is_in_it() -> None:
    found = read(
        "856", *SHIPMENT,
        "HL*3*2*P", "MAN*GM*00340123450000000012", "MAN*CP*1Z1", "HL*4*3*I", "LIN*1*VN*A-77*SK*CUP", "SN1**2*EA",
        "HL*5*2*P", "MAN*CP*1Z2", "TD5****ZZ*Own van", "HL*6*5*I", "LIN*2*SK*POT", "SN1**1*DZ", "CTT*6",
    )  # fmt: skip
    assert isinstance(found, ShipNoticeDocument)
    assert (found.purchase_id, found.notice_id) == ("PO-1", "S-9")
    assert found.occurred_at == datetime(2026, 11, 20, 15, 15, tzinfo=UTC)
    first, second = found.packages
    assert (first.package_id, first.carrier, first.tracking_number) == ("00340123450000000012", "UPSN", "1Z1")
    assert [(line.sku, line.quantity) for line in first.lines] == [("CUP", 2)]
    assert (second.package_id, second.carrier, second.tracking_number) == ("1Z2", "Own van", "1Z2")
    assert [(line.sku, line.quantity) for line in second.lines] == [("POT", 12)]


def test_a_notice_without_parcels_is_one_parcel() -> None:
    found = read(
        "856", *SHIPMENT, "HL*3*2*I", "LIN**SK*CUP", "SN1**2*EA", "HL*4*2*I", "LIN**SK*POT", "SN1**1*EA"
    )
    (package,) = found.packages
    assert (package.package_id, package.carrier, package.tracking_number) == ("S-9", "UPSN", "PRO-1")
    assert [(line.sku, line.quantity) for line in package.lines] == [("CUP", 2), ("POT", 1)]


def test_parcels_on_pallets_are_parcels_and_a_pallet_of_items_is_one() -> None:
    found = read(
        "856", *SHIPMENT,
        "HL*3*2*T", "MAN*GM*PALLET-1", "HL*4*3*P", "REF*2I*1Z3", "HL*5*4*I", "LIN**SK*CUP", "SN1**2*EA",
        "HL*6*2*T", "MAN*GM*PALLET-2", "HL*7*6*I", "LIN**SK*POT", "SN1**1*EA",
    )  # fmt: skip
    assert [(p.package_id, p.tracking_number) for p in found.packages] == [
        ("S-9-4", "1Z3"),
        ("PALLET-2", "PRO-1"),
    ]


def test_a_notice_of_several_orders_is_one_document_for_each() -> None:
    raw = a_set(
        "856", *SHIPMENT, "HL*3*2*I", "LIN**SK*CUP", "SN1**2*EA",
        "HL*4*1*O", "PRF*PO-2", "HL*5*4*I", "LIN**SK*POT", "SN1**1*EA",
    )  # fmt: skip
    found = MAPPINGS["dropship/x12/856"].read_all(raw, TOLD, expect=ShipNoticeDocument)
    assert [(one.purchase_id, one.packages[0].lines[0].sku) for one in found] == [
        ("PO-1", "CUP"),
        ("PO-2", "POT"),
    ]


def test_a_notice_whose_parcels_are_above_its_orders_is_refused() -> None:
    found = problem(
        "856", *SHIPMENT[:3], "HL*2*1*P", "HL*3*2*O", "PRF*PO-1", "HL*4*3*I", "LIN**SK*CUP", "SN1**2*EA"
    )
    assert "nothing here that could hold documents" in found.reason


def test_a_notice_without_time_happened_when_it_was_written() -> None:
    plain = tuple(one for one in SHIPMENT if not one.startswith("DTM"))
    found = read("856", *plain, "HL*3*2*I", "LIN**SK*CUP", "SN1**2*EA")
    assert found.occurred_at == datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
    dated = read("856", *plain[:3], "DTM*011*20261119", *plain[3:], "HL*3*2*I", "LIN**SK*CUP", "SN1**2*EA")
    assert dated.occurred_at == DAY - timedelta(days=1)


# --- invoices, stock, returns ----------------------------------------------------------------------------------


def test_an_invoice_adds_up_to_what_it_says() -> None:
    found = read(
        "810", "BIG*20261120*INV-1*20261119*PO-1***DR", "CUR*SE*EUR",
        "IT1*1*2*EA*9.95*PE*SK*CUP", "SAC*A*C310***100", "IT1*2*100*EA*150*HP*BP*POT",
        "TDS*17820", "TXI*ST*7.80", "SAC*C*D240***150",
    )  # fmt: skip
    assert isinstance(found, SupplierInvoiceDocument)
    assert [(line.sku, line.quantity, line.unit_price) for line in found.lines] == [
        ("CUP", 2, Decimal("9.95")), ("POT", 100, Decimal("1.50")),
    ]  # fmt: skip
    goods = sum(line.quantity * line.unit_price for line in found.lines)
    assert (found.freight, found.allowances, found.tax) == (Decimal("1.50"), Decimal(1), Decimal("7.80"))
    assert found.total == goods + found.freight + found.tax - found.allowances == Decimal("178.20")
    assert (found.invoice_id, found.purchase_id, found.currency) == ("INV-1", "PO-1", "EUR")


def test_tax_may_stand_with_the_lines_alone() -> None:
    found = read("810", "BIG*20261120*INV-1**PO-1", "IT1*1*2*EA*1*PE*SK*CUP", "TXI*ST*.20", "TDS*220")
    assert (found.tax, found.total, found.currency) == (Decimal("0.20"), Decimal("2.20"), "USD")


@pytest.mark.parametrize(
    ("segments", "reason"),
    [
        (("BIG*20261120*CM-1**PO-1***CR", "IT1*1*2*EA*1**SK*CUP", "TDS*200"), "one document is expected, and 0"),
        (("BIG*20261120*INV-1", "IT1*1*2*EA*1**SK*CUP", "TDS*200"), "there is no value here"),
        (("BIG*20261120*INV-1**PO-1", "IT1*1*2*DZ*1**SK*CUP", "TDS*200"), "table singles has no such code"),
        (("BIG*20261120*INV-1**PO-1", "IT1*1*2*EA*1*PP*SK*CUP", "TDS*200"), "table prices has no such code"),
    ],
)  # fmt: skip
def test_what_is_no_invoice_for_an_order_is_refused(segments: tuple[str, ...], reason: str) -> None:
    assert reason in problem("810", *segments).reason


def test_stock_is_what_may_be_promised() -> None:
    found = read(
        "846", "BIA*00*DD*R-1*20261120*0600", "LIN**SK*CUP*VN*A-77", "QTY*33*7*EA", "QTY*17*9*EA",
        "LIN**SK*POT", "QTY*33*0*EA", "LIN**SK*CUP", "QTY*33*1*DZ",
    )  # fmt: skip
    assert isinstance(found, StockDocument)
    assert (found.node, found.basis) == ("acme", StockBasis.AVAILABLE)
    assert found.as_of == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert [(line.sku, line.quantity) for line in found.lines] == [("CUP", 19), ("POT", 0)]


def test_stock_may_be_what_lies_there() -> None:
    found = read("846", "BIA*00*DD*R-1*20261120", "LIN**SK*CUP", "QTY*17*9*EA")
    assert (found.basis, found.as_of, found.lines[0].quantity) == (StockBasis.ON_HAND, DAY, 9)


def test_stock_of_an_item_that_is_counted_otherwise_is_refused() -> None:
    found = problem(
        "846", "BIA*00*DD*R-1*20261120", "LIN**SK*CUP", "QTY*33*7*EA", "LIN**SK*POT", "QTY*17*9*EA"
    )
    assert "LIN[1]" in str(found.source)


def test_a_return_is_taken_back_under_a_number_or_not_at_all() -> None:
    taken = read("180", "BGN*11*S-1*20261120***b1", "PRF*PO-1", "N9*RZ*RMA-7", mapping="180-answer")
    assert isinstance(taken, SupplierReturnAnswerDocument)
    assert (taken.purchase_id, taken.return_id, taken.authorisation) == ("PO-1", "b1", "RMA-7")
    refused = read("180", "BGN*11*S-1*20261120***b1", "RDR****too late", "PRF*PO-1", mapping="180-answer")
    assert (refused.authorisation, refused.reason) == (None, "too late")


def test_a_return_that_is_neither_allowed_nor_refused_is_no_answer() -> None:
    found = problem("180", "BGN*11*S-1*20261120***b1", "PRF*PO-1", mapping="180-answer")
    assert found.target == "reason"
