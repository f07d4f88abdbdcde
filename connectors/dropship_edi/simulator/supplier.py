"""The supplier: takes files from its folder, works, and leaves its own there; by SFTP or a folder."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

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
from connectors.dropship_edi.simulator.papers import papers_of, side_of
from connectors.dropship_edi.simulator.x12_out import Package, Word
from core.premises.tracking import sscc
from core.premises.trader import Duties, Trader
from core.simulator import Workshop
from mappings.syntax.edi.counterpart import Counterpart

_SCAC = "UPSN"
_A_DAY_S = 86_400.0


class Supplier:
    """Plays the partner. `step` does all that is due now, and is called by itself every `interval_s`."""

    def __init__(self, workshop: Workshop) -> None:
        self.options = Options.model_validate(dict(workshop.options))
        self.node = self.options.node or workshop.name
        self.ledger, self._clock = workshop.ledger, workshop.clock
        self.books = Books(self.options.stock)
        self._side = side_of(self.options)
        self._understood, self._papers = papers_of(self.options)
        duties = Duties(self._take, lambda _: None, self.send_stock_report)
        self._trader = Trader(workshop, self.options, self._side, duties)
        self.root = self._trader.root
        self._plans: dict[str, Plan] = {}
        self._sku_plans: dict[str, Plan] = {}
        self._changed: dict[tuple[str, str], None] = {}
        self._count: Counter[str] = Counter()

    @property
    def counterpart(self) -> Counterpart:
        """Its side of an exchange of interchanges, which it has if it speaks X12 or EDIFACT."""
        if not isinstance(self._side, Counterpart):
            raise TypeError(f"a supplier that speaks {self.options.version} exchanges no interchanges")
        return self._side

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
        options = self.options
        return {
            "node": self.node,
            "buyer": "The hub's own shop",
            "currency": options.currency,
            "partner": options.partner(),
        }

    # --- what people in a demo or a test may wish -----------------------------------------------------------------

    def plan(self, reference: str, plan: Plan) -> None:
        """Decide beforehand what becomes of the orders of a customer reference."""
        self._plans[reference] = plan

    def plan_sku(self, sku: str, plan: Plan) -> None:
        """Decide beforehand what becomes of orders that hold a SKU, unless their reference has a plan."""
        self._sku_plans[sku] = plan

    def answer(self, number: str, code: str, words: Sequence[tuple[str, str, int]] = ()) -> None:
        """Answer to an order (855, ORDRSP): `code` is X12 587, and `words` are SKU, X12 668 and units."""
        purchase, now = self.books.jobs[number].purchase, self._clock.now()
        said = [Word(purchase.line(sku), status, units) for sku, status, units in words]
        self._trader.say(number, self._papers.answer(purchase, code, said, now))
        self.ledger.write("answered", number, code=code, words=[list(word) for word in words])

    def answer_wish(self, number: str, purpose: str, code: str, sequence: str = "") -> None:
        """Answer to a change (04), the last one unless `sequence` names it, or a cancellation (01): 865, ORDRSP."""
        asked = [one for order, one in self._changed if order == number]
        sequence = sequence or (asked[-1] if purpose == "04" and asked else "")
        self._trader.say(
            number, self._papers.change_answer(number, purpose, code, sequence, self._clock.now())
        )
        self.ledger.write("answered", number, code=f"{purpose} {code}", words=[])

    def ship(self, number: str, packages: Sequence[Mapping[str, int]]) -> None:
        """Send parcels, and tell of them in one ship notice."""
        job, now = self.books.jobs[number], self._clock.now()
        made: list[Package] = []
        for units in packages:
            job.parcels += 1
            self.books.ship(job, units)
            name = sscc(f"{self.node} {number} {job.parcels}")
            made.append(Package(name, f"1Z{name[-16:]}", dict(units)))
            self.ledger.write(
                "shipped", number, shipment=name, tracking_number=made[-1].tracking_number, lines=dict(units),
                reference=job.purchase.customer_reference,
            )  # fmt: skip
        levels = self.options.parcels_in_levels
        notice = self._next("S")
        self._trader.say(
            number, self._papers.ship_notice(job.purchase, notice, made, _SCAC, now, in_levels=levels)
        )

    def charge(self, number: str, units: Mapping[str, int]) -> str:
        """Send an invoice, and return its number."""
        job, invoice = self.books.jobs[number], self._next("INV")
        prices = {line.sku: self._price(job, line.sku) for line in job.purchase.lines}
        self._trader.say(
            number,
            self._papers.invoice(
                job.purchase, invoice, units, prices, self.options.currency, self._clock.now()
            ),
        )
        reference = job.purchase.customer_reference
        self.ledger.write("invoiced", number, invoice=invoice, lines=dict(units), reference=reference)
        return invoice

    def take_back(self, number: str, return_id: str, authorisation: str | None) -> None:
        """Answer to the wish to send goods back."""
        now, reason = self._clock.now(), "past the time for returns"
        self._trader.say(
            number, self._papers.return_answer(number, return_id, self._next("R"), authorisation, reason, now)
        )
        self.ledger.write("return_answered", number, return_id=return_id, authorisation=authorisation)

    def send_stock_report(self) -> None:
        """Count, and send the figures, in a language that has words for them: cXML hasn't."""
        if self.options.standard == "cxml":
            return
        now, figures = self._clock.now(), {sku: self.books.available[sku] for sku in self.options.stock}
        number = self._next("IA")
        self.ledger.write("stock_report", number, as_of=now.isoformat(), figures=figures)
        self._trader.say(number, self._papers.stock_report(number, figures, self.options.numbers, now))

    # --- work ---------------------------------------------------------------------------------------------------

    def _take(self, taken: Any) -> None:
        wish = self._understood(taken)
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
        self._trader.after(job.plan.answer_s or answer_s, lambda: self._decide(job))
        self._trader.after(job.plan.ship_s or ship_s, lambda: self._send(job))
        self._trader.after((job.plan.ship_s or ship_s) + _A_DAY_S, lambda: self._send_later(job))

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
        self._trader.after(self.options.charge_s, lambda: self._charge(job, shipped))

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
        self._changed[key] = None
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

    def _next(self, kind: str) -> str:
        self._count[kind] += 1
        return f"{kind}-{self._count[kind]:05d}"


def _packed(units: Mapping[str, int], parcels: int) -> list[dict[str, int]]:
    """Divide units among so many parcels; none is empty."""
    pieces = [sku for sku, count in units.items() for _ in range(count)]
    packed = (Counter(pieces[n::parcels]) for n in range(parcels))
    return [dict(one) for one in packed if one]
