"""Plain XML documents in the ledger: each is taken once, strangers' and altered ones not at all."""

from datetime import timedelta

import pytest

from core.errors import DocumentError
from core.exchange.numbers import Numbers
from core.exchange.shapes import Ruling, Standing
from core.exchange.xml_profile import CxmlProfile, UblProfile
from core.ports import RawDocument
from core.store.sql import Database
from hub.xml_partners import XmlPartner
from tests.core.conftest import sqlite_store as sqlite_store  # noqa: PLC0414 - a fixture
from tests.core.conftest import template as template  # noqa: PLC0414 - a fixture
from tests.core.engine.stage import engine_on

PARTIES = """<cac:SellerSupplierParty><cac:Party><cac:PartyIdentification><cbc:ID schemeID="0088">4000002000004</cbc:ID>
</cac:PartyIdentification></cac:Party></cac:SellerSupplierParty>
<cac:BuyerCustomerParty><cac:Party><cac:PartyIdentification><cbc:ID schemeID="0088">4000001000005</cbc:ID>
</cac:PartyIdentification></cac:Party></cac:BuyerCustomerParty>"""
RESPONSE = f"""<OrderResponse xmlns="urn:oasis:names:specification:ubl:schema:xsd:OrderResponse-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>R-1</cbc:ID><cbc:IssueDate>2026-11-20</cbc:IssueDate><cbc:OrderResponseCode>AP</cbc:OrderResponseCode>
<cac:OrderReference><cbc:ID>PO-1</cbc:ID></cac:OrderReference>{PARTIES}</OrderResponse>""".encode()
ORDER = (
    RESPONSE.replace(b"OrderResponse", b"Order")
    .replace(b"R-1", b"PO-1")
    .replace(b"</Order>", b"<cac:OrderLine/></Order>")
)
KIND = "interchange"


def partner(**more: object) -> XmlPartner:
    said = {
        "standard": "ubl", "ours": {"scheme": "0088", "id": "4000001000005"},
        "theirs": {"scheme": "0088", "id": "4000002000004"}, **more,
    }  # fmt: skip
    return XmlPartner(UblProfile.model_validate(said))


def ruling(raw: bytes, *, refused: bool = False, **more: object) -> Ruling:
    (received,) = partner(**more).take(RawDocument(KIND, raw))
    return received.rule(refused)


def nothing(raw: RawDocument) -> tuple[()]:
    return ()


def test_a_document_is_one_set_under_its_own_id() -> None:
    (received,) = partner().take(RawDocument(KIND, RESPONSE))
    assert (received.control, received.inward) == (
        "OrderResponse R-1 2026-11-20",
        "ubl 0088:4000002000004>0088:4000001000005",
    )
    (taken,) = received.rule(False).sets  # noqa: FBT003 - the shape says so
    assert (taken.kind, taken.body, taken.references) == ("OrderResponse", RESPONSE, ("PO-1",))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((b">4000002000004<", b">4000003000003<"), "from 0088:4000003000003, which is not this connector's"),
        ((b">4000001000005<", b">4000003000003<"), "for 0088:4000003000003, which is not us"),
    ],
)
def test_what_is_between_others_is_not_taken(change: tuple[bytes, bytes], said: str) -> None:
    found = ruling(RESPONSE.replace(*change))
    assert (found.standing, found.sets) == (Standing.REJECTED, ())
    assert said in str(found.reason)


@pytest.mark.parametrize(
    "change", [(b'schemeID="0088"', b'schemeID="0060"'), (b"4000002000004", b""), (b' schemeID="0088"', b"")]
)
def test_ids_of_other_schemes_say_nothing_against_a_document(change: tuple[bytes, bytes]) -> None:
    assert ruling(RESPONSE.replace(*change)).standing is Standing.ACCEPTED


def test_a_type_that_was_not_agreed_on_is_not_taken() -> None:
    assert "partner.receives" in str(ruling(RESPONSE, receives=["Invoice"]).reason)


def test_a_document_that_says_something_else_under_an_old_id_is_refused_with_a_way_out() -> None:
    found = ruling(RESPONSE, refused=True)
    assert found.standing is Standing.REJECTED
    assert "R-1 2026-11-20 came before" in str(found.reason)
    assert "partner.duplicates.other_bytes" in str(found.reason)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "empty"),
        (b"ISA*00*", "line 1"),
        (b"<Orders/>", "no document of UBL"),
        (RESPONSE.replace(b"<cbc:ID>R-1</cbc:ID>", b""), "no cbc:ID"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "DOCTYPE"),
    ],
)
def test_what_is_no_document_is_a_failure_with_its_reason(raw: bytes, said: str) -> None:
    with pytest.raises(DocumentError) as refused:
        partner().take(RawDocument(KIND, raw))
    assert said in str(refused.value)


def test_what_is_sent_is_what_was_written_whatever_its_number() -> None:
    draft = partner(expects=[{"after": "Order", "wants": "OrderResponse", "within_h": 24}]).draft_of(
        "Order", ORDER, "PO-1"
    )
    numbers = Numbers(7)
    assert (draft.write(numbers), draft.name(numbers), draft.answer_within) == (ORDER, "000000007.xml", None)
    (wish,) = draft.wishes
    assert (wish.kind, wish.reference, wish.within) == ("OrderResponse", "PO-1", timedelta(hours=24))


def test_what_its_standard_can_not_do_without_is_not_left_out() -> None:
    with pytest.raises(DocumentError, match="cac:OrderLine is missing"):
        partner().draft_of("Order", ORDER.replace(b"<cac:OrderLine/>", b""), "PO-1")


CXML = b"""<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">
<cXML payloadID="9@acme.example"><Header>
<From><Credential domain="DUNS"><Identity>2</Identity></Credential></From>
<To><Credential domain="DUNS"><Identity>1</Identity></Credential></To></Header><Request><ConfirmationRequest>
<OrderReference><DocumentReference payloadID="PO-1-c1@orderhub"/></OrderReference></ConfirmationRequest></Request>
</cXML>"""


def cxml_ruling(raw: bytes) -> Ruling:
    profile = CxmlProfile.model_validate(
        {"standard": "cxml", "ours": {"scheme": "duns", "id": "1"}, "theirs": {"scheme": "DUNS", "id": "2"}}
    )
    (received,) = XmlPartner(profile).take(RawDocument(KIND, raw))
    assert received.control == "9@acme.example"
    return received.rule(False)  # noqa: FBT003 - the shape says so


def test_a_cxml_document_is_known_by_its_payload_id_and_names_our_order() -> None:
    (taken,) = cxml_ruling(CXML).sets
    assert (taken.kind, taken.references) == ("ConfirmationRequest", ("PO-1",))
    (taken,) = cxml_ruling(CXML.replace(b"<OrderReference>", b'<OrderReference orderID="PO-7">')).sets
    assert taken.references == ("PO-7",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((b">2<", b">3<"), "from DUNS:3"),
        ((b">1<", b">3<"), "for DUNS:3"),
        ((b"<Request>", b'<Request deploymentMode="test">'), "for test, and partner.mode is production"),
    ],
)
def test_a_cxml_document_for_others_or_a_test_is_not_taken(change: tuple[bytes, bytes], said: str) -> None:
    found = cxml_ruling(CXML.replace(*change))
    assert (found.standing, found.sets) == (Standing.REJECTED, ())
    assert said in str(found.reason)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((b' payloadID="9@acme.example"', b""), "no payloadID"),
        ((b"Request>", b"Response>"), "with a Request"),
    ],
)
def test_a_cxml_document_without_an_id_or_a_request_is_a_failure(
    change: tuple[bytes, bytes], said: str
) -> None:
    with pytest.raises(DocumentError, match=said):
        cxml_ruling(CXML.replace(*change))


async def test_a_document_is_taken_once_and_an_altered_one_is_a_failure(sqlite_store: Database) -> None:
    altered = RESPONSE.replace(b">AP<", b">RE<")
    async with engine_on(
        sqlite_store, takers={("acme", KIND): partner().take}, readers={("acme", "OrderResponse"): nothing}
    ) as stage:
        for name, raw in (("a", RESPONSE), ("b", RESPONSE), ("c", altered)):
            receipt = await stage.engine.receive("acme", RawDocument(KIND, raw, "application/xml", name))
            await stage.until_rows(
                1, "SELECT id FROM messages WHERE id = $1 AND status <> 'received'", receipt.message_id
            )
        await stage.until_rows(
            1, "SELECT id FROM messages WHERE kind = 'OrderResponse' AND status = 'ignored'"
        )
        statuses = await stage.rows("SELECT status FROM messages WHERE kind = $1 ORDER BY id", KIND)
        assert [row["status"] for row in statuses][1:] == ["duplicate", "failed"]
        (failure,) = await stage.rows("SELECT reason FROM failures")
        assert "came before" in failure["reason"]
        assert await stage.rows("SELECT id FROM effects") == []


async def test_what_is_owed_is_forgotten_when_it_comes(sqlite_store: Database) -> None:
    invoice = RESPONSE.replace(b"OrderResponse", b"Invoice")
    expects = [{"after": "Invoice", "wants": "DespatchAdvice", "within_h": 24}]
    wishes = "SELECT kind, reference FROM expected_sets"
    readers = {("acme", kind): nothing for kind in ("Invoice", "DespatchAdvice")}
    async with engine_on(
        sqlite_store, takers={("acme", KIND): partner(expects=expects).take}, readers=readers
    ) as stage:
        await stage.engine.receive("acme", RawDocument(KIND, invoice, "application/xml", "a"))
        await stage.until_rows(1, wishes)
        assert await stage.rows(wishes) == [{"kind": "DespatchAdvice", "reference": "PO-1"}]
        advice = RESPONSE.replace(b"OrderResponse", b"DespatchAdvice")
        await stage.engine.receive("acme", RawDocument(KIND, advice, "application/xml", "b"))
        await stage.until_rows(0, wishes)
