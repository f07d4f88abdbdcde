"""A drop-ship supplier beside warehouses, for tests: what is agreed with it, and what it says."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from canonical.commands import CancelPurchaseOrder, ChangePurchaseOrder, PlacePurchaseOrder
from canonical.documents import (
    PurchaseAnswerDocument,
    ShipNoticeDocument,
    SkuQuantity,
    SupplierInvoiceDocument,
)
from canonical.events import Event
from canonical.policy import Policy
from canonical.purchase_documents import (
    AnswerLine,
    InvoicedLine,
    PurchaseAnswer,
    ShippedPackage,
)
from canonical.purchases import LineAnswer, Purchase
from canonical.stock import Node, NodeKind, StockLevel, SupplierItem
from core.engine.cascade import Decision
from tests.routes.partners import Chance
from tests.routes.world import NOON, ORDER_ID, Stock, World, line, node, placed

COSTS = {"A": "6.00", "B": "3.50"}


def supplier(node_id: str = "acme", priority: int = 100, *, direct: tuple[str, ...] = ()) -> Node:
    """A supplier of A and B, at agreed prices."""
    items = {
        sku: SupplierItem.model_validate({"cost": cost, "reference": f"X-{sku}", "direct": sku in direct})
        for sku, cost in COSTS.items()
    }
    return Node(
        id=node_id, kind=NodeKind.SUPPLIER, connector=f"{node_id}-edi", country="DE", priority=priority,
        currency="EUR", items=items,
    )  # fmt: skip


def stocked(on_hand: dict[str, dict[str, int]], *suppliers: Node) -> Stock:
    """Stock by node and SKU; those of `suppliers` are theirs, others are warehouses'."""
    described = {n.id: n for n in suppliers}
    return Stock(
        [described.get(name) or node(name) for name in on_hand],
        [
            StockLevel(sku=sku, node=name, on_hand=quantity)
            for name, levels in on_hand.items()
            for sku, quantity in levels.items()
        ],
    )


def ordered(
    *skus: tuple[str, int], policy: Policy | None = None, warehouse: dict[str, int] | None = None
) -> World:
    """A paid order for some SKUs, which acme has plenty of and a warehouse has as much of as is said."""
    stock = stocked({"berlin": warehouse or {}, "acme": {"A": 9, "B": 9}}, supplier())
    world = World(stock, policy or Policy())
    world.tell(placed(*(line(str(n), sku, units) for n, (sku, units) in enumerate(skus, 1))))
    world.authorised()
    return world


def the_purchase(world: World) -> Purchase:
    return world.order.purchases[-1]


@dataclass
class Acme:
    """What the supplier of a purchase order says."""

    world: World
    references: int = 0

    @property
    def purchase(self) -> Purchase:
        return self.world.order.purchases[0]

    def _named(self) -> dict[str, object]:
        return {"supplier": self.purchase.supplier, "purchase_id": self.purchase.id}

    def answers(self, answer: PurchaseAnswer, *lines: AnswerLine, reason: str = "") -> Decision:
        self.references += 1
        document = PurchaseAnswerDocument.model_validate(
            {
                **self._named(), "reference": f"R{self.references}", "answer": answer, "lines": lines,
                "currency": "EUR", "reason": reason,
            },
        )  # fmt: skip
        return self.world.tell(*document.events(ORDER_ID))

    def accepts(self) -> Decision:
        return self.answers(PurchaseAnswer.ACCEPTED)

    def says(self, *lines: AnswerLine) -> Decision:
        return self.answers(PurchaseAnswer.LINES, *lines)

    def sends(self, package: str, *skus: tuple[str, int]) -> Decision:
        return self.notifies(f"N{package}", {package: skus})

    def notifies(self, notice: str, packages: dict[str, tuple[tuple[str, int], ...]]) -> Decision:
        document = ShipNoticeDocument.model_validate(
            {
                **self._named(),
                "notice_id": notice,
                "packages": [
                    ShippedPackage(
                        package_id=package, carrier="DHL", tracking_number=f"T{package}",
                        lines=tuple(SkuQuantity(sku=sku, quantity=n) for sku, n in skus),
                    )
                    for package, skus in packages.items()
                ],
            },
        )  # fmt: skip
        return self.world.tell(*document.events(ORDER_ID))

    def charges(self, invoice: str, *lines: tuple[str, int, str], total: str, **sums: str) -> Decision:
        document = SupplierInvoiceDocument.model_validate(
            {
                **self._named(), "invoice_id": invoice, "currency": "EUR", "total": total,
                "lines": [InvoicedLine.model_validate({"sku": s, "quantity": n, "unit_price": p}) for s, n, p in lines],
                **sums,
            },
        )  # fmt: skip
        return self.world.tell(*document.events(ORDER_ID))


def word(
    sku: str,
    answer: LineAnswer,
    quantity: int | None = None,
    *,
    at: datetime | None = None,
    cost: str | None = None,
    reason: str = "",
) -> AnswerLine:
    """A supplier's word on a line."""
    return AnswerLine.model_validate(
        {
            "sku": sku, "answer": answer, "quantity": quantity, "expected_at": at, "unit_cost": cost,
            "reason": reason,
        },
    )  # fmt: skip


@dataclass
class Job:
    """A purchase order as its supplier has it: what is left to be sent of each SKU."""

    command: PlacePurchaseOrder
    asked: dict[str, int]
    left: dict[str, int]
    refused: dict[str, int] = field(default_factory=dict[str, int])
    closed: bool = False
    wish_to_cancel: bool = False
    wish_to_change: ChangePurchaseOrder | None = None
    parcels: int = 0
    words: int = 0


@dataclass
class Suppliers:
    """Suppliers as they are: they answer in part, late, again or not at all, and send what they have not refused."""

    jobs: dict[str, Job] = field(default_factory=dict[str, Job])
    sent: int = 0
    invoices: int = 0

    def take(self, command: PlacePurchaseOrder) -> None:
        assert command.purchase_id not in self.jobs, "a purchase order was placed twice"
        asked = {x.sku: x.quantity for x in command.lines}
        self.jobs[command.purchase_id] = Job(command, asked, dict(asked))

    def cancel(self, command: CancelPurchaseOrder) -> None:
        self.jobs[command.purchase_id].wish_to_cancel = True

    def change(self, command: ChangePurchaseOrder) -> None:
        self.jobs[command.purchase_id].wish_to_change = command

    def busy(self) -> list[Job]:
        return [j for j in self.jobs.values() if not j.closed or j.wish_to_cancel or j.wish_to_change]

    def act(self, job: Job, chance: Chance) -> list[Event]:  # noqa: PLR0911 - one return for each thing that suppliers do
        if job.wish_to_cancel:
            job.wish_to_cancel = False
            if job.closed or chance(2):
                return self._say(job, PurchaseAnswer.CANCEL_REFUSED)
            job.closed = True
            return self._say(job, PurchaseAnswer.CANCELLED)
        if job.wish_to_change is not None:
            return self._decide_the_change(job, job.wish_to_change, agrees=not chance(2))
        skus = [sku for sku, n in job.left.items() if n]
        sku = skus[chance(len(skus))]
        match chance(7):
            case 0:
                return self._say(job, PurchaseAnswer.ACCEPTED)
            case 1:
                return self._refuse(job, sku, 1 + chance(job.left[sku]))
            case 2:
                return self._say(job, PurchaseAnswer.LINES, self._late(job, sku, chance))
            case 3 if not any(job.refused.values()) and not job.parcels:
                job.closed = True
                return self._say(job, PurchaseAnswer.REJECTED)
            case 4:
                return self._send(job, {sku: 1})
            case _:
                return self._send(job, job.left)

    def finish(self, job: Job) -> list[Event]:
        if job.wish_to_cancel or job.wish_to_change is not None:
            return self.act(job, lambda _: 0)
        return self._send(job, job.left)

    def charge(self, chance: Chance) -> list[Event]:
        """Charge units of a purchase order, sent or not, at the agreed price or at another one."""
        job = list(self.jobs.values())[chance(len(self.jobs))]
        self.invoices += 1
        sku = list(job.asked)[chance(len(job.asked))]
        units, price = 1 + chance(job.asked[sku]), COSTS[sku] if chance(3) else "99.00"
        total = Decimal(price) * units
        document = SupplierInvoiceDocument.model_validate(
            {
                "supplier": job.command.supplier, "purchase_id": job.command.purchase_id,
                "invoice_id": str(self.invoices), "currency": "EUR", "total": total,
                "lines": [{"sku": sku, "quantity": units, "unit_price": price}],
            },
        )  # fmt: skip
        return [*document.events(ORDER_ID)]

    def _decide_the_change(self, job: Job, wish: ChangePurchaseOrder, *, agrees: bool) -> list[Event]:
        job.wish_to_change = None
        if job.closed or not agrees or any(job.left[x.sku] < x.quantity for x in wish.lines):
            return self._say(job, PurchaseAnswer.CHANGE_REFUSED)
        for x in wish.lines:
            self._drop(job, x.sku, x.quantity)
        return self._say(job, PurchaseAnswer.CHANGE_AGREED)

    def _late(self, job: Job, sku: str, chance: Chance) -> AnswerLine:
        at = NOON + timedelta(days=(2, 40)[chance(2)])
        return word(sku, LineAnswer.BACK_ORDERED, job.left[sku], at=at)

    def _refuse(self, job: Job, sku: str, units: int) -> list[Event]:
        self._drop(job, sku, units)
        kept = word(sku, LineAnswer.ACCEPTED, job.asked[sku] - job.refused[sku])
        return self._say(job, PurchaseAnswer.LINES, word(sku, LineAnswer.REJECTED, job.refused[sku]), kept)

    def _drop(self, job: Job, sku: str, units: int) -> None:
        job.left[sku] -= units
        job.refused[sku] = job.refused.get(sku, 0) + units
        job.closed = not any(job.left.values())

    def _send(self, job: Job, skus: dict[str, int]) -> list[Event]:
        job.parcels += 1
        packed = tuple(SkuQuantity(sku=sku, quantity=n) for sku, n in skus.items() if n)
        for line_sent in packed:
            job.left[line_sent.sku] -= line_sent.quantity
            self.sent += line_sent.quantity
        job.closed = not any(job.left.values())
        number = job.command.purchase_id
        notice = ShipNoticeDocument(
            supplier=job.command.supplier, purchase_id=number, notice_id=str(job.parcels),
            packages=(ShippedPackage(package_id=f"{number}-{job.parcels}", lines=packed),),
        )  # fmt: skip
        return [*notice.events(ORDER_ID)]

    def _say(self, job: Job, answer: PurchaseAnswer, *lines: AnswerLine) -> list[Event]:
        job.words += 1
        document = PurchaseAnswerDocument(
            supplier=job.command.supplier, purchase_id=job.command.purchase_id, reference=str(job.words),
            answer=answer, lines=lines, reason="so it is",
        )  # fmt: skip
        return [*document.events(ORDER_ID)]
