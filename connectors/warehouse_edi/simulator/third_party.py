"""The 3PL: takes what it is told from its folder, works, and leaves what it says there; by SFTP or a folder."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from connectors.warehouse_edi.simulator.arrivals import Arrival
from connectors.warehouse_edi.simulator.options import Options
from connectors.warehouse_edi.simulator.papers import papers_of
from connectors.warehouse_edi.simulator.x12_in import Announced, Stop
from connectors.warehouse_edi.simulator.x12_out import Marks, Shipped
from core.premises.floor import Accepted, Floor, Job, Left, Pace, Plan, Refused, Status
from core.premises.orders import Order
from core.premises.shelves import Shelves
from core.premises.tracking import parcel_id, sscc, tracking_number
from core.premises.trader import Duties, Trader
from core.simulator import Workshop
from mappings.syntax.edi.counterpart import Counterpart
from mappings.syntax.edi.counterpart_shapes import Taken
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary

_SCAC = "UPSN"
_LACKING: Mapping[str, str] = {"SHORT": "DS", "ADDRESS": "ID", "OTHER": "CU"}
"""What becomes of a line that is refused, as X12 368."""


class ThirdParty:
    """Plays the partner. `step` does all that is due now, and is called by itself every `interval_s`."""

    def __init__(self, workshop: Workshop) -> None:
        self.options = Options.model_validate(dict(workshop.options))
        self.node = self.options.node or workshop.name
        self.site = self.options.site or self.node
        self.ledger, self._clock, self._faults = workshop.ledger, workshop.clock, workshop.faults
        options = self.options
        pace = Pace(options.answer_s, options.pick_s, options.gap_s, options.handover_s)
        self.shelves = Shelves(options.stock)
        self.floor = Floor(self.shelves, pace)
        self.counterpart = Counterpart(options.terms(), GrammarLibrary(GrammarFolders()))
        self._understood, self._papers = papers_of(options, self.site)
        duties = Duties(self._take, self._pick, self.send_stock_report)
        self._trader = Trader(workshop, options, self.counterpart, duties)
        self.root = self._trader.root
        self._plans: dict[str, Plan] = {}
        self._sku_plans: dict[str, Plan] = {}
        self._arrivals: dict[str, tuple[Arrival, ...]] = {}
        self._count: Counter[str] = Counter()

    # --- serving -----------------------------------------------------------------------------------------------

    async def start(self) -> dict[str, Any]:
        """Open the doors, begin to work, and return the connector's settings."""
        return {**self._settings(), **await self._trader.start()}

    async def stop(self) -> None:
        """Close the doors and rest; everything stays as it is."""
        await self._trader.stop()

    def step(self) -> None:
        """Read what came, and do what is due."""
        self._trader.step()

    def _settings(self) -> dict[str, Any]:
        return {
            "node": self.node,
            "site": self.site,
            "depositor": "The hub's own shop",
            "partner": self.options.partner(),
        }

    # --- what people in a demo or a test may wish -----------------------------------------------------------------

    def plan(self, reference: str, plan: Plan) -> None:
        """Decide beforehand what becomes of the releases of a customer reference."""
        self._plans[reference] = plan

    def plan_sku(self, sku: str, plan: Plan) -> None:
        """Decide beforehand what becomes of releases that hold a SKU, unless their reference has a plan."""
        self._sku_plans[sku] = plan

    def plan_arrivals(self, number: str, *arrivals: Arrival) -> None:
        """Decide beforehand what comes of an announcement, one after the other; usually all of it comes, sound."""
        self._arrivals[number] = arrivals

    def put_stock(self, sku: str, quantity: int) -> None:
        """Set what lies on the shelf."""
        self.shelves.put(sku, quantity)

    def send_stock_report(self) -> None:
        """Count, and send the figures."""
        self._pick(self._clock.now())  # the figures are those of now
        now, number, basis = self._clock.now(), self._next("IA"), self.options.basis
        figures = self.shelves.figures(basis)
        self.ledger.write("stock_report", number, basis=basis, as_of=now.isoformat(), figures=figures)
        self._trader.say(number, self._papers.stock_report(number, figures, basis, now))

    def adjust(self, sku: str, quantity: int, reason: str = "AA") -> str:
        """Find so many units more, or fewer, than the books say, and tell it; return the adjustment's number.

        `reason` is X12 181: AA for a count.
        """
        self._pick(self._clock.now())  # what left by now left before
        lies = self.shelves.on_hand.get(sku, 0)
        if lies + quantity < 0:
            raise ValueError(f"{-quantity} of {sku} can't be gone: only {lies} lie there")
        number, now = self._next("AD"), self._clock.now()
        said = self._papers.adjustment(number, sku, quantity, reason, now)
        self.shelves.add({sku: quantity})
        self.ledger.write("adjusted", number, sku=sku, quantity=quantity, reason=reason)
        self._trader.say(number, said)
        return number

    def send_return(self, release_id: str, lines: Mapping[str, int], *, damaged: bool = False) -> str:
        """Receive goods of a release back; return the receipt's number."""
        return_id = self._next("RC")
        if not damaged:
            self.shelves.add(lines)
        self.ledger.write("returned", return_id, release=release_id, lines=dict(lines), damaged=damaged)
        broken: Mapping[str, int] = lines if damaged else {}
        body = self._papers.receipt(return_id, release_id, lines, self._clock.now(), broken)
        self._trader.say(release_id, body)
        return return_id

    def receive(self, number: str, lines: Mapping[str, int], damaged: Mapping[str, int] | None = None) -> str:
        """Receive goods that were announced, some of them damaged; return the receipt's number."""
        receipt_id, now, broken = self._next("RE"), self._clock.now(), damaged or {}
        self.shelves.add({sku: units - broken.get(sku, 0) for sku, units in lines.items()})
        self.ledger.write("received", receipt_id, inbound=number, lines=dict(lines), damaged=dict(broken))
        self._trader.say(number, self._papers.receipt(receipt_id, number, lines, now, broken))
        return receipt_id

    def releases_of(self, reference: str) -> tuple[str, ...]:
        """Return the ids of the releases that came with a customer reference."""
        jobs = self.floor.jobs.values()
        return tuple(job.order.release_id for job in jobs if job.order.reference == reference)

    # --- work ---------------------------------------------------------------------------------------------------

    def _take(self, taken: Taken) -> None:
        found = self._understood(taken)
        match found:
            case Stop():
                self._asked_to_stop(found)
            case Announced():
                self._announced(found)
            case _:
                self._received(found)

    def _announced(self, announced: Announced) -> None:
        """Expect goods, and say later that they came; what is for another site never comes here."""
        number = announced.number
        if any(entry["key"] == number for entry in self.ledger.of("announced")):
            self.ledger.write("announced_again", number)
            return
        self.ledger.write("announced", number, site=announced.site, lines=dict(announced.lines))
        if announced.site == self.site:
            arrivals = self._arrivals.get(number, (Arrival(announced.lines),))
            for n, arrival in enumerate(arrivals, start=1):
                self._trader.after(self.options.receive_s * n, partial(self._arrived, number, arrival))

    def _arrived(self, number: str, arrival: Arrival) -> None:
        self.receive(number, arrival.lines, arrival.damaged)

    def _received(self, order: Order) -> None:
        known = self.floor.jobs.get(order.release_id)
        if known is not None:
            same = known.order.digest == order.digest
            self.ledger.write(
                "repeated" if same else "duplicate_release", order.release_id, control=order.file
            )
            return
        self.ledger.write("released", order.release_id, reference=order.reference, lines=dict(order.lines))
        by_sku = (self._sku_plans[sku] for sku in order.lines if sku in self._sku_plans)
        plan = self._plans.get(order.reference, next(by_sku, Plan()))
        if order.site != self.site:
            plan = replace(plan, refuse="OTHER")
        self.floor.begin(order, plan, self._clock.now())

    def _asked_to_stop(self, stop: Stop) -> None:
        """Stop a release, if there is time; if there is none, its shipping advice will say so."""
        job, now = self.floor.jobs.get(stop.release_id), self._clock.now()
        if job is None or job.status is Status.CANCELLED or not self.floor.can_stop(job, now):
            self.ledger.write("cancel_refused", stop.release_id)
            return
        self.floor.stop(job)
        self.ledger.write("cancelled", stop.release_id)
        lines = [Shipped(sku, "CU", units, 0) for sku, units in job.unsent().items() if units]
        self._advise(job, stop.release_id, lines, now, status="F")

    def _pick(self, now: datetime) -> None:
        for happened in self.floor.work(now):
            match happened:
                case Accepted(job=job):
                    self.ledger.write("accepted", job.order.release_id)
                case Refused():
                    self._refused(happened)
                case Left(job=job):
                    self._sent(job, happened)

    def _refused(self, refused: Refused) -> None:
        """Say how many units of each line are not sent; what is there is cancelled with what is short."""
        release_id, short = refused.job.order.release_id, refused.skus
        self.ledger.write("refused", release_id, reason=refused.code, skus=list(short))
        lines = [
            Shipped(sku, _LACKING[refused.code if sku in short or not short else "OTHER"], units, 0)
            for sku, units in refused.lines.items()
        ]
        self._advise(refused.job, f"{release_id}-X", lines, refused.at)

    def _sent(self, job: Job, left: Left) -> None:
        release_id, lines = job.order.release_id, left.parcel.lines
        shipment = parcel_id(release_id, left.parcel.number)
        label = job.order.labels[left.parcel.number - 1] if job.order.labels else None
        number = label.tracking_number if label else tracking_number(shipment)
        marks = Marks(sscc(shipment) if self.options.marks_parcels else "", number)
        named = marks.sscc or shipment
        self.ledger.write("shipped", release_id, shipment=named, lines=dict(lines), tracking_number=number)
        ordered = job.order.lines
        said = [
            Shipped(sku, "CC" if n == ordered[sku] else "BP", ordered[sku], n) for sku, n in lines.items()
        ]
        self._advise(job, shipment, said, left.at, marks=marks, scac=_SCAC)

    def _advise(self, job: Job, shipment: str, lines: list[Shipped], at: datetime, **more: Any) -> None:
        release_id = job.order.release_id
        self._trader.say(release_id, self._papers.shipping_advice(release_id, shipment, lines, at, **more))

    def _next(self, kind: str) -> str:
        self._count[kind] += 1
        return f"{kind}{self._count[kind]:05d}"
