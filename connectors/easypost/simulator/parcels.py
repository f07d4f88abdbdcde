"""Where parcels are: trackers, and the scans that move them (docs.easypost.com/docs/trackers)."""

from collections.abc import Awaitable, Callable

from connectors.easypost.simulator.books import Books, Obj
from connectors.easypost.simulator.journeys import JOURNEYS, TEST_CODES, Journey, Scan
from connectors.easypost.simulator.problems import unprocessable
from connectors.easypost.simulator.wire import section
from core.simulator import Faults, Ledger

Later = Callable[[float, Callable[[], Awaitable[object]]], None]
Tell = Callable[[str, Obj, Obj], None]


class Parcels:
    """Follows parcels. A carrier scans what was handed over to it, every `scan_s`."""

    def __init__(
        self, books: Books, ledger: Ledger, faults: Faults, later: Later, tell: Tell, scan_s: float
    ) -> None:
        self._books, self._ledger, self._faults = books, ledger, faults
        self._later, self._tell, self._scan_s = later, tell, scan_s
        self._plans: dict[str, Journey] = {}
        self._handed_over: set[str] = set()
        self._orders: dict[str, str | None] = {}

    def plan(self, order: str, journey: Journey) -> None:
        """Decide beforehand what becomes of the parcels whose label has a customer's reference printed on it."""
        self._plans[order] = journey

    def new_tracker(self, number: str, carrier: str, shipment: Obj | None) -> Obj:
        """Follow a parcel from its label on."""
        now, tracker_id = self._books.now(), self._books.new_id("trk")
        tracker: Obj = {
            "id": tracker_id, "object": "Tracker", "mode": "test", "tracking_code": number, "status": "unknown",
            "status_detail": "unknown", "created_at": now, "updated_at": now, "signed_by": None, "weight": None,
            "est_delivery_date": None, "shipment_id": shipment["id"] if shipment else None, "carrier": carrier,
            "tracking_details": [], "carrier_detail": None, "finalized": False,
            "is_return": bool(shipment and shipment["is_return"]),
            "public_url": f"https://track.example.com/{tracker_id}",
        }  # fmt: skip
        self._books.trackers[tracker_id] = tracker
        printed = shipment["options"].get("print_custom_1") if shipment else None
        self._orders[number] = printed if isinstance(printed, str) else None
        self._tell("tracker.created", tracker, {})
        return tracker

    def create(self, body: Obj) -> Obj:
        """Follow a parcel by its number alone; the numbers of the test mode stand where they say."""
        wanted = section(body, "tracker")
        number = wanted.get("tracking_code")
        if not isinstance(number, str) or not number:
            raise unprocessable("PARAMETER.REQUIRED", "Missing required parameter: tracking_code")
        tracker = self.new_tracker(number, str(wanted.get("carrier") or "USPS"), None)
        if number in TEST_CODES and TEST_CODES[number][0] != "unknown":
            self._scanned(tracker, TEST_CODES[number])
        return tracker

    def is_scanned(self, number: str) -> bool:
        """Say whether a carrier has seen a parcel."""
        return bool(self._of(number)["tracking_details"])

    def hand_over(self, number: str) -> bool:
        """Let the carrier have a parcel, from which on it is scanned; False for a number that is not known here."""
        if number not in self._orders or number in self._handed_over:
            return number in self._orders
        self._handed_over.add(number)
        order = self._orders[number]
        journey = self._plans.get(order or "", JOURNEYS["delivered"])
        self._ledger.write("handed_over", self._of(number)["id"], tracking=number, order=order)
        self._go_on(number, journey.scans)
        return True

    def scan(self, number: str, scan: Scan) -> None:
        """Scan a parcel by hand."""
        self._scanned(self._of(number), scan)

    def _of(self, number: str) -> Obj:
        return next(one for one in reversed(self._books.trackers.values()) if one["tracking_code"] == number)

    def _go_on(self, number: str, scans: tuple[Scan, ...]) -> None:
        if not scans:
            return

        async def scanned() -> None:
            self._scanned(self._of(number), scans[0])
            self._go_on(number, scans[1:])

        self._later(self._scan_s, scanned)

    def _scanned(self, tracker: Obj, scan: Scan) -> None:
        status, detail = scan
        now, before = self._books.now(), {"status": tracker["status"]}
        place = {
            "object": "TrackingLocation",
            "city": "LEIPZIG",
            "state": None,
            "country": "DE",
            "zip": "04103",
        }
        seen: Obj = {
            "object": "TrackingDetail", "message": detail.replace("_", " ").capitalize(), "description": None,
            "status": status, "status_detail": detail, "datetime": now, "source": tracker["carrier"],
            "carrier_code": None, "tracking_location": place, "est_delivery_date": None,
        }  # fmt: skip
        tracker["tracking_details"] = [*tracker["tracking_details"], seen]
        tracker |= {"status": status, "status_detail": detail, "updated_at": now}
        number = tracker["tracking_code"]
        order = self._orders.get(number)
        self._ledger.write(
            "scanned", tracker["id"], tracking=number, order=order, status=status, detail=detail
        )
        if tracker["shipment_id"] is not None:
            self._books.shipments[tracker["shipment_id"]]["status"] = status
        self._tell("tracker.updated", tracker, before)
