"""The Feeds API v2021-06-30: documents uploaded, feeds made of them, worked off after a while, reported on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree

from connectors.amazon.simulator.orders import Orders, iso
from connectors.amazon.simulator.wire import Obj, RefusalError, Reply, Request, invalid
from core.clock import Clock
from core.simulator import Faults, Ledger

KINDS = {
    "POST_ORDER_ACKNOWLEDGEMENT_DATA": "OrderAcknowledgement",
    "POST_PAYMENT_ADJUSTMENT_DATA": "OrderAdjustment",
}
CANCEL_REASONS = frozenset(
    {
        "NoInventory", "ShippingAddressUndeliverable", "CustomerExchange", "BuyerCanceled", "GeneralAdjustment",
        "CarrierCreditDecision", "RiskAssessmentInformationNotValid", "CarrierCoverageFailure", "CustomerReturn",
        "MerchandiseNotReceived",
    }
)  # fmt: skip
"""OrderAcknowledgement.xsd of 2015."""
_URL_LIFE = timedelta(minutes=5)
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


@dataclass(slots=True)
class _Document:
    """Something uploaded, or a report; its address is good for five minutes."""

    media_type: str
    good_until: datetime
    content: bytes | None = None


class MessageError(Exception):
    """One message of a feed is refused."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class FeedWork:
    """Feeds and their documents. A feed is worked off when it is due and somebody looks, or by `work`."""

    def __init__(
        self, clock: Clock, ledger: Ledger, faults: Faults, orders: Orders, seller_id: str, takes_s: float
    ) -> None:
        self._clock, self._ledger, self._faults, self._orders = clock, ledger, faults, orders
        self._seller_id, self._takes = seller_id, timedelta(seconds=takes_s)
        self.base = ""
        self._documents: dict[str, _Document] = {}
        self.feeds: dict[str, Obj] = {}
        self._refunded: dict[str, Decimal] = {}
        self._seen: set[str] = set()

    # --- documents ---

    def create_document(self, request: Request) -> Reply:
        """Answer createFeedDocument."""
        media_type = request.json().get("contentType")
        if not isinstance(media_type, str):
            raise invalid("contentType is required")
        return Reply.of(self._new_document(media_type), 201)

    def _new_document(self, media_type: str, content: bytes | None = None) -> Obj:
        document_id = f"amzn1.tortuga.4.eu.{len(self._documents) + 1:08d}"
        self._documents[document_id] = _Document(media_type, self._clock.now() + _URL_LIFE, content)
        return {"feedDocumentId": document_id, "url": f"{self.base}/presigned/{document_id}"}

    def put(self, request: Request, document_id: str) -> Reply:
        """Take an upload at its presigned address, which holds its own permission: no token is wanted."""
        document = self._at(document_id)
        if request.headers.get("content-type") != document.media_type:
            return Reply(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        if document.content is not None:
            return Reply(403, b"<Error><Code>AccessDenied</Code></Error>")
        document.content = request.body
        return Reply(200)

    def get(self, document_id: str) -> Reply:
        """Hand a report out at its presigned address."""
        return Reply(200, self._at(document_id).content or b"", {"content-type": "text/xml"})

    def _at(self, document_id: str) -> _Document:
        document = self._documents.get(document_id)
        if document is None or self._clock.now() > document.good_until:
            raise RefusalError(403, "AccessDenied", "Request has expired")
        return document

    def show_document(self, _: Request, document_id: str) -> Reply:
        """Answer getFeedDocument."""
        if document_id not in self._documents:
            raise RefusalError(404, "NotFound", f"document {document_id} is not there")
        self._documents[document_id].good_until = self._clock.now() + _URL_LIFE
        shown = {"feedDocumentId": document_id, "url": f"{self.base}/presigned/{document_id}"}
        return Reply.of(shown)

    # --- feeds ---

    def create(self, request: Request) -> Reply:
        """Answer createFeed."""
        said = request.json()
        document = self._documents.get(str(said.get("inputFeedDocumentId")))
        if said.get("feedType") not in KINDS:
            raise invalid(f"feedType: {said.get('feedType')!r}")
        if not said.get("marketplaceIds") or document is None or document.content is None:
            raise invalid("marketplaceIds and an uploaded inputFeedDocumentId are required")
        feed_id = str(50_000_000_000 + len(self.feeds) + 1)
        self.feeds[feed_id] = {
            "feedId": feed_id,
            "feedType": said["feedType"],
            "marketplaceIds": said["marketplaceIds"],
            "createdTime": iso(self._clock.now()),
            "processingStatus": "IN_QUEUE",
            "_content": document.content,
            "_due": self._clock.now() + self._takes,
        }
        self._ledger.write("feed", feed_id, type=said["feedType"])
        return Reply.of({"feedId": feed_id}, 202)

    def show(self, _: Request, feed_id: str) -> Reply:
        """Answer getFeed."""
        self.work()
        feed = self.feeds.get(feed_id)
        if feed is None:
            raise RefusalError(404, "NotFound", f"feed {feed_id} is not there")
        return Reply.of(_shown(feed))

    def listed(self, request: Request) -> Reply:
        """Answer getFeeds: the newest first."""
        self.work()
        kinds = set(request.query.get("feedTypes", "").split(","))
        since = request.query.get("createdSince", "")
        rows = [f for f in self.feeds.values() if f["feedType"] in kinds and f["createdTime"] >= since]
        size = int(request.query.get("pageSize", 10))
        return Reply.of({"feeds": [_shown(feed) for feed in reversed(rows)][:size]})

    def work(self) -> None:
        """Work off every feed whose time has come."""
        for feed in self.feeds.values():
            if feed["processingStatus"] == "IN_QUEUE" and self._clock.now() >= feed["_due"]:
                self._work_off(feed)

    def _work_off(self, feed: Obj) -> None:
        feed["processingStartTime"] = feed["processingEndTime"] = iso(self._clock.now())
        if self._faults.strikes("feed_fatal", feed["feedType"]):
            feed["processingStatus"] = "FATAL"
            return
        results: list[tuple[str, MessageError]] = []
        count = 0
        try:
            root = self._envelope(feed)
            for message in root.iterfind("Message"):
                count += 1
                number = message.findtext("MessageID") or ""
                try:
                    self._message(feed["feedType"], number, message)
                except MessageError as error:
                    results.append((number, error))
        except MessageError as error:
            results.append(("0", error))
        feed["processingStatus"] = "DONE"
        report = _report(feed["feedId"], count, results)
        feed["resultFeedDocumentId"] = self._new_document("text/xml", report)["feedDocumentId"]

    def _envelope(self, feed: Obj) -> Any:
        try:
            root = etree.fromstring(feed["_content"], _PARSER)
        except etree.XMLSyntaxError as error:
            raise MessageError("5000", f"XML Parsing Error: {error}") from error
        if root.tag != "AmazonEnvelope" or root.findtext("MessageType") != KINDS[feed["feedType"]]:
            raise MessageError("5001", "the envelope's MessageType is not that of the feed")
        if root.findtext("Header/MerchantIdentifier") != self._seller_id:
            raise MessageError("5002", "the MerchantIdentifier is not the seller's")
        return root

    def _message(self, feed_type: str, number: str, message: Any) -> None:
        content = message.find(KINDS[feed_type])
        if content is None or not number.isdigit():
            raise MessageError("5003", "a message needs a MessageID and its content")
        order_id = content.findtext("AmazonOrderID") or ""
        order = self._orders.all.get(order_id)
        if order is None:
            raise MessageError("18027", f"order {order_id} is not known")
        if self._faults.strikes("feed_error", order_id):
            raise MessageError("8560", "We are unable to process this message: try again")
        work: Callable[[str, Obj, Any], None] = (
            self._acknowledge if feed_type == "POST_ORDER_ACKNOWLEDGEMENT_DATA" else self._adjust
        )
        work(number, order, content)

    def _acknowledge(self, number: str, order: Obj, content: Any) -> None:
        order_id, code = order["orderId"], content.findtext("StatusCode")
        if code == "Success":
            self._note("acknowledged", number, order_id, merchant_order=content.findtext("MerchantOrderID"))
            return
        if code != "Failure":
            raise MessageError("5000", f"StatusCode {code!r} is not Success or Failure")
        known = {item["orderItemId"]: item for item in order["orderItems"]}
        items = [item.findtext("AmazonOrderItemCode") for item in content.iterfind("Item")]
        reasons = {item.findtext("CancelReason") for item in content.iterfind("Item")}
        if not items or not set(items) <= known.keys() or not reasons <= CANCEL_REASONS:
            raise MessageError("18028", f"items {items} can't be cancelled for {reasons}")
        if order["fulfillment"]["fulfillmentStatus"] in {"SHIPPED", "CANCELLED"}:
            raise MessageError("18029", f"order {order_id} is {order['fulfillment']['fulfillmentStatus']}")
        units = {known[i]["product"]["sellerSku"]: known[i]["quantityOrdered"] for i in items if i}
        if self._note("told_cancelled", number, order_id, units=units):
            self._orders.cancel(order_id, "MERCHANT", ", ".join(map(str, reasons)), [i for i in items if i])

    def _adjust(self, number: str, order: Obj, content: Any) -> None:
        order_id, action = order["orderId"], content.findtext("ActionType")
        known = {item["orderItemId"]: item for item in order["orderItems"]}
        adjusted = list(content.iterfind("AdjustedItem"))
        if not adjusted or any(a.findtext("AmazonOrderItemCode") not in known for a in adjusted):
            raise MessageError("18030", "an adjusted item is not one of the order's")
        if action == "Cancel":
            units = {
                known[a.findtext("AmazonOrderItemCode")]["product"]["sellerSku"]: int(
                    a.findtext("QuantityCancelled")
                )
                for a in adjusted
            }
            self._note("told_cancelled", number, order_id, units=units)
            return
        self._refund(number, order, adjusted)

    def _refund(self, number: str, order: Obj, adjusted: list[Any]) -> None:
        amount, total = Decimal(0), order["proceeds"]["grandTotal"]
        for part in (c for item in adjusted for c in item.iterfind("ItemPriceAdjustments/Component/Amount")):
            if part.get("currency") != total["currencyCode"]:
                raise MessageError("18031", f"the currency is not {total['currencyCode']}")
            try:
                amount += Decimal(part.text or "")
            except InvalidOperation as error:
                raise MessageError("18032", f"{part.text!r} is no amount") from error
        before = self._refunded.get(order["orderId"], Decimal(0))
        if amount <= 0 or before + amount > Decimal(total["amount"]):
            raise MessageError("18033", f"{amount} is more than is left to refund")
        # An adjustment is done as often as it is sent: Amazon promises nothing else.
        self._refunded[order["orderId"]] = before + amount
        self._ledger.write("refunded_at_amazon", number, order=order["orderId"], amount=str(amount))

    def _note(self, kind: str, number: str, order_id: str, **facts: Any) -> bool:
        """Write what was done into the ledger, once for each message."""
        if number in self._seen:
            return False
        self._seen.add(number)
        self._ledger.write(kind, number, order=order_id, **facts)
        return True


def _shown(feed: Obj) -> Obj:
    return {name: value for name, value in feed.items() if not name.startswith("_")}


def _report(feed_id: str, count: int, results: list[tuple[str, MessageError]]) -> bytes:
    """Write a processing report (ProcessingReport.xsd): only what went wrong is listed."""
    root = etree.Element("AmazonEnvelope")
    header = etree.SubElement(root, "Header")
    etree.SubElement(header, "DocumentVersion").text = "1.02"
    etree.SubElement(root, "MessageType").text = "ProcessingReport"
    message = etree.SubElement(root, "Message")
    etree.SubElement(message, "MessageID").text = "1"
    report = etree.SubElement(message, "ProcessingReport")
    etree.SubElement(report, "DocumentTransactionID").text = feed_id
    etree.SubElement(report, "StatusCode").text = "Complete"
    summary = etree.SubElement(report, "ProcessingSummary")
    wrong = len(results)
    for name, how_many in (
        ("MessagesProcessed", count), ("MessagesSuccessful", max(count - wrong, 0)), ("MessagesWithError", wrong),
        ("MessagesWithWarning", 0),
    ):  # fmt: skip
        etree.SubElement(summary, name).text = str(how_many)
    for number, error in results:
        result = etree.SubElement(report, "Result")
        etree.SubElement(result, "MessageID").text = number
        etree.SubElement(result, "ResultCode").text = "Error"
        etree.SubElement(result, "ResultMessageCode").text = error.code
        etree.SubElement(result, "ResultDescription").text = error.reason
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
