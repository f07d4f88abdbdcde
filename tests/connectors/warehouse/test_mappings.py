"""The warehouse's mapping documents read and write what its schema says, and refuse the rest with its place."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from canonical.documents import (
    DispatchDocument,
    Document,
    ReleaseAnswer,
    ReleaseAnswerDocument,
    ReturnDocument,
    SkuQuantity,
    StockDocument,
    StockLine,
)
from canonical.parties import Parties
from canonical.stock import Item, StockBasis
from connectors.warehouse import CONNECTOR
from connectors.warehouse.feeds import readers
from connectors.warehouse.fulfilment import WarehouseFulfilment
from connectors.warehouse.settings import WarehouseSettings
from core.clock import ManualClock
from core.connector import Resources
from core.errors import DocumentError, RejectedError
from core.ports import EffectContext, RawDocument
from tests.connectors.warehouse import papers
from tests.connectors.warehouse.stage import LIBRARY
from tests.connectors.webstore.resources import NoCursors
from tests.contracts.building import NOON, an_order, somebody
from tests.contracts.fulfilment_point import FulfilmentPointContract

SCHEMA = etree.XMLSchema(
    etree.parse(
        str(Path(CONNECTOR.settings.__module__.replace(".", "/")).parent / "simulator" / "partner.xsd")
    )
)
DISPATCHED = DispatchDocument(
    occurred_at=NOON,
    release_id="R-1",
    shipment_id="P-1",
    carrier="DHL",
    tracking_number="00340434161094042557",
    lines=(SkuQuantity(sku="CUP", quantity=2),),
)


def settings_of(**changes: Any) -> WarehouseSettings:
    return WarehouseSettings.model_validate(
        {"transport": {"type": "folder", "path": "exchange"}, "node": "berlin", **changes}
    )


def read(
    kind: str, body: bytes, overlay: dict[str, str] | None = None, **changes: Any
) -> tuple[Document, ...]:
    library = LIBRARY.with_overlays(overlay or {})
    return readers(settings_of(**changes), library)[kind](RawDocument(kind, body))


def refused(kind: str, body: bytes, **changes: Any) -> str:
    with pytest.raises(DocumentError) as error:
        read(kind, body, **changes)
    assert error.value.problems
    return str(error.value)


# --- what is right ---


def test_the_documents_have_no_warnings() -> None:
    assert LIBRARY.current.warnings == ()
    assert sorted(LIBRARY.current) == [
        "gs1/inbound-notification", "gs1/inventory-report", "gs1/outbound-instruction", "gs1/outbound-notification",
        "warehouse/answer", "warehouse/cancel", "warehouse/dispatch", "warehouse/release", "warehouse/return",
        "warehouse/stock", "warehouse/stock-plain",
    ]  # fmt: skip


def test_one_file_may_hold_several_parcels() -> None:
    body = papers.dispatches(papers.dispatch(), papers.dispatch(release="R-2", shipment="P-2"))
    first, second = read("dispatch", body)
    assert first == DISPATCHED
    assert second == DISPATCHED.replace(release_id="R-2", shipment_id="P-2")


@pytest.mark.parametrize(
    ("code", "answer"),
    [("ACC", ReleaseAnswer.ACCEPTED), ("REJ", ReleaseAnswer.REFUSED), ("CAN", ReleaseAnswer.CANCELLED),
     ("NCN", ReleaseAnswer.CANCEL_REFUSED)],
)  # fmt: skip
def test_each_outcome_has_its_word(code: str, answer: ReleaseAnswer) -> None:
    (found,) = read("answer", papers.answers(papers.answer(outcome=code)))
    assert found == ReleaseAnswerDocument(occurred_at=NOON, release_id="R-1", answer=answer)


def test_a_refusal_keeps_its_reason_and_its_skus() -> None:
    more = '<Reason code="SHORT">not found</Reason><ShortSku>CUP</ShortSku><ShortSku>POT</ShortSku>'
    (found,) = read("answer", papers.answers(papers.answer(outcome="REJ", more=more)))
    assert isinstance(found, ReleaseAnswerDocument)
    assert (found.reason, found.skus) == ("SHORT: not found", ("CUP", "POT"))


def test_a_refusal_of_some_units_says_which() -> None:
    more = (
        '<Reason code="SHORT">not found</Reason><ShortSku>CUP</ShortSku>'
        "<Lines><Line><Sku>CUP</Sku><Quantity>2</Quantity></Line></Lines>"
    )
    body = papers.answers(papers.answer(outcome="REJ", more=more))
    SCHEMA.assertValid(etree.fromstring(body))
    (found,) = read("answer", body)
    assert isinstance(found, ReleaseAnswerDocument)
    assert (found.skus, found.units) == (("CUP",), (SkuQuantity(sku="CUP", quantity=2),))


def test_units_of_an_answer_that_refuses_nothing_are_refused_with_their_place() -> None:
    more = "<Lines><Line><Sku>CUP</Sku><Quantity>2</Quantity></Line></Lines>"
    assert "units go with the answers 'refused' and 'cancelled'" in refused(
        "answer", papers.answers(papers.answer(outcome="ACC", more=more))
    )


@pytest.mark.parametrize(("condition", "damaged"), [("A", False), ("B", False), ("D", True)])
def test_each_condition_is_sellable_or_damaged(condition: str, damaged: bool) -> None:
    (found,) = read("return", papers.receipts(papers.receipt(condition)))
    assert found == ReturnDocument(
        occurred_at=NOON,
        release_id="R-1",
        return_id="T-1",
        node="berlin",
        damaged=damaged,
        lines=(SkuQuantity(sku="CUP", quantity=1),),
    )


def test_a_stock_report_has_its_basis_and_time() -> None:
    (found,) = read("stock", papers.stock("D;CUP;12", "D;POT;0"))
    lines = (StockLine(sku="CUP", quantity=12), StockLine(sku="POT", quantity=0))
    assert found == StockDocument(
        occurred_at=NOON, node="berlin", basis=StockBasis.ON_HAND, as_of=NOON, lines=lines
    )


def test_an_empty_warehouse_reports_nothing() -> None:
    (found,) = read("stock", papers.stock())
    assert isinstance(found, StockDocument)
    assert found.lines == ()


def test_a_basis_that_the_report_leaves_open_is_that_of_the_settings() -> None:
    body = papers.stock("D;CUP;1", head="H;berlin;;2026-11-20T12:00:00Z")
    (found,) = read("stock", body, stock_basis="available")
    assert isinstance(found, StockDocument)
    assert found.basis is StockBasis.AVAILABLE


def test_the_reports_own_basis_counts_first() -> None:
    body = papers.stock(head="H;berlin;AVAILABLE;2026-11-20T12:00:00Z")
    (found,) = read("stock", body, stock_basis="on_hand")
    assert isinstance(found, StockDocument)
    assert found.basis is StockBasis.AVAILABLE


@pytest.mark.parametrize(
    ("text", "utc_hour"),
    [("2026-11-20T13:00:00", 12), ("2026-11-20T13:00:00+00:00", 13), ("2026-07-20T13:00:00", 11)],
)
def test_a_time_without_an_offset_is_in_the_zone_of_the_settings(text: str, utc_hour: int) -> None:
    (found,) = read("dispatch", papers.dispatches(papers.dispatch(at=text)), zone="Europe/Berlin")
    assert found.occurred_at is not None
    assert found.occurred_at.astimezone(UTC).hour == utc_hour


def test_the_warehouse_may_call_itself_otherwise() -> None:
    (found,) = read("return", papers.receipts(papers.receipt(site="DE-01")), site="DE-01")
    assert isinstance(found, ReturnDocument)
    assert found.node == "berlin"


def test_a_partners_variation_is_an_overlay() -> None:
    body = b"H,berlin,20.11.2026 13:00:00\nD,CUP,5.000\nT,1\n"
    overlay = {"warehouse/stock": "warehouse/stock-plain"}
    (found,) = read("stock", body, overlay, zone="Europe/Berlin", stock_basis="available")
    assert found == StockDocument(
        occurred_at=NOON,
        node="berlin",
        basis=StockBasis.AVAILABLE,
        as_of=NOON,
        lines=(StockLine(sku="CUP", quantity=5),),
    )


# --- what is not ---


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        ("dispatch", b"", "empty"),
        ("dispatch", b" \n", "empty"),
        ("dispatch", papers.dispatches(papers.dispatch())[:200], "well-formed"),
        ("dispatch", b"\xff\xfe" + papers.dispatches(papers.dispatch()), "UTF-8"),
        ("dispatch", papers.dispatches(papers.dispatch(sku="CÄP")).decode().encode("latin-1"), "0xc4"),
        ("dispatch", papers.dispatches(papers.dispatch(release="R\0")), "NUL"),
        ("dispatch", papers.dispatches(papers.dispatch(release="")), "release_id"),
        ("dispatch", papers.dispatches(papers.dispatch(quantity="-2")), "-2"),
        ("dispatch", papers.dispatches(papers.dispatch(quantity="0")), "quantity"),
        ("dispatch", papers.dispatches(papers.dispatch(quantity="1.5")), "1.5"),
        ("dispatch", papers.dispatches(papers.dispatch(quantity="two")), "two"),
        ("dispatch", papers.dispatches(papers.dispatch(quantity="9" * 30)), "quantity"),
        ("dispatch", papers.dispatches(papers.dispatch(at="yesterday")), "yesterday"),
        ("dispatch", papers.dispatches(papers.dispatch(at="")), "occurred_at"),
        ("dispatch", papers.dispatches(papers.dispatch(sku="")), "sku"),
        ("dispatch", papers.dispatches(papers.dispatch(sku="x" * 201)), "sku"),
        ("answer", papers.dispatches(papers.dispatch()), "another kind of document"),
        ("dispatch", papers.answers(papers.answer()), "another kind of document"),
        ("return", papers.dispatches(papers.dispatch()), "another kind of document"),
        ("dispatch", papers.dispatches(), "empty"),
        ("dispatch", papers.dispatches(papers.dispatch()).replace(b"exchange:1", b"exchange:2"), "another kind"),
        ("answer", papers.answers(papers.answer(outcome="OK")), "outcomes"),
        ("answer", papers.answers(papers.answer(outcome="ERR")), "outcomes"),
        ("answer", papers.answers(papers.answer(outcome="acc")), "outcomes"),
        ("answer", papers.answers(papers.answer(release=" ")), "release_id"),
        ("return", papers.receipts(papers.receipt("C")), "conditions"),
        ("return", papers.receipts(papers.receipt(site="leipzig")), "leipzig"),
        ("stock", papers.stock("D;CUP;-1"), "quantity"),
        ("stock", papers.stock("D;CUP;1.5"), "1.5"),
        ("stock", papers.stock("D;CUP"), "quantity"),
        ("stock", papers.stock("D;CUP;1;more"), "4 values"),
        ("stock", papers.stock("D;;1"), "sku"),
        ("stock", papers.stock("X;CUP;1"), "no record type"),
        ("stock", papers.stock("D;CUP;1", count=2), "states 2"),
        ("stock", papers.stock("D;CUP;1").rsplit(b"T;", 1)[0], "trailer"),
        ("stock", papers.stock("D;CUP;1").split(b"\r\n", 1)[1], "header"),
        ("stock", papers.stock(head="H;leipzig;ON_HAND;2026-11-20T12:00:00Z"), "leipzig"),
        ("stock", papers.stock(head="H;berlin;GUESSED;2026-11-20T12:00:00Z"), "bases"),
        ("stock", papers.stock(head="H;berlin;ON_HAND;"), "as_of"),
        ("stock", papers.stock(head="H;berlin;ON_HAND;2026-11-20T12:00:00Z", count=0) * 2, "second time"),
        ("stock", papers.dispatches(papers.dispatch()), "no record type"),
        ("dispatch", papers.stock("D;CUP;1"), "well-formed"),
    ],
)  # fmt: skip
def test_what_is_not_as_agreed_is_refused_and_named(kind: str, body: bytes, says: str) -> None:
    assert says in refused(kind, body)


def test_a_problem_names_the_mapping_its_place_and_the_value() -> None:
    body = papers.answers(papers.answer(), "\n", papers.answer(outcome="WHAT"))
    with pytest.raises(DocumentError) as error:
        read("answer", body)
    (problem,) = error.value.problems
    assert problem.source is not None
    assert problem.source.startswith("warehouse/answer@1+")
    assert (problem.line, problem.value) == (3, "WHAT")
    assert "document 2" in (problem.field or "")
    assert "Outcome" in (problem.field or "")


def test_every_problem_of_a_document_is_told_at_once() -> None:
    body = papers.dispatches(papers.dispatch(release="", quantity="many", at="then"))
    with pytest.raises(DocumentError) as error:
        read("dispatch", body)
    assert len(error.value.problems) == 3


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE DispatchAdvice [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE DispatchAdvice [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">]>',
        '<!DOCTYPE DispatchAdvice SYSTEM "http://127.0.0.1:1/dispatch.dtd">',
    ],
)
def test_entities_and_outside_files_are_refused(doctype: str) -> None:
    body = papers.dispatches(papers.dispatch(sku="&x;")).replace(b"?>\n", f"?>\n{doctype}".encode(), 1)
    assert "DOCTYPE" in refused("dispatch", body)


@pytest.mark.parametrize("depth", [100, 100_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    body = papers.dispatches("<a>" * depth + "</a>" * depth)
    assert re.search("deeper than 64|depth in document", refused("dispatch", body))


def test_fifty_megabytes_are_refused_unread() -> None:
    assert "20,971,520" in refused("stock", b"D;CUP;1\n" * (50 * 1024 * 1024 // 8))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(["answer", "dispatch", "return", "stock", "unreadable"]),
    body=st.binary(max_size=200),
)
def test_any_bytes_are_read_or_refused(kind: str, body: bytes) -> None:
    with pytest.raises(DocumentError):
        read(kind, body)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_damage_to_a_document_is_survived(data: st.DataObject) -> None:
    kind, whole = data.draw(
        st.sampled_from(
            [
                ("answer", papers.answers(papers.answer())),
                ("dispatch", papers.dispatches(papers.dispatch())),
                ("return", papers.receipts(papers.receipt())),
                ("stock", papers.stock("D;CUP;12")),
            ]
        )
    )
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    body = whole[:start] + data.draw(st.binary(max_size=5)) + whole[end:]
    try:
        found = read(kind, body)
    except DocumentError:
        return
    assert all(isinstance(document, Document) for document in found)


# --- writing ---


TEXTS = st.text(max_size=90)


@settings(max_examples=150, deadline=None)
@given(
    party=st.fixed_dictionaries(
        {"name": st.text(min_size=1, max_size=90)},
        optional={
            "company": TEXTS | st.none(),
            "address_lines": st.lists(TEXTS, max_size=6).map(tuple),
            "city": TEXTS,
            "region": TEXTS,
            "postcode": st.text(max_size=25),
            "phone": st.text(max_size=45),
            "email": TEXTS,
        },
    ),
    title=st.text(max_size=150),
)
def test_whatever_is_written_is_as_the_warehouse_wants_it(party: dict[str, Any], title: str) -> None:
    port = CONNECTOR.open(
        "berlin", settings_of(), Resources(ManualClock(NOON), LIBRARY, NoCursors())
    ).effects[0]
    assert isinstance(port, WarehouseFulfilment)
    items = {"CUP": Item(sku="CUP", title=title, weight_g=0)}
    try:
        parties = Parties(buyer=somebody(), ship_to=somebody(**party))
    except ValueError:
        return  # nobody is called that
    try:
        outgoing = port.render(
            FulfilmentPointContract().release(), EffectContext(an_order(), parties, {}, items, NOON)
        )
    except RejectedError:
        return  # too long for the warehouse, or empty without what can't be printed
    root = etree.fromstring(outgoing.body)
    SCHEMA.assertValid(root)


def test_a_moment_is_written_in_utc() -> None:
    context = EffectContext(an_order(), None, {}, {}, datetime(2026, 11, 20, 12, 0, 0, 5, tzinfo=UTC))
    port = CONNECTOR.open(
        "berlin", settings_of(), Resources(ManualClock(NOON), LIBRARY, NoCursors())
    ).effects[0]
    body = port.render(FulfilmentPointContract().cancellation(), context).body
    assert b"<CreatedAt>2026-11-20T12:00:00.000005Z</CreatedAt>" in body
    SCHEMA.assertValid(etree.fromstring(body))
