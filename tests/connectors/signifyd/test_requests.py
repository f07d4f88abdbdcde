"""What Signifyd is sent."""

import json
from typing import Any

import pytest
from pydantic import SecretStr

from canonical.commands import Command, ReportToFraudGateway
from canonical.fraud import FraudReport
from canonical.money import Money
from canonical.parties import Parties
from canonical.payment import PaymentMethod, Tender
from connectors.signifyd.client import SignifydClient
from connectors.signifyd.gateway import SignifydFraudGateway, decision_path
from connectors.signifyd.settings import SignifydSettings
from core.clock import ManualClock
from core.errors import DocumentError, Problem, RejectedError
from core.ports import EffectContext, Outgoing
from tests.connectors.signifyd.stage import MAPPINGS
from tests.connectors.webstore.resources import NoMappings
from tests.contracts.building import NOON, a_context, somebody
from tests.contracts.fraud_gateway import CUPS, ORDER, REF, report, screen


def rendered(command: Command, context: EffectContext | None = None, **changes: Any) -> Outgoing:
    settings = SignifydSettings.model_validate({"api_key": SecretStr("aKeyOfNobodyAtAll00"), **changes})
    client = SignifydClient(settings, ManualClock(NOON))
    gateway = SignifydFraudGateway("signifyd", settings, client, MAPPINGS, lambda _: ())
    return gateway.render(command, context or a_context(ORDER))


def body(command: Command, context: EffectContext | None = None, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(rendered(command, context, **changes).body)
    return found


def test_a_sale_shows_the_order_as_it_is() -> None:
    assert rendered(screen()).target == "/v3/orders/events/sales"
    sale = body(screen())
    assert (sale["orderId"], sale["coverageRequests"], sale["decisionDelivery"]) == (REF, ["FRAUD"], "SYNC")
    purchase = sale["purchase"]
    assert (purchase["totalPrice"], purchase["currency"], purchase["totalShippingCost"]) == (44.8, "EUR", 4.9)
    assert purchase["products"] == [
        {"itemId": "CUP", "itemName": "A cup", "itemQuantity": 2, "itemPrice": 9.95},
        {"itemId": "POT", "itemName": "A pot", "itemQuantity": 1, "itemPrice": 20.0},
    ]
    (payment,) = sale["transactions"]
    assert (payment["transactionId"], payment["gateway"], payment["amount"]) == ("pi_1", "stripe", 44.8)
    assert (payment["gatewayStatusCode"], payment["paymentMethod"]) == ("SUCCESS", "CREDIT_CARD")


def test_a_sale_names_who_buys_who_pays_and_where_it_goes() -> None:
    parties = Parties(
        buyer=somebody(phone="+49 30 1"),
        ship_to=somebody(name="B. Friend", address_lines=("2 Side Street", "Flat 3"), company="Firm"),
        bill_to=somebody(name="C. Payer", city="Hamburg"),
    )
    sale = body(screen(), a_context(ORDER, parties))
    assert sale["purchase"]["confirmationPhone"] == "+49 30 1"
    (shipment,) = sale["purchase"]["shipments"]
    destination = shipment["destination"]
    assert (destination["fullName"], destination["organization"]) == ("B. Friend", "Firm")
    assert destination["address"]["unit"] == "Flat 3"
    details = sale["transactions"][0]["checkoutPaymentDetails"]
    assert (details["accountHolderName"], details["billingAddress"]["city"]) == ("C. Payer", "Hamburg")


def test_what_the_channel_was_paid_is_shown_too() -> None:
    prepaid = Tender(n=1, gateway="till", method=PaymentMethod.PREPAID, amount=Money.of("44.80", "EUR"))
    order = ORDER.replace(payment=ORDER.payment.replace(tenders=(prepaid,), entries=()))
    (payment,) = body(screen(), a_context(order))["transactions"]
    assert (payment["transactionId"], payment["gateway"], payment["amount"]) == ("till-1", "till", 44.8)


def test_the_settings_say_what_is_covered_and_how_it_is_paid() -> None:
    sale = body(screen(), coverage=["FRAUD", "INR"], decision="ASYNC_ONLY", paid_by="PAYPAL_ACCOUNT")
    assert (sale["coverageRequests"], sale["decisionDelivery"]) == (["FRAUD", "INR"], "ASYNC_ONLY")
    assert sale["transactions"][0]["paymentMethod"] == "PAYPAL_ACCOUNT"


def test_an_order_that_can_not_be_shown_is_refused_without_its_people() -> None:
    order = ORDER.replace(channel="c" * 150, channel_ref="r" * 150)
    with pytest.raises(RejectedError) as refused:
        rendered(screen(), a_context(order))
    assert refused.value.code == "order_id"
    said = str(refused.value)
    assert said.startswith(f"orderId: '{order.channel}:{order.channel_ref}' has 301 characters")
    assert "decide about this order by hand" in said
    assert "Customer" not in said


def test_a_document_that_can_not_be_written_is_refused() -> None:
    class Broken(NoMappings):
        def write(self, *_: object) -> bytes:
            raise DocumentError((Problem("a field is missing", field="orderId"),))

    settings = SignifydSettings(api_key=SecretStr("aKeyOfNobodyAtAll00"))
    client = SignifydClient(settings, ManualClock(NOON))
    gateway = SignifydFraudGateway("signifyd", settings, client, Broken(), lambda _: ())
    with pytest.raises(RejectedError, match="orderId"):
        gateway.render(screen(), a_context(ORDER))


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FraudReport.AUTHORISED, "SUCCESS"),
        (FraudReport.CAPTURED, "SUCCESS"),
        (FraudReport.VOIDED, "CANCELLED"),
    ],
)
def test_money_is_a_transaction(kind: FraudReport, status: str) -> None:
    assert rendered(report(kind)).target == "/v3/orders/events/transactions"
    assert body(report(kind)) == {
        "orderId": REF,
        "transactions": [
            {
                "transactionId": "pi_1", "gatewayStatusCode": status, "paymentMethod": "CREDIT_CARD",
                "amount": 44.8, "currency": "EUR",
            }
        ],
    }  # fmt: skip


def test_money_without_an_amount_is_refused() -> None:
    with pytest.raises(RejectedError, match="amount"):
        rendered(report(FraudReport.CAPTURED).replace(amount=None))


@pytest.mark.parametrize(("complete", "status"), [(False, "PARTIAL"), (True, "COMPLETE")])
def test_a_parcel_is_a_fulfillment(complete: bool, status: str) -> None:
    told = body(report(FraudReport.SHIPPED).replace(complete=complete))
    assert told["fulfillmentStatus"] == status
    (parcel,) = told["fulfillments"]
    assert parcel == {
        "shipmentId": "parcel-1", "shippedAt": NOON.isoformat(), "shipmentStatus": "IN_TRANSIT", "carrier": "DHL",
        "trackingNumbers": ["00340434161094042557"],
        "products": [{"itemId": "CUP", "itemName": "A cup", "itemQuantity": 2}],
    }  # fmt: skip


def test_a_parcel_without_a_tracking_number_has_none() -> None:
    parcel = ORDER.shipments[0].replace(tracking_number=None, carrier=None)
    told = body(report(FraudReport.SHIPPED), a_context(ORDER.replace(shipments=(parcel,))))
    assert {"trackingNumbers", "carrier"} & set(told["fulfillments"][0]) == set()


def test_a_cancellation_is_a_fulfillment_that_will_not_be() -> None:
    told = body(report(FraudReport.CANCELLED))
    assert told["fulfillmentStatus"] == "CANCELED"
    assert [one["shipmentId"] for one in told["fulfillments"]] == ["cancelled:1"]


def test_goods_that_came_back_are_a_return() -> None:
    assert rendered(report(FraudReport.RETURNED)).target == "/v3/orders/events/returns/records"
    told = body(report(FraudReport.RETURNED))
    assert (told["returnId"], told["returnedItems"][0]["reason"]) == ("berlin:rt-1", "OTHER")


def test_an_item_without_a_title_is_called_by_its_sku() -> None:
    stranger = CUPS[0].replace(line_id="9", sku="BOWL")
    wish: ReportToFraudGateway = report(FraudReport.CANCELLED).replace(lines=(stranger,))
    assert body(wish)["fulfillments"][0]["products"][0]["itemName"] == "BOWL"


def test_an_orders_name_is_safe_in_an_address() -> None:
    assert decision_path("web/store:W 1001?x") == "/v3/orders/web%2Fstore%3AW%201001%3Fx/decision"
