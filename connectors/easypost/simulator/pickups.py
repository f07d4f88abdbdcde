"""Pickups: a carrier comes for parcels (docs.easypost.com/docs/pickups)."""

from datetime import datetime

from connectors.easypost.simulator.books import Books, Obj
from connectors.easypost.simulator.problems import unprocessable
from connectors.easypost.simulator.wire import section
from core.simulator import Ledger


class Pickups:
    """Offers, books and calls off."""

    def __init__(self, books: Books, ledger: Ledger, currency: str) -> None:
        self._books, self._ledger, self._currency = books, ledger, currency

    def create(self, body: Obj) -> Obj:
        """Offer a collection; nobody comes yet."""
        wanted = section(body, "pickup")
        if not section(wanted, "address"):
            raise unprocessable("PARAMETER.REQUIRED", "Missing required parameter: address")
        times = [_moment(wanted.get(name)) for name in ("min_datetime", "max_datetime")]
        if times[0] > times[1]:
            raise unprocessable("PICKUP.INVALID_PARAMS", "min_datetime is later than max_datetime")
        shipment = self._books.find(self._books.shipments, str(section(wanted, "shipment").get("id")))
        if shipment["postage_label"] is None:
            raise unprocessable("PICKUP.INVALID_PARAMS", "The shipment has no postage.")
        now, pickup_id = self._books.now(), self._books.new_id("pickup")
        carrier = shipment["selected_rate"]["carrier"]
        pickup: Obj = {
            "id": pickup_id, "object": "Pickup", "created_at": now, "updated_at": now, "mode": "test",
            "status": "unknown", "reference": wanted.get("reference"), "min_datetime": wanted["min_datetime"],
            "max_datetime": wanted["max_datetime"], "is_account_address": False,
            "instructions": wanted.get("instructions"), "messages": [], "confirmation": None,
            "address": wanted["address"], "carrier_accounts": [],
            "pickup_rates": [
                {
                    "id": self._books.new_id("pickuprate"), "object": "PickupRate", "mode": "test",
                    "created_at": now, "updated_at": now, "service": service, "rate": rate,
                    "currency": self._currency, "carrier": carrier, "pickup_id": pickup_id,
                }
                for service, rate in (("SameDay", "4.50"), ("NextDay", "0.00"))
            ],
        }  # fmt: skip
        self._books.pickups[pickup_id] = pickup
        return pickup

    def buy(self, pickup_id: str, body: Obj) -> Obj:
        """Book an offer."""
        pickup = self._books.find(self._books.pickups, pickup_id)
        offers = [(rate["carrier"], rate["service"]) for rate in pickup["pickup_rates"]]
        if pickup["status"] != "unknown" or (body.get("carrier"), body.get("service")) not in offers:
            raise unprocessable("PICKUP.UNAVAILABLE", "The pickup is booked, or there is no such rate.")
        pickup |= {"status": "scheduled", "confirmation": f"WTC{len(self._books.pickups):08d}"}
        self._ledger.write("pickup_booked", pickup_id, reference=pickup["reference"])
        return pickup

    def cancel(self, pickup_id: str, _: Obj) -> Obj:
        """Call it off."""
        pickup = self._books.find(self._books.pickups, pickup_id)
        if pickup["status"] != "scheduled":
            raise unprocessable("PICKUP.UNAVAILABLE", "The pickup is not scheduled.")
        pickup["status"] = "canceled"
        self._ledger.write("pickup_cancelled", pickup_id, reference=pickup["reference"])
        return pickup


def _moment(text: object) -> datetime:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError as error:
        raise unprocessable("PICKUP.INVALID_PARAMS", "min_datetime and max_datetime are times") from error
