"""A 3PL that speaks GS1 XML: the same connector, other mapping documents."""

from typing import Any

import pytest
from lxml import etree

from canonical.commands import InstructedLine, ReleaseInstruction
from canonical.documents import (
    DispatchDocument,
    Document,
    ReturnDocument,
    SkuQuantity,
    StockDocument,
    StockLine,
)
from canonical.stock import StockBasis
from connectors.warehouse.feeds import readers
from connectors.warehouse.settings import WarehouseSettings
from core.errors import DocumentError
from core.ports import RawDocument
from mappings.syntax.business.checking import XmlReport, check_business_xml
from tests.connectors.warehouse import gs1_papers as papers
from tests.connectors.warehouse.stage import LIBRARY
from tests.contracts.building import NOON, somebody

CHOSEN = {
    "warehouse/release": "gs1/outbound-instruction",
    "warehouse/dispatch": "gs1/outbound-notification",
    "warehouse/return": "gs1/inbound-notification",
    "warehouse/stock": "gs1/inventory-report",
}
MAPPINGS = LIBRARY.with_overlays(CHOSEN)
GLNS = {"sender": "4012345000009", "receiver": "4098765000010"}
RELEASE = ReleaseInstruction(
    release_id="R-1", node="berlin", channel="shop", channel_ref="W-1001", shipping_method="standard", created_at=NOON,
    ship_to=somebody(phone="+49 30 1"),
    lines=(
        InstructedLine(number=1, line_id="1", sku="CUP", quantity=2, title="A cup"),
        InstructedLine(number=2, line_id="2", sku="POT", quantity=1),
    ),
)  # fmt: skip


def settings_of(**changes: Any) -> WarehouseSettings:
    return WarehouseSettings.model_validate(
        {"transport": {"type": "folder", "path": "exchange"}, "node": "berlin", "context": GLNS, **changes}
    )


def read(kind: str, body: bytes, **changes: Any) -> tuple[Document, ...]:
    return readers(settings_of(**changes), MAPPINGS)[kind](RawDocument(kind, body))


def refused(kind: str, body: bytes) -> str:
    with pytest.raises(DocumentError) as error:
        read(kind, body)
    return str(error.value)


def written(instruction: ReleaseInstruction = RELEASE) -> etree._Element:
    return etree.fromstring(MAPPINGS.write("warehouse/release", instruction, settings_of().told()))


def said(root: etree._Element, path: str) -> str | None:
    return root.findtext(f".//{path}", namespaces={"sh": papers.SH})


# --- releases ---


def test_a_release_is_an_outbound_instruction_under_its_header() -> None:
    root = written()
    assert said(root, "sh:Sender/sh:Identifier") == "4012345000009"
    assert said(root, "sh:Receiver/sh:Identifier") == "4098765000010"
    assert said(root, "sh:InstanceIdentifier") == "R-1"
    assert said(root, "warehousingOutboundInstructionIdentification/entityIdentification") == "R-1"
    assert said(root, "logisticServicesSeller/gln") == "4098765000010"
    assert said(root, "shipTo/address/streetAddressOne") == "1 Example Street"
    assert said(root, "shipTo/address/countryCode") == "DE"
    assert said(root, "transactionalReference/entityIdentification") == "W-1001"
    items = root.findall(".//warehousingOutboundInstructionShipmentItem")
    found = [
        (
            item.findtext("transactionalTradeItem/additionalTradeItemIdentification"),
            item.findtext("plannedDespatchQuantity"),
        )
        for item in items
    ]
    assert found == [("CUP", "2"), ("POT", "1")]


def test_it_has_all_that_such_a_message_must_have() -> None:
    raw = MAPPINGS.write("warehouse/release", RELEASE, settings_of().told())
    assert check_business_xml(raw) == XmlReport(("gs1 warehousingOutboundInstruction",), ())


def test_how_to_reach_the_receiver_is_left_out_where_it_is_not_known() -> None:
    root = written(RELEASE.replace(ship_to=somebody(email=None)))
    assert root.findall(".//communicationChannel") == []
    channels = [
        channel.findtext("communicationValue")
        for channel in written().findall(".//shipTo//communicationChannel")
    ]
    assert channels == ["a.customer@example.com", "+49 30 1"]


def test_further_lines_of_an_address_share_the_third_and_too_much_is_refused() -> None:
    lines = ("1 Example Street", "Back door", "3rd floor", "left")
    root = written(RELEASE.replace(ship_to=somebody(address_lines=lines)))
    assert said(root, "shipTo//streetAddressTwo") == "Back door"
    assert said(root, "shipTo//streetAddressThree") == "3rd floor, left"
    with pytest.raises(DocumentError, match="does not fit") as error:
        written(RELEASE.replace(ship_to=somebody(address_lines=("1", "2", "x" * 150, "y" * 150))))
    assert "yyy" not in str(error.value)


def test_without_the_partners_numbers_nothing_is_written() -> None:
    with pytest.raises(DocumentError, match="sender"):
        MAPPINGS.write("warehouse/release", RELEASE, settings_of(context={}).told())


# --- parcels ---


def test_each_shipment_that_left_is_a_parcel() -> None:
    first, second = read(
        "dispatch", papers.dispatches(papers.parcel(), papers.parcel("P-2", "R-2", papers.item("POT", "1")))
    )
    assert first == DispatchDocument(
        occurred_at=NOON, release_id="R-1", shipment_id="P-1", carrier="DHL", tracking_number="T-1",
        lines=(SkuQuantity(sku="CUP", quantity=2),),
    )  # fmt: skip
    assert isinstance(second, DispatchDocument)
    assert (second.release_id, second.shipment_id, second.lines[0].sku) == ("R-2", "P-2", "POT")


def test_several_notifications_under_one_header_are_all_read() -> None:
    kind = "warehousing_outbound_notification"
    body = papers.message(
        kind,
        papers.document(kind, "N-1", papers.parcel()),
        papers.document(kind, "N-2", papers.parcel("P-2")),
    )
    assert [document.shipment_id for document in read("dispatch", body) if isinstance(document, DispatchDocument)] == [
        "P-1", "P-2",
    ]  # fmt: skip


def test_what_was_not_sent_of_an_item_does_not_count() -> None:
    (found,) = read(
        "dispatch", papers.dispatches(papers.parcel(items=papers.item() + papers.item("POT", "0")))
    )
    assert isinstance(found, DispatchDocument)
    assert [line.sku for line in found.lines] == ["CUP"]


def test_a_day_without_a_time_is_its_start_at_the_warehouse() -> None:
    body = papers.dispatches(papers.parcel(left="<date>2026-11-20</date>"))
    (found,) = read("dispatch", body, zone="Europe/Berlin")
    assert found.occurred_at is not None
    assert found.occurred_at.isoformat() == "2026-11-19T23:00:00+00:00"


def test_what_is_only_picked_is_no_parcel() -> None:
    picked = papers.parcel("P-2").replace("actualDespatch>", "plannedDespatch>")
    assert len(read("dispatch", papers.dispatches(papers.parcel(), picked))) == 1


def test_a_parcel_that_is_wrong_names_field_line_and_column() -> None:
    text = refused("dispatch", papers.dispatches(papers.parcel(items=papers.item(quantity="two"))))
    assert "actualDespatchQuantity" in text
    assert "line" in text
    assert "release_id" in refused("dispatch", papers.dispatches(papers.parcel(release="")))


# --- returns and stock ---


@pytest.mark.parametrize(("condition", "damaged"), [("", False), ("DAMAGED", True)])
def test_goods_that_came_back_are_a_return(condition: str, damaged: bool) -> None:
    (found,) = read("return", papers.returned(condition))
    assert found == ReturnDocument(
        occurred_at=NOON.replace(hour=0), release_id="R-1", return_id="40123450000000016", node="berlin",
        damaged=damaged, lines=(SkuQuantity(sku="04012345000016", quantity=1),),
    )  # fmt: skip


def test_an_unknown_condition_and_another_site_are_refused() -> None:
    assert "conditions has no such code" in refused("return", papers.returned("WET"))
    assert "the document is about the site 'paris'" in refused("return", papers.returned(site="paris"))


def test_an_inventory_report_adds_up_what_may_be_sold() -> None:
    free = "SELLABLE_ACCESSIBLE"
    held = (("CUP", "3", free), ("POT", "0", free), ("CUP", "4", free), ("CUP", "9", "DAMAGED"))
    (found,) = read("stock", papers.inventory(*held))
    assert found == StockDocument(
        occurred_at=NOON, node="berlin", basis=StockBasis.ON_HAND, as_of=NOON,
        lines=(StockLine(sku="CUP", quantity=7), StockLine(sku="POT", quantity=0)),
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["dispatch", "return", "stock"])
def test_another_document_is_not_taken_for_an_empty_one(kind: str) -> None:
    assert "another kind of document" in refused(kind, b"<Orders/>")
