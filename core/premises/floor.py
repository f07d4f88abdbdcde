"""The work in the warehouse: releases are accepted or refused, picked, packed and sent, or stopped in time."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from core.premises.orders import Order
from core.premises.shelves import Shelves


@dataclass(frozen=True, slots=True)
class Plan:
    """What shall become of a release, decided before it arrives. What is None is as the warehouse usually does it."""

    refuse: str | None = None
    """The reason to refuse it with: SHORT, ADDRESS or OTHER."""
    short: Mapping[str, int] = field(default_factory=dict[str, int])
    """Units by SKU that turn out to be missing when they are picked: the rest is sent, these are refused."""
    parcels: int = 1
    answer_s: float | None = None
    pick_s: float | None = None
    gap_s: float | None = None
    """Between two parcels."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the warehouse works."""

    answer_s: float = 2
    pick_s: float = 30
    gap_s: float = 30
    handover_s: float = 5
    """From the end of picking, when nothing can be stopped any more, to the parcel's leaving."""


class Status(StrEnum):
    """Where a release stands."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    DONE = "done"


@dataclass(slots=True)
class Parcel:
    """Some units of a release."""

    number: int
    lines: dict[str, int]
    pick_at: datetime
    leave_at: datetime
    left: bool = False


@dataclass(slots=True)
class Job:
    """A release in work."""

    order: Order
    plan: Plan
    decide_at: datetime
    status: Status = Status.RECEIVED
    parcels: list[Parcel] = field(default_factory=list[Parcel])
    missing: dict[str, int] = field(default_factory=dict[str, int])

    def unsent(self) -> dict[str, int]:
        """Return how many units of each SKU have not left."""
        left: Counter[str] = Counter()
        for parcel in self.parcels:
            left.update(parcel.lines if parcel.left else {})
        return {sku: quantity - left[sku] for sku, quantity in self.order.lines.items()}


@dataclass(frozen=True, slots=True)
class Accepted:
    """The release will be sent."""

    job: Job
    at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """What is not sent of the release will not be. `skus` are those that are short."""

    job: Job
    code: str
    skus: tuple[str, ...]
    at: datetime

    @property
    def whole(self) -> bool:
        """Whether nothing of the release is sent."""
        return self.job.status is Status.REFUSED

    @property
    def lines(self) -> dict[str, int]:
        """How many units of each SKU are not sent."""
        return dict(self.job.order.lines) if self.whole else {s: self.job.missing[s] for s in self.skus}


@dataclass(frozen=True, slots=True)
class Left:
    """A parcel left."""

    job: Job
    parcel: Parcel

    @property
    def at(self) -> datetime:
        """When it left."""
        return self.parcel.leave_at


class Floor:
    """All releases by id. Time comes in with every call."""

    def __init__(self, shelves: Shelves, pace: Pace) -> None:
        self.shelves, self.pace = shelves, pace
        self.jobs: dict[str, Job] = {}

    def begin(self, order: Order, plan: Plan, now: datetime) -> Job:
        """Take in a new release."""
        delay = self.pace.answer_s if plan.answer_s is None else plan.answer_s
        job = self.jobs[order.release_id] = Job(order, plan, now + timedelta(seconds=delay))
        return job

    def work(self, now: datetime) -> Iterator[Accepted | Refused | Left]:
        """Yield what happens until `now`."""
        for job in self.jobs.values():
            if job.status is Status.RECEIVED and job.decide_at <= now:
                yield self._decide(job)
            if job.status is Status.ACCEPTED:
                yield from self._send(job, now)

    def can_stop(self, job: Job, now: datetime) -> bool:
        """Say whether a release can be stopped: nothing of it lies picked, and something is still to be picked."""
        if job.status is Status.RECEIVED:
            return True
        waiting = [parcel for parcel in job.parcels if not parcel.left]
        return (
            job.status is Status.ACCEPTED
            and bool(waiting)
            and all(parcel.pick_at > now for parcel in waiting)
        )

    def stop(self, job: Job) -> None:
        """Send no more of a release, and promise its goods to nobody."""
        self._give_back(job)
        job.status = Status.CANCELLED

    def _decide(self, job: Job) -> Accepted | Refused:
        lacking = self.shelves.lacking(job.order.lines)
        code = job.plan.refuse or ("SHORT" if lacking else None)
        if code is not None:
            job.status = Status.REFUSED
            return Refused(
                job, code, lacking or (tuple(job.order.lines) if code == "SHORT" else ()), job.decide_at
            )
        self.shelves.promise(job.order.lines)
        job.status = Status.ACCEPTED
        job.parcels = self._pack(job)
        return Accepted(job, job.decide_at)

    def _pack(self, job: Job) -> list[Parcel]:
        """Divide what can be found over the parcels, evenly by units."""
        found = Counter(job.order.lines)
        for sku, quantity in job.plan.short.items():
            job.missing[sku] = min(quantity, found[sku])
            found[sku] -= job.missing[sku]
        units = list(found.elements())
        count = min(len(job.order.labels) or job.plan.parcels, len(units))
        pick_s = self.pace.pick_s if job.plan.pick_s is None else job.plan.pick_s
        gap_s = self.pace.gap_s if job.plan.gap_s is None else job.plan.gap_s
        parcels: list[Parcel] = []
        for i in range(count):
            share = Counter(units[len(units) * i // count : len(units) * (i + 1) // count])
            pick_at = job.decide_at + timedelta(seconds=pick_s + i * gap_s)
            leave_at = pick_at + timedelta(seconds=self.pace.handover_s)
            parcels.append(Parcel(i + 1, dict(share), pick_at, leave_at))
        return parcels

    def _send(self, job: Job, now: datetime) -> Iterator[Left | Refused]:
        for parcel in job.parcels:
            if not parcel.left and parcel.leave_at <= now:
                parcel.left = True
                self.shelves.ship(parcel.lines)
                yield Left(job, parcel)
        if all(parcel.left for parcel in job.parcels):
            job.status = Status.DONE
            missing = {sku: quantity for sku, quantity in job.missing.items() if quantity}
            if missing:
                self.shelves.write_off(missing)
                at = max((parcel.leave_at for parcel in job.parcels), default=now)
                yield Refused(job, "SHORT", tuple(missing), at)

    def _give_back(self, job: Job) -> None:
        if job.status is Status.ACCEPTED:
            self.shelves.unpromise(job.unsent())
