"""Shipments: rates, labels, refunds, scan forms (docs.easypost.com/docs/shipments)."""

from decimal import Decimal
from typing import Any

from connectors.easypost.simulator.books import Books, Obj
from connectors.easypost.simulator.labels import label_file
from connectors.easypost.simulator.parcels import Parcels
from connectors.easypost.simulator.problems import unprocessable
from connectors.easypost.simulator.wire import section, sections
from core.simulator import Faults, Ledger

SERVICES: tuple[tuple[str, str, str, str, int | None], ...] = (
    ("DHLPaket", "Paket", "4.90", "0.60", 2),
    ("DHLPaket", "Express", "13.50", "1.20", 1),
    ("GLS", "BusinessParcel", "4.40", "0.90", 3),
    ("Hermes", "Paket", "4.60", "0.75", None),
)
"""Carrier, service, price, price for each further kilogram, days."""
_GRAMS_PER_OUNCE = Decimal("28.349523125")
_FORMATS = ("PNG", "PDF", "ZPL", "EPL2")
_ADDRESS = ("street1", "city", "zip", "country")
_HEAVIEST_KG = 70


class Shipments:
    """Makes, sells and takes back. Each effect is written into the ledger as it happens."""

    def __init__(self, books: Books, parcels: Parcels, ledger: Ledger, faults: Faults, currency: str) -> None:
        self._books, self._parcels, self._ledger, self._faults = books, parcels, ledger, faults
        self._currency = currency
        self.url = ""
        """Where label files are had."""

    def create(self, body: Obj) -> Obj:
        """Rate a shipment; nothing is bought."""
        wanted = _needed(body, "shipment")
        for name in ("to_address", "from_address"):
            _checked_address(section(wanted, name), name)
        weight = section(wanted, "parcel").get("weight")
        if not isinstance(weight, int | float) or isinstance(weight, bool) or weight <= 0:
            raise unprocessable("PARCEL.WEIGHT.INVALID", "parcel.weight must be a number of ounces above 0")
        options = dict(section(wanted, "options"))
        if options.get("label_format", "PNG") not in _FORMATS:
            raise unprocessable("SHIPMENT.INVALID_PARAMS", "label_format is not supported")
        now, shipment_id = self._books.now(), self._books.new_id("shp")
        shipment: Obj = {
            "id": shipment_id, "object": "Shipment", "created_at": now, "updated_at": now, "mode": "test",
            "is_return": bool(wanted.get("is_return")), "messages": [], "options": options,
            "reference": wanted.get("reference"), "status": "unknown", "tracking_code": None,
            "to_address": wanted["to_address"], "from_address": wanted["from_address"],
            "buyer_address": wanted["to_address"], "return_address": wanted["from_address"],
            "parcel": {"object": "Parcel", **wanted["parcel"]}, "customs_info": wanted.get("customs_info"),
            "postage_label": None, "selected_rate": None, "tracker": None, "refund_status": None,
            "scan_form": None, "insurance": None, "order_id": None, "batch_id": None, "forms": [], "fees": [],
        }  # fmt: skip
        self._books.shipments[shipment_id] = shipment
        self._rate(shipment)
        return shipment

    def rerate(self, shipment_id: str, _: Obj) -> Obj:
        """Rate again."""
        shipment = self._books.find(self._books.shipments, shipment_id)
        self._rate(shipment)
        return shipment

    def buy(self, shipment_id: str, body: Obj) -> Obj:
        """Sell a label; a shipment has one."""
        shipment = self._books.find(self._books.shipments, shipment_id)
        if shipment["postage_label"] is not None:
            raise unprocessable("SHIPMENT.POSTAGE.EXISTS", "Postage already exists for this shipment.")
        wanted = section(body, "rate").get("id")
        rate = next((one for one in shipment["rates"] if one["id"] == wanted), None)
        if rate is None:
            raise unprocessable("SHIPMENT.RATE.UNAVAILABLE", "The rate is not one of this shipment's.")
        number = self._books.new_number()
        shipment |= {
            "selected_rate": rate, "tracking_code": number, "status": "unknown",
            "tracker": self._parcels.new_tracker(number, rate["carrier"], shipment),
            "postage_label": self._label(shipment, number),
        }  # fmt: skip
        self._touch(shipment)
        self._ledger.write(
            "label_bought", shipment["id"], reference=shipment["reference"], order=_order(shipment),
            tracking=number, carrier=rate["carrier"], service=rate["service"], rate=rate["rate"],
            currency=rate["currency"], is_return=shipment["is_return"],
        )  # fmt: skip
        return shipment

    def refund(self, shipment_id: str, _: Obj) -> Obj:
        """Take a label back, if no carrier has scanned it."""
        shipment = self._books.find(self._books.shipments, shipment_id)
        if shipment["postage_label"] is None:
            raise unprocessable("SHIPMENT.REFUND.UNAVAILABLE", "There is no postage to refund.")
        if shipment["refund_status"] is not None:
            raise unprocessable("SHIPMENT.REFUND.UNAVAILABLE", "A refund was requested already.")
        scanned = self._parcels.is_scanned(shipment["tracking_code"])
        shipment["refund_status"] = "rejected" if scanned else "submitted"
        self._touch(shipment)
        self._ledger.write(
            "label_kept" if scanned else "label_voided", shipment["id"], reference=shipment["reference"],
            order=_order(shipment), tracking=shipment["tracking_code"],
        )  # fmt: skip
        return shipment

    def scan_form(self, body: Obj) -> Obj:
        """Put labels that are bought on a manifest; a label is on one."""
        named = sections(_needed(body, "scan_form"), "shipments", "shipment")
        found = [self._books.find(self._books.shipments, str(one.get("id"))) for one in named]
        if not found or any(one["postage_label"] is None or one["scan_form"] is not None for one in found):
            raise unprocessable("SCAN_FORM.INVALID_SHIPMENTS", "Shipments need postage, and no scan form.")
        now, form_id = self._books.now(), self._books.new_id("sf")
        form: Obj = {
            "id": form_id, "object": "ScanForm", "created_at": now, "updated_at": now, "status": "created",
            "tracking_codes": [one["tracking_code"] for one in found], "message": None,
            "address": found[0]["from_address"], "form_url": f"{self.url}/files/{form_id}.pdf",
            "form_file_type": None, "batch_id": None, "confirmation": None,
        }  # fmt: skip
        self._books.files[f"{form_id}.pdf"] = label_file("PDF", form_id)
        self._books.scan_forms[form_id] = form
        for shipment in found:
            shipment["scan_form"] = form
        self._ledger.write("manifested", form_id, references=[one["reference"] for one in found])
        return form

    def _rate(self, shipment: Obj) -> None:
        grams = Decimal(str(shipment["parcel"]["weight"])) * _GRAMS_PER_OUNCE
        kilograms = int(grams / 1000)
        now = self._books.now()
        none = self._faults.strikes("no_rates", f"create {shipment['reference']}")
        if none or kilograms > _HEAVIEST_KG:
            shipment["rates"] = []
            shipment["messages"] = [
                {"carrier": carrier, "carrier_account_id": "ca_simulated", "type": "rate_error",
                 "message": "Unable to retrieve rates"}
                for carrier in sorted({service[0] for service in SERVICES})
            ]  # fmt: skip
            return
        shipment["messages"] = []
        shipment["rates"] = [
            {
                "id": self._books.new_id("rate"), "object": "Rate", "created_at": now, "updated_at": now,
                "mode": "test", "service": service, "carrier": carrier,
                "rate": str(Decimal(price) + Decimal(further) * kilograms), "currency": self._currency,
                "delivery_days": days, "est_delivery_days": days, "delivery_date": None,
                "delivery_date_guaranteed": False, "shipment_id": shipment["id"],
                "carrier_account_id": "ca_simulated",
            }
            for carrier, service, price, further, days in SERVICES
        ]  # fmt: skip

    def _label(self, shipment: Obj, number: str) -> Obj:
        wanted, now = shipment["options"].get("label_format", "PNG"), self._books.now()
        label_id = self._books.new_id("pl")
        name = f"{label_id}.{wanted.lower()}"
        self._books.files[name] = label_file(wanted, number)
        url = f"{self.url}/files/{name}"
        urls = {f"label_{known.lower()}_url": url if known == wanted else None for known in _FORMATS[1:]}
        return {
            "id": label_id, "object": "PostageLabel", "created_at": now, "updated_at": now, "label_date": now,
            "label_size": "4x6", "label_type": "default", "label_resolution": 300, "integrated_form": "none",
            "date_advance": 0, "label_file_type": self._books.files[name][1], "label_url": url, **urls,
            "label_file": None,
        }  # fmt: skip

    def _touch(self, shipment: Obj) -> None:
        shipment["updated_at"] = self._books.now()


def _order(shipment: Obj) -> str | None:
    """Return what is printed on the label for the merchant: the customer's reference."""
    found: Any = shipment["options"].get("print_custom_1")
    return found if isinstance(found, str) else None


def _needed(body: Obj, name: str) -> Obj:
    if not isinstance(body.get(name), dict):
        raise unprocessable("PARAMETER.REQUIRED", f"Missing required parameter: {name}")
    return section(body, name)


def _checked_address(address: Obj, name: str) -> None:
    if any(not address.get(part) for part in _ADDRESS):
        raise unprocessable("SHIPMENT.INVALID_PARAMS", f"{name} needs {', '.join(_ADDRESS)}")
