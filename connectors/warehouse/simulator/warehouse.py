"""The warehouse: takes releases and cancellations from its folder, works, and sends papers; by SFTP or a folder."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.warehouse.simulator import outgoing, papers
from connectors.warehouse.simulator.inbox import Inbox, Malformed, Stop
from connectors.warehouse.simulator.options import Options
from core.premises.floor import Accepted, Floor, Job, Left, Pace, Plan, Refused, Status
from core.premises.orders import Order
from core.premises.place import Premises
from core.premises.shelves import Shelves
from core.premises.shift import Shift
from core.premises.tracking import parcel_id, tracking_number
from core.simulator import Workshop


class Warehouse:
    """Plays the partner. `step` does all that is due now, and is called by itself every `interval_s`."""

    def __init__(self, workshop: Workshop) -> None:
        self.options = Options.model_validate(dict(workshop.options))
        self.node = self.options.node or workshop.name
        self.site = self.options.site or self.node
        self.ledger, self.faults = workshop.ledger, workshop.faults
        self._clock, self._workshop = workshop.clock, workshop
        self.root = workshop.folder / "files"
        self.shelves = Shelves(self.options.stock)
        options = self.options
        pace = Pace(options.answer_s, options.pick_s, options.gap_s, options.handover_s)
        self.floor = Floor(self.shelves, pace)
        self._inbox = Inbox(self.root / "out")
        self._outgoing = outgoing.Outgoing(self.root / "in", self.faults, options.resend_s)
        self._plans: dict[str, Plan] = {}
        self._sku_plans: dict[str, Plan] = {}
        self._reports = 0
        self._late: list[bytes] = []
        self._returns = 0
        self._premises = Premises(workshop, self.options, self.root)
        self._shift = Shift(
            workshop.clock, self.step, self.send_stock_report,
            interval_s=self.options.interval_s, report_every_s=self.options.report_every_s,
        )  # fmt: skip

    # --- serving -----------------------------------------------------------------------------------------------

    async def start(self) -> dict[str, Any]:
        """Open the doors, begin to work, and return the connector's settings."""
        self.root.mkdir(parents=True, exist_ok=True)
        self._inbox.prepare()
        self._outgoing.prepare()
        for name in ("errors", "archive"):
            (self.root / name).mkdir(exist_ok=True)
        transport = await self._premises.open()
        self._shift.begin(self._workshop.name)
        return self._settings(transport)

    async def stop(self) -> None:
        """Close the doors and rest; everything stays as it is."""
        await self._shift.end()
        await self._premises.close()

    def _settings(self, transport: dict[str, Any]) -> dict[str, Any]:
        names = {*self.faults.share, *self.faults.plan}
        return {
            "transport": transport,
            "node": self.node,
            "site": self.site,
            "folders": {"processed": ["out/processed", "out/rejected"]},
            "arrival": {"complete": "stable" if "half_written" in names else "renamed"},
            "poll_interval_s": self.options.poll_interval_s,
        }

    # --- what people in a demo or a test may wish -----------------------------------------------------------------

    def plan(self, reference: str, plan: Plan) -> None:
        """Decide beforehand what becomes of the releases of a customer reference."""
        self._plans[reference] = plan

    def plan_sku(self, sku: str, plan: Plan) -> None:
        """Decide beforehand what becomes of releases that hold a SKU, unless their reference has a plan."""
        self._sku_plans[sku] = plan

    def put_stock(self, sku: str, quantity: int) -> None:
        """Set what lies on the shelf."""
        self.shelves.put(sku, quantity)

    def send_stock_report(self) -> str:
        """Count, and send the figures; return the file's name, or nothing when the report is late."""
        self.step()  # the figures are those of now
        self._reports += 1
        key = f"stock-{self._reports}"
        now, basis = self._clock.now(), self.options.basis
        figures = self.shelves.figures(basis)
        self.ledger.write("stock_report", key, basis=basis, as_of=now.isoformat(), figures=figures)
        body = papers.stock_report(self.site, basis, now, figures)
        if self.faults.strikes("late_stock", key):
            self._late.append(body)
            return ""
        name = self._outgoing.put("stock", body, now, ".csv", key)
        for late in self._late:
            self._outgoing.put("stock", late, now, ".csv")
        self._late = []
        return name

    def send_return(self, release_id: str, lines: Mapping[str, int], condition: str = "A") -> str:
        """Receive goods of a release back in a condition (A, B or D); return the receipt's id."""
        job = self.floor.jobs[release_id]
        self._returns += 1
        return_id = f"{release_id}-ret{self._returns}"
        if condition != "D":
            self.shelves.add(lines)
        now = self._clock.now()
        self.ledger.write("returned", return_id, release=release_id, lines=dict(lines), condition=condition)
        paper = papers.Receipt(return_id, release_id, self.site, now, condition, dict(lines))
        self._outgoing.give(paper, job.order.reference, now)
        return return_id

    def releases_of(self, reference: str) -> tuple[str, ...]:
        """Return the ids of the releases that came with a customer reference."""
        return tuple(
            job.order.release_id for job in self.floor.jobs.values() if job.order.reference == reference
        )

    # --- work ---------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Read what came, do what is due, and send what is ready."""
        now = self._clock.now()
        for found in self._inbox.take():
            match found:
                case Order():
                    self._received(found)
                case Stop():
                    self._asked_to_stop(found)
                case Malformed():
                    self._could_not_read(found)
        for happened in self.floor.work(now):
            self._happened(happened)
        self._outgoing.flush(now)

    def _received(self, order: Order) -> None:
        known = self.floor.jobs.get(order.release_id)
        if known is not None and known.order.digest == order.digest:
            self.ledger.write("repeated", order.release_id, file=order.file)
            return
        if known is not None:
            self.ledger.write("duplicate_release", order.release_id, file=order.file)
            self._answer(order.release_id, order.reference, "ERR", "CONFLICT", "this id is another release's")
            return
        self.ledger.write(
            "released", order.release_id, reference=order.reference, lines=dict(order.lines), file=order.file
        )
        plan = self._plan_for(order)
        if order.site != self.site:
            plan = replace(plan, refuse="OTHER")
        self.floor.begin(order, plan, self._clock.now())

    def _plan_for(self, order: Order) -> Plan:
        by_sku = next((self._sku_plans[sku] for sku in order.lines if sku in self._sku_plans), Plan())
        plan = self._plans.get(order.reference, by_sku)
        if self.faults.strikes("refusal", order.reference):
            plan = replace(plan, refuse="OTHER")
        if self.faults.strikes("partial", order.reference):
            plan = replace(plan, parcels=2)
        if self.faults.strikes("short", order.reference):
            plan = replace(plan, short={next(iter(order.lines)): 1})
        return plan

    def _asked_to_stop(self, stop: Stop) -> None:
        job = self.floor.jobs.get(stop.release_id)
        if job is None:
            self.ledger.write("cancel_refused", stop.release_id, reason="UNKNOWN", file=stop.file)
            self._answer(stop.release_id, "", "NCN", "UNKNOWN", "there is no such release")
            return
        reference = job.order.reference
        if job.status in {Status.CANCELLED, Status.REFUSED}:
            self.ledger.write("repeated", stop.release_id, file=stop.file)
            self._answer(stop.release_id, reference, "CAN")
        elif self.floor.can_stop(job, self._clock.now()):
            self.floor.stop(job)
            self.ledger.write("cancelled", stop.release_id, file=stop.file)
            self._answer(stop.release_id, reference, "CAN")
        else:
            self.ledger.write("cancel_refused", stop.release_id, reason="LATE", file=stop.file)
            self._answer(stop.release_id, reference, "NCN", "LATE", "it is picked already")

    def _could_not_read(self, found: Malformed) -> None:
        self.ledger.write("malformed", found.file, reason=found.reason)
        if found.release_id is not None and found.release_id not in self.floor.jobs:
            self._answer(found.release_id, "", "REJ", "FORMAT", found.reason)

    def _happened(self, happened: Accepted | Refused | Left) -> None:
        job = happened.job
        release_id, reference = job.order.release_id, job.order.reference
        match happened:
            case Accepted():
                self.ledger.write("accepted", release_id)
                self._answer(release_id, reference, "ACC", at=happened.at)
            case Refused(code=code, skus=skus):
                self.ledger.write("refused", release_id, reason=code, skus=list(skus))
                lines = {} if happened.whole else happened.lines
                self._answer(release_id, reference, "REJ", code, skus=skus, lines=lines, at=happened.at)
            case Left():
                self._sent(job, happened)

    def _sent(self, job: Job, left: Left) -> None:
        release_id, now = job.order.release_id, self._clock.now()
        shipment_id = parcel_id(release_id, left.parcel.number)
        lines = dict(left.parcel.lines)
        carrier, number = self.options.carrier, tracking_number(shipment_id)
        if job.order.labels:
            label = job.order.labels[left.parcel.number - 1]
            carrier, number = label.carrier, label.tracking_number
        self.ledger.write("shipped", release_id, shipment=shipment_id, lines=lines, tracking_number=number)
        paper = papers.Dispatch(release_id, shipment_id, left.at, carrier, number, lines)
        self._outgoing.give(paper, job.order.reference, now)

    def _answer(
        self, release_id: str, reference: str, outcome: str, code: str | None = None, reason: str = "",
        *, skus: tuple[str, ...] = (), lines: Mapping[str, int] | None = None, at: datetime | None = None,
    ) -> None:  # fmt: skip
        now = self._clock.now()
        paper = papers.Answer(release_id, at or now, outcome, code, reason, skus, lines or {})
        self._outgoing.give(paper, reference, now)
