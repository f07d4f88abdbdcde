"""The supplier: takes interchanges from its folder, works, and leaves its own there; by SFTP or a folder."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.dropship_edi.simulator import x12_out
from connectors.dropship_edi.simulator.books import (
    Books,
    Cancellation,
    Change,
    Job,
    Plan,
    Purchase,
    ReturnWish,
)
from connectors.dropship_edi.simulator.options import Options
from connectors.dropship_edi.simulator.x12_in import understood
from connectors.dropship_edi.simulator.x12_out import Package, Word
from core.premises.place import Premises
from core.premises.trays import InTray, OutTray
from core.simulator import Workshop
from mappings.syntax.edi.ack.composing import Body
from mappings.syntax.edi.counterpart import Counterpart
from mappings.syntax.edi.counterpart_shapes import Arrived, Taken
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary

_SCAC = "UPSN"
_A_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class _Due:
    """Something to be done at its time."""

    at: datetime
    work: Callable[[], None]


class Supplier:
    """Plays the partner. `step` does all that is due now, and is called by itself every `interval_s`."""

    def __init__(self, workshop: Workshop) -> None:
        self.options = Options.model_validate(dict(workshop.options))
        self.node = self.options.node or workshop.name
        self.ledger, self.faults = workshop.ledger, workshop.faults
        self._clock, self._workshop = workshop.clock, workshop
        self.root = workshop.folder / "files"
        self.books = Books(self.options.stock)
        self.counterpart = Counterpart(self.options.terms(), GrammarLibrary(GrammarFolders()))
        self._inbox = InTray(self.root / "out")
        self._outbox = OutTray(self.root / "in", self.faults)
        self._plans: dict[str, Plan] = {}
        self._sku_plans: dict[str, Plan] = {}
        self._due: list[_Due] = []
        self._changed: set[tuple[str, str]] = set()
        self._count: Counter[str] = Counter()
        self._premises = Premises(workshop, self.options, self.root)
        self._task: asyncio.Task[None] | None = None

    # --- serving -----------------------------------------------------------------------------------------------

    async def start(self) -> dict[str, Any]:
        """Open the doors, begin to work, and return the connector's settings."""
        self.root.mkdir(parents=True, exist_ok=True)
        self._inbox.prepare()
        self._outbox.prepare()
        for name in ("errors", "archive"):
            (self.root / name).mkdir(exist_ok=True)
        transport = await self._premises.open()
        self._task = asyncio.create_task(self._work(), name=f"simulator {self._workshop.name}")
        return self._settings(transport)

    async def stop(self) -> None:
        """Close the doors and rest; everything stays as it is."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self._premises.close()

    def _settings(self, transport: dict[str, Any]) -> dict[str, Any]:
        options, names = self.options, {*self.faults.share, *self.faults.plan}
        return {
            "transport": transport,
            "node": self.node,
            "buyer": "The hub's own shop",
            "currency": options.currency,
            "partner": {
                "standard": "x12",
                "version": options.version,
                "ours": {"qualifier": "ZZ", "id": options.buyers_id},
                "theirs": {"qualifier": "ZZ", "id": options.own_id},
                "acknowledge": "999" if options.acknowledges == "999" else "997",
                "expect_acknowledgement": options.acknowledges != "none",
            },
            "folders": {"processed": ["out/processed", "out/rejected"]},
            "arrival": {"complete": "stable" if "half_written" in names else "renamed"},
            "poll_interval_s": options.poll_interval_s,
        }

    # --- what people in a demo or a test may wish -----------------------------------------------------------------

    def plan(self, reference: str, plan: Plan) -> None:
        """Decide beforehand what becomes of the orders of a customer reference."""
        self._plans[reference] = plan

    def plan_sku(self, sku: str, plan: Plan) -> None:
        """Decide beforehand what becomes of orders that hold a SKU, unless their reference has a plan."""
        self._sku_plans[sku] = plan

    def answer(self, number: str, code: str, words: Sequence[tuple[str, str, int]] = ()) -> None:
        """Answer to an order by an 855: `words` are SKU, X12 668 and units."""
        purchase, now = self.books.jobs[number].purchase, self._clock.now()
        said = [Word(purchase.line(sku), status, units) for sku, status, units in words]
        self._say(number, x12_out.answer(purchase, code, said, now))
        self.ledger.write("answered", number, code=code, words=[list(word) for word in words])

    def answer_wish(self, number: str, purpose: str, code: str, sequence: str = "") -> None:
        """Answer to a change (04) or a cancellation (01) by an 865."""
        self._say(number, x12_out.change_answer(number, purpose, code, sequence, self._clock.now()))
        self.ledger.write("answered", number, code=f"{purpose} {code}", words=[])

    def ship(self, number: str, packages: Sequence[Mapping[str, int]]) -> None:
        """Send parcels, and tell of them in one ship notice."""
        job, now = self.books.jobs[number], self._clock.now()
        made: list[Package] = []
        for units in packages:
            job.parcels += 1
            self.books.ship(job, units)
            sscc = _sscc(f"{self.node} {number} {job.parcels}")
            made.append(Package(sscc, f"1Z{sscc[-16:]}", dict(units)))
            self.ledger.write(
                "shipped", number, shipment=sscc, tracking_number=made[-1].tracking_number, lines=dict(units),
                reference=job.purchase.customer_reference,
            )  # fmt: skip
        levels = self.options.parcels_in_levels
        notice = self._next("S")
        self._say(number, x12_out.ship_notice(job.purchase, notice, made, _SCAC, now, in_levels=levels))

    def charge(self, number: str, units: Mapping[str, int]) -> str:
        """Send an invoice, and return its number."""
        job, invoice = self.books.jobs[number], self._next("INV")
        prices = {line.sku: self._price(job, line.sku) for line in job.purchase.lines}
        self._say(
            number,
            x12_out.invoice(job.purchase, invoice, units, prices, self.options.currency, self._clock.now()),
        )
        reference = job.purchase.customer_reference
        self.ledger.write("invoiced", number, invoice=invoice, lines=dict(units), reference=reference)
        return invoice

    def take_back(self, number: str, return_id: str, authorisation: str | None) -> None:
        """Answer to the wish to send goods back."""
        now, reason = self._clock.now(), "past the time for returns"
        self._say(
            number, x12_out.return_answer(number, return_id, self._next("R"), authorisation, reason, now)
        )
        self.ledger.write("return_answered", number, return_id=return_id, authorisation=authorisation)

    def send_stock_report(self) -> None:
        """Count, and send the figures."""
        now, figures = self._clock.now(), {sku: self.books.available[sku] for sku in self.options.stock}
        number = self._next("IA")
        self.ledger.write("stock_report", number, as_of=now.isoformat(), figures=figures)
        self._say(number, x12_out.stock_report(number, figures, self.options.numbers, now))

    # --- work ---------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Read what came, do what is due, and finish what was half written."""
        for file in self._inbox.files():
            arrived = self.counterpart.receive(file.read_bytes(), self._clock.now())
            self._arrived(file.name, arrived)
            self._inbox.done(file, could_read=not arrived.problems)
        now = self._clock.now()
        self._outbox.finish()
        while due := [one for one in self._due if one.at <= now]:
            self._due = [one for one in self._due if one.at > now]
            for one in sorted(due, key=lambda one: one.at):
                one.work()

    async def _work(self) -> None:
        reported_at = self._clock.monotonic()
        while True:
            self.step()
            every_s = self.options.report_every_s
            if every_s is not None and self._clock.monotonic() - reported_at >= every_s:
                reported_at = self._clock.monotonic()
                self.send_stock_report()
            await self._clock.sleep(self.options.interval_s)

    def _arrived(self, name: str, arrived: Arrived) -> None:
        for problem in arrived.problems:
            self.ledger.write("interchange_refused", name, reason=problem)
        for control in arrived.repeated:
            self.ledger.write("interchange_repeated", control, file=name)
        for refused in arrived.refused:
            self.ledger.write(
                "set_refused", refused.control, type=refused.kind, reasons=list(refused.reasons)
            )
        for taken in arrived.sets:
            self._taken(taken)
        if arrived.reply and not self.faults.strikes("no_acknowledgement", name):
            self._write(arrived.reply, name)

    def _taken(self, taken: Taken) -> None:
        try:
            wish = understood(taken)
        except (ValueError, ArithmeticError) as error:
            self.ledger.write("not_understood", taken.control, type=taken.kind, reason=str(error))
            return
        match wish:
            case Purchase():
                self._ordered(wish)
            case Change():
                self._asked_to_change(wish)
            case Cancellation():
                self._asked_to_cancel(wish)
            case ReturnWish():
                self._asked_to_take_back(wish)

    def _ordered(self, purchase: Purchase) -> None:
        if purchase.number in self.books.jobs:
            self.ledger.write("duplicate_order", purchase.number)
            return
        lines = {line.sku: line.quantity for line in purchase.lines}
        self.ledger.write(
            "purchase_order", purchase.number, reference=purchase.customer_reference, lines=lines
        )
        job = self.books.open(purchase, self._plan_for(purchase))
        if self.options.by_hand or job.plan.silent:
            return
        answer_s, ship_s = self.options.answer_s, self.options.ship_s
        self._after(job.plan.answer_s or answer_s, lambda: self._decide(job))
        self._after(job.plan.ship_s or ship_s, lambda: self._send(job))
        self._after((job.plan.ship_s or ship_s) + _A_DAY_S, lambda: self._send_later(job))

    def _plan_for(self, purchase: Purchase) -> Plan:
        by_sku = (self._sku_plans[line.sku] for line in purchase.lines if line.sku in self._sku_plans)
        return self._plans.get(purchase.customer_reference, next(by_sku, Plan()))

    def _decide(self, job: Job) -> None:
        """Answer to an order: all of it, none of it, or line by line."""
        number, lines = job.purchase.number, job.purchase.lines
        if job.is_over:
            return
        if not +job.accepted:
            job.is_over = True
            self.answer(number, "RJ")
            return
        if all(job.accepted[line.sku] == line.quantity and not job.later[line.sku] for line in lines):
            self.answer(number, "AT")
            return
        words: list[tuple[str, str, int]] = []
        for line in lines:
            now, later = job.accepted[line.sku] - job.later[line.sku], job.later[line.sku]
            refused = line.quantity - now - later
            said = (("IA", now), ("IB", later), ("IR", refused))
            words += [(line.sku, status, units) for status, units in said if units]
        self.answer(number, "AC", words)

    def _send(self, job: Job) -> None:
        units = +job.open()
        if job.is_over or not units:
            return
        packages = _packed(units, job.plan.parcels)
        self.ship(job.purchase.number, packages)
        shipped = dict(units)
        self._after(self.options.charge_s, lambda: self._charge(job, shipped))

    def _send_later(self, job: Job) -> None:
        job.later.clear()
        self._send(job)

    def _charge(self, job: Job, units: Mapping[str, int]) -> None:
        self.charge(job.purchase.number, units)

    def _price(self, job: Job, sku: str) -> Decimal:
        agreed = self.options.costs.get(sku) or job.purchase.line(sku).cost or Decimal(0)
        return Decimal(agreed) + job.plan.dearer

    def _asked_to_change(self, change: Change) -> None:
        key = (change.number, change.sequence)
        if key in self._changed:
            self.ledger.write("repeated", change.number, sequence=change.sequence)
            return
        self._changed.add(key)
        self.ledger.write("change_asked", change.number, sequence=change.sequence, left=dict(change.left))
        if self.options.by_hand:
            return
        job = self.books.jobs.get(change.number)
        agreed = job is not None and self.books.reduce(job, change.left)
        self.answer_wish(change.number, "04", "AT" if agreed else "RJ", change.sequence)

    def _asked_to_cancel(self, wish: Cancellation) -> None:
        self.ledger.write("cancel_asked", wish.number)
        if self.options.by_hand:
            return
        job = self.books.jobs.get(wish.number)
        agreed = job is not None and self.books.stop(job)
        if agreed:
            self.ledger.write("cancelled", wish.number)
        self.answer_wish(wish.number, "01", "AT" if agreed else "RJ")

    def _asked_to_take_back(self, wish: ReturnWish) -> None:
        self.ledger.write("return_asked", wish.number, return_id=wish.return_id, lines=dict(wish.lines))
        if self.options.by_hand:
            return
        job = self.books.jobs.get(wish.number)
        sent = job is not None and all(job.shipped[sku] >= units for sku, units in wish.lines.items())
        self.take_back(wish.number, wish.return_id, self._next("RMA") if sent else None)

    # --- what goes out ------------------------------------------------------------------------------------------

    def _say(self, key: str, body: Body) -> None:
        """Send a set in an interchange of its own, as its faults say."""
        if self.faults.strikes("late", key):
            self._after(self.options.resend_s, lambda: self._say(key, body))
            return
        raw = self.counterpart.send([body], self._clock.now())
        if self.faults.strikes("damaged", key):
            # The buyer refuses it by its 997, and gets it again, whole and under another number.
            self._write(raw.replace(b"~SE*", b"~SE*9", 1), key)
            self._after(self.options.resend_s, lambda: self._say(key, body))
            return
        if self.faults.strikes("truncated", key):
            self._write(raw[: len(raw) * 2 // 3], key)
            self._after(self.options.resend_s, lambda: self._write(raw, key))
            return
        self._write(raw, key)
        if self.faults.strikes("duplicate", key):
            self._write(raw, key)
        if self.faults.strikes("said_again", key):
            self._write(self.counterpart.send([body], self._clock.now()), key)

    def _write(self, raw: bytes, key: str) -> None:
        self._count["file"] += 1
        self._outbox.put(f"{self._clock.now():%Y%m%dT%H%M%S}-{self._count['file']:06d}.x12", raw, key)

    def _after(self, seconds: float, work: Callable[[], None]) -> None:
        self._due.append(_Due(self._clock.now() + timedelta(seconds=seconds), work))

    def _next(self, kind: str) -> str:
        self._count[kind] += 1
        return f"{kind}-{self._count[kind]:05d}"


def _packed(units: Mapping[str, int], parcels: int) -> list[dict[str, int]]:
    """Divide units among so many parcels; none is empty."""
    pieces = [sku for sku, count in units.items() for _ in range(count)]
    packed = (Counter(pieces[n::parcels]) for n in range(parcels))
    return [dict(one) for one in packed if one]


def _sscc(seed: str) -> str:
    """Return a serial shipping container code with its check digit (GS1 General Specifications, 7.9), as in MAN GM."""
    serial = int.from_bytes(hashlib.sha256(seed.encode()).digest()) % 10**9
    digits = f"00345678{serial:09d}"
    total = sum(int(digit) * (3 if i % 2 == 0 else 1) for i, digit in enumerate(digits))
    return f"00{digits}{-total % 10}"
