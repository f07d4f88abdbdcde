"""What passes between the hub and a supplier in UBL and cXML by HTTP: what our door takes, and what it says."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from canonical.documents import PurchaseAnswerDocument, ShipNoticeDocument, SupplierInvoiceDocument
from connectors.dropship_edi.simulator.xml_side import parsed
from core.errors import OutcomeUnknownError, RejectedError, UnauthorisedError
from core.exchange.shapes import Standing
from tests.connectors.dropship_edi.front import PostingStage, status_in
from tests.connectors.numbered import NumberedPort
from tests.contracts.building import an_effect
from tests.contracts.fulfilment_point import only
from tests.contracts.supplier import NUMBER, OrderingContract

EXAMPLE = OrderingContract()
SECRET = b"<SharedSecret>a-supplier's-secret</SharedSecret>"
ENTITY = b'<!DOCTYPE cXML [<!ENTITY x SYSTEM "file:///etc/passwd">]><cXML payloadID="1">&x;</cXML>'


@pytest.fixture
async def cxml(tmp_path: Path) -> AsyncIterator[PostingStage]:
    stage = PostingStage(tmp_path, version="cxml-1.2")
    await stage.start()
    yield stage
    await stage.stop()


@pytest.fixture
async def ubl(tmp_path: Path) -> AsyncIterator[PostingStage]:
    stage = PostingStage(tmp_path, version="ubl-2.1")
    await stage.start()
    yield stage
    await stage.stop()


@pytest.mark.parametrize("version", ["ubl-2.1", "cxml-1.2"])
async def test_an_order_is_answered_sent_and_charged(tmp_path: Path, version: str) -> None:
    stage = PostingStage(tmp_path, version=version)
    await stage.start()
    await stage.send(EXAMPLE.order())
    told = await stage.hear_for(100)
    for kind in (PurchaseAnswerDocument, ShipNoticeDocument, SupplierInvoiceDocument):
        assert len(only(told, kind)) == 1
    assert stage.standings == [Standing.ACCEPTED] * 3
    assert not any(stage.supplier.options.own_secret.encode() in raw.body for raw in stage.inbox.received)
    await stage.stop()


async def an_answer(stage: PostingStage) -> bytes:
    """Have the supplier answer an order, and return its document before it is POSTed."""
    await stage.send(EXAMPLE.order())
    stage.supplier.step()
    stage.clock.advance(10)
    stage.supplier.step()
    (body,) = stage.files("in").values()
    return body


# --- cXML at our door -----------------------------------------------------------------------------------------


async def test_the_same_document_is_taken_once_and_answered_each_time(cxml: PostingStage) -> None:
    body = await an_answer(cxml)
    first, second = await cxml.post(body), await cxml.post(body)
    assert (status_in(first), status_in(second)) == ("201", "200")
    assert first.headers["content-type"] == "text/xml; charset=UTF-8"
    assert parsed(first.content).get("payloadID") != parsed(second.content).get("payloadID")
    assert len(cxml.inbox.received) == 1


@pytest.mark.parametrize(
    ("broken", "status", "says"),
    [
        (lambda body: body.replace(b"a-supplier's-secret", b"a guess"), "401", "SharedSecret"),
        (lambda body: body.replace(b"a-supplier's-secret", b"***"), "401", "SharedSecret"),
        (lambda body: body.replace(b"a-supplier's-secret", "geheimß".encode()), "401", "SharedSecret"),
        (lambda body: body.replace(SECRET, b""), "401", "SharedSecret"),
        (lambda body: body[: len(body) // 2], "406", "no XML"),
        (lambda _: b"", "406", "no XML"),
        (lambda _: b"ISA*00*", "406", "no XML"),
        (lambda _: ENTITY, "406", "no XML"),
        (lambda body: body.replace(b"ConfirmationRequest", b"PunchOutSetupRequest"), "450", "PunchOutSetup"),
        (lambda body: body.replace(b"payloadID=", b"payload="), "400", "no payloadID"),
        (lambda body: body.replace(b"Request ", b"Message ").replace(b"/Request>", b"/Message>"), "400", "a Request"),
    ],
)  # fmt: skip
async def test_what_is_not_taken_is_answered_with_the_reason_and_stored_nowhere(
    cxml: PostingStage, broken: Callable[[bytes], bytes], status: str, says: str
) -> None:
    answer = await cxml.post(broken(await an_answer(cxml)))
    assert (answer.status_code, status_in(answer)) == (200, status)
    assert says in answer.text
    assert "a-supplier" not in answer.text
    assert cxml.inbox.received == []


async def test_a_secret_changes_without_a_gap(cxml: PostingStage) -> None:
    body = await an_answer(cxml)
    partner = {**cxml.told["partner"], "their_secrets": ["the next one", cxml.supplier.options.own_secret]}
    cxml.connector = cxml.open(partner=partner)
    assert status_in(await cxml.post(body)) == "201"
    renewed = body.replace(b"a-supplier's-secret", b"the next one").replace(b'payloadID="', b'payloadID="n')
    assert status_in(await cxml.post(renewed)) == "201"


async def test_a_header_may_be_agreed_on_beside_or_instead_of_the_secret(cxml: PostingStage) -> None:
    body = await an_answer(cxml)
    door = {**cxml.told["transport"], "door": [{"type": "header", "name": "X-Key", "value": "agreed"}]}
    cxml.connector = cxml.open(transport=door)
    assert (await cxml.post(body)).status_code == 401
    cxml.connector = cxml.open(transport=door, partner={**cxml.told["partner"], "their_secrets": []})
    without = body.replace(SECRET, b"")
    assert (await cxml.post(without)).status_code == 401
    assert status_in(await cxml.post(without, **{"x-key": "agreed"})) == "201"


# --- cXML in responses ----------------------------------------------------------------------------------------


async def refused_order(stage: PostingStage, fault: str) -> Exception:
    port: NumberedPort = stage.port
    effect = an_effect(EXAMPLE.order(), port.render(EXAMPLE.order(), EXAMPLE.context()))
    stage.faults.plan[fault] = {"000000001.xml"}
    with pytest.raises((RejectedError, UnauthorisedError, OutcomeUnknownError)) as refused:
        await port.send(effect)
    return refused.value


async def test_a_refusal_is_told_in_the_partners_words_without_our_secret(cxml: PostingStage) -> None:
    error = await refused_order(cxml, "cxml_406")
    assert isinstance(error, RejectedError)
    assert "406 (as planned: Echo of ***)" in str(error)


async def test_a_success_that_is_no_response_leaves_the_outcome_open(cxml: PostingStage) -> None:
    error = await refused_order(cxml, "no_word_after")
    assert isinstance(error, OutcomeUnknownError)
    assert "Response/Status" in str(error)


# --- UBL --------------------------------------------------------------------------------------------------------


async def test_a_document_in_the_response_has_arrived(ubl: PostingStage) -> None:
    body = await an_answer(ubl)
    ubl.front.responds_with = body
    effect = an_effect(EXAMPLE.change(), ubl.port.render(EXAMPLE.change(), EXAMPLE.context()))
    answer = await ubl.port.send(effect)
    assert [one.body for one in answer.arrived] == [body]


@pytest.mark.parametrize("body", [b"<html/>", b"ISA*00*", b"", b"<Order", ENTITY])
async def test_what_is_no_ubl_is_refused_at_the_door(ubl: PostingStage, body: bytes) -> None:
    answer = await ubl.post(body)
    assert answer.status_code == 422
    assert "cbc:ID" in answer.json()["detail"]


async def test_our_ubl_door_knows_the_supplier(ubl: PostingStage) -> None:
    body = await an_answer(ubl)
    assert (await ubl.post(body, authorization="Bearer a-guess")).status_code == 401
    assert (await ubl.post(body, NUMBER)).status_code == 202
    assert (await ubl.post(body, NUMBER)).status_code == 200
