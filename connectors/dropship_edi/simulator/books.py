"""A supplier's books: what was ordered of it, what it has, and what becomes of each order."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """What shall become of an order, decided before it arrives. What is not said is as the supplier usually does it."""

    reject: bool = False
    """All of it."""
    refuse: Mapping[str, int] = field(default_factory=dict[str, int])
    """Units by SKU that it will not send."""
    back_order: Mapping[str, int] = field(default_factory=dict[str, int])
    """Units by SKU that it will send a day later."""
    dearer: Decimal = Decimal(0)
    """What it charges more for each, without a word before."""
    parcels: int = 1
    silent: bool = False
    """It never answers, and sends nothing."""
    answer_s: float | None = None
    ship_s: float | None = None


@dataclass(frozen=True, slots=True)
class Ordered:
    """A line of a purchase order."""

    number: str
    """Its own in the order: `1`."""
    sku: str
    reference: str
    """What the supplier calls the item."""
    quantity: int
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase order as it came."""

    number: str
    customer_reference: str
    lines: tuple[Ordered, ...]

    def line(self, sku: str) -> Ordered:
        """Return the line of a SKU; it is an error to ask for one that was not ordered."""
        return next(line for line in self.lines if line.sku == sku)


@dataclass(frozen=True, slots=True)
class Change:
    """The buyer's wish to have less: how many are left of each SKU. `sequence` is the buyer's number of the change."""

    number: str
    sequence: str
    left: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Cancellation:
    """The buyer's wish to have nothing."""

    number: str


@dataclass(frozen=True, slots=True)
class ReturnWish:
    """The buyer's wish to send units back."""

    number: str
    return_id: str
    lines: Mapping[str, int]


@dataclass(slots=True)
class Job:
    """A purchase order in work."""

    purchase: Purchase
    plan: Plan
    accepted: Counter[str]
    """Units by SKU that will be sent."""
    later: Counter[str] = field(default_factory=Counter[str])
    """Of these, units that are sent a day later."""
    shipped: Counter[str] = field(default_factory=Counter[str])
    is_over: bool = False
    parcels: int = 0

    def open(self) -> Counter[str]:
        """Return what is to be sent now."""
        return self.accepted - self.later - self.shipped


class Books:
    """Orders by number, and units by SKU that nobody was promised."""

    def __init__(self, stock: Mapping[str, int]) -> None:
        self.available = Counter(stock)
        self.jobs: dict[str, Job] = {}

    def open(self, purchase: Purchase, plan: Plan) -> Job:
        """Take an order on: promise what there is of what is not planned otherwise."""
        job = Job(purchase, plan, Counter())
        if not plan.reject:
            for line in purchase.lines:
                wanted = max(0, line.quantity - plan.refuse.get(line.sku, 0))
                job.accepted[line.sku] += min(wanted, self.available[line.sku])
                job.later[line.sku] += min(plan.back_order.get(line.sku, 0), job.accepted[line.sku])
        self.available -= job.accepted
        self.jobs[purchase.number] = job
        return job

    def reduce(self, job: Job, left: Mapping[str, int]) -> bool:
        """Promise less, unless more has left already; say whether that was possible."""
        if job.is_over or any(job.shipped[sku] > units for sku, units in left.items()):
            return False
        for sku, units in left.items():
            freed = max(0, job.accepted[sku] - units)
            job.accepted[sku] -= freed
            job.later[sku] = min(job.later[sku], job.accepted[sku])
            self.available[sku] += freed
        return True

    def stop(self, job: Job) -> bool:
        """Promise nothing any more, unless something has left; say whether that was possible."""
        if job.shipped:
            return False
        self.available += job.accepted
        job.accepted, job.later, job.is_over = Counter(), Counter(), True
        return True

    def ship(self, job: Job, units: Mapping[str, int]) -> None:
        """Let units go. What was not promised comes off the shelf now."""
        for sku, quantity in units.items():
            promised = min(quantity, job.accepted[sku] - job.shipped[sku])
            self.available[sku] -= quantity - promised
            job.accepted[sku] += quantity - promised
            job.shipped[sku] += quantity
