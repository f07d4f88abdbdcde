"""What EasyPost is asked, byte for byte: its own units, our reference, and nothing that it need not know."""

import json
from dataclasses import replace
from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.commands import BookCollection, BookLabel, BookReturnLabel
from canonical.parcels import RateWish
from canonical.parties import Parties
from canonical.stock import Item
from connectors.easypost.requests import ounces, write_request
from connectors.easypost.settings import Box, Collections, EasyPostSettings
from core.errors import RejectedError
from core.ports import EffectContext
from tests.connectors.easypost.stage import API_KEY, SENDER, WEBHOOK_SECRET
from tests.contracts.building import a_context, somebody
from tests.contracts.courier_broker import BROKER, LINES, NODE, ORDER

CUP = Item(sku="CUP", title="A cup", weight_g=350, customs_code="691110")


def settings(**more: Any) -> EasyPostSettings:
    told = {"api_key": API_KEY, "webhook_secrets": [WEBHOOK_SECRET], "senders": {NODE: SENDER}}
    return EasyPostSettings.model_validate({**told, **more})


def context(country: str = "DE", *items: Item, **changes: Any) -> EffectContext:
    buyer = somebody(country=country, **changes)
    known = {item.sku: item for item in items or (CUP,)}
    return replace(a_context(ORDER, Parties(buyer=buyer, ship_to=buyer)), items=known)


def command(kind: type[BookLabel] = BookLabel, node: str = NODE) -> BookLabel:
    return kind(
        order_id=ORDER.id, connector=BROKER, key="label:p1:1", parcel_id="p1", release_id="r1", node=node, lines=LINES,
        wish=RateWish(), label_format="ZPL",
    )  # fmt: skip


def shipment(
    of: EffectContext | None = None, kind: type[BookLabel] = BookLabel, **more: Any
) -> dict[str, Any]:
    outgoing = write_request(command(kind), of or context(), settings(**more))
    assert outgoing.target == "/shipments"
    found: dict[str, Any] = json.loads(outgoing.body)["shipment"]
    return found


def test_a_shipment_says_who_what_and_under_which_reference() -> None:
    asked = shipment(packaging_g=150)
    assert asked["reference"] == "label:p1:1"
    assert asked["is_return"] is False
    assert asked["options"] == {"label_format": "ZPL", "print_custom_1": "W-1001"}
    assert asked["parcel"] == {"weight": 30.0}
    assert asked["from_address"] == SENDER
    assert asked["to_address"] == {
        "name": "A. Customer", "street1": "1 Example Street", "city": "Berlin", "zip": "10115", "country": "DE",
        "email": "a.customer@example.com",
    }  # fmt: skip
    assert "customs_info" not in asked
    assert "carrier_accounts" not in asked


def test_a_return_is_marked_and_leads_between_the_same_two() -> None:
    asked = shipment(kind=BookReturnLabel)
    assert asked["is_return"] is True
    assert asked["from_address"] == SENDER


def test_an_address_of_many_lines_fits_into_two() -> None:
    asked = shipment(context(address_lines=("House", "1 Street", "3rd floor"), region="BE", company="Ltd"))
    assert (asked["to_address"]["street1"], asked["to_address"]["street2"]) == (
        "House",
        "1 Street, 3rd floor",
    )
    assert (asked["to_address"]["state"], asked["to_address"]["company"]) == ("BE", "Ltd")


def test_the_box_is_told_in_inches_and_the_accounts_as_they_are() -> None:
    asked = shipment(box={"length_cm": 25.4, "width_cm": 10, "height_cm": 5}, carrier_accounts=["ca_1"])
    assert asked["parcel"] == {"weight": 24.7, "length": 10.0, "width": 4.0, "height": 2.0}
    assert asked["carrier_accounts"] == ["ca_1"]
    assert Box(length_cm=1, width_cm=1, height_cm=1).length_cm == 1


@given(st.integers(1, 100_000))
def test_a_weight_in_ounces_is_never_less_than_it_is_and_by_at_most_a_tenth_more(grams: int) -> None:
    told = ounces(grams)
    assert 0 <= told * 28.349523125 - grams < 2.8349523125 + 1e-6


@pytest.mark.parametrize(
    ("of", "more", "reason"),
    [
        (context("DE", Item(sku="CUP")), {}, "item CUP has no weight"),
        (context("DE", Item(sku="POT", weight_g=1)), {}, "set default_weight_g"),
        (context("CH"), {}, "set customs_signer"),
        (
            context("CH", Item(sku="CUP", weight_g=1)),
            {"customs_signer": "A. Clerk"},
            "CUP has no customs code",
        ),
        (context(address_lines=()), {}, "the address has no street"),
        (replace(context(), parties=None), {}, "erased"),
    ],
)
def test_what_can_not_be_sent_is_refused_with_the_way_out(
    of: EffectContext, more: dict[str, Any], reason: str
) -> None:
    with pytest.raises(RejectedError, match=reason) as refused:
        shipment(of, **more)
    assert refused.value.code


def test_a_node_without_an_address_is_refused_by_name() -> None:
    with pytest.raises(RejectedError, match=r"node leipzig has no address.*beside berlin"):
        write_request(command(node="leipzig"), context(), settings())


def test_an_item_without_a_weight_weighs_what_the_settings_say() -> None:
    assert shipment(context("DE", Item(sku="CUP")), default_weight_g=100)["parcel"]["weight"] == 7.1


def test_goods_that_cross_a_customs_border_are_declared() -> None:
    declared = shipment(context("CH"), customs_signer="A. Clerk")["customs_info"]
    assert declared["customs_signer"] == "A. Clerk"
    assert declared["contents_type"] == "merchandise"
    assert "eel_pfc" not in declared
    assert declared["customs_items"] == [
        {
            "description": "A cup", "quantity": 2, "weight": 24.7, "value": "19.90", "currency": "EUR",
            "hs_tariff_number": "691110", "origin_country": "DE", "code": "CUP",
        }
    ]  # fmt: skip
    assert "customs_info" not in shipment(context("FR"))
    american = {**SENDER, "country": "US", "state": "CA"}
    exported = shipment(context("DE"), kind=BookReturnLabel, customs_signer="A", senders={NODE: american})
    assert exported["customs_info"]["eel_pfc"] == "NOEEI 30.37(a)"
    assert exported["customs_info"]["contents_type"] == "returned_goods"


def test_a_collection_is_for_the_next_day_between_the_hours_of_the_nodes_zone() -> None:
    wish = BookCollection(
        order_id=ORDER.id, connector=BROKER, key="collection:p1", parcel_id="p1", node=NODE, reference="shp_1"
    )
    collections = Collections(
        zone="Europe/Berlin", earliest=time(8), latest=time(10, 30), instructions="Gate 2"
    )
    outgoing = write_request(wish, context(), settings(collections=collections))
    asked = json.loads(outgoing.body)["pickup"]
    assert outgoing.target == "/pickups"
    assert (asked["min_datetime"], asked["max_datetime"]) == ("2026-11-21T07:00:00Z", "2026-11-21T09:30:00Z")
    assert (asked["reference"], asked["shipment"]) == ("collection:p1", {"id": "shp_1"})
    assert asked["instructions"] == "Gate 2"
