"""Partners as they are: nodes that accept, refuse, send and stop; a gateway that keeps its own books.

They act on commands and put what they have to say into a mailbox. Whoever plays the post delivers it in any order,
and as often as it likes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from canonical.commands import (
    AuthorisePayment,
    CancelRelease,
    CapturePayment,
    Command,
    RefundPayment,
    ScreenOrder,
    SubmitRelease,
    VoidPayment,
)
from canonical.events import (
    CaptureFailed,
    Event,
    FraudDecided,
    GoodsDispatched,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentVoided,
    ReleaseAccepted,
    ReleaseCancelled,
    ReleaseCancelRefused,
    ReleaseRefused,
    VoidFailed,
)
from canonical.fraud import FraudVerdict
from canonical.money import Money
from tests.routes.world import ORDER_ID

Chance = Callable[[int], int]
"""Returns one of so many possibilities."""


@dataclass
class Work:
    """A release as its node has it."""

    command: SubmitRelease
    left: dict[str, int]
    closed: bool = False
    wish_to_stop: bool = False
    parcels: int = 0
    refusals: int = 0
    lacking: int = 0


def _next(work: Work) -> str:
    return next(sku for sku, n in work.left.items() if n)


@dataclass
class Warehouses:
    """All nodes. Units of a release are refused, sent in parcels, or stopped; never two of these for the same ones."""

    works: dict[str, Work] = field(default_factory=dict[str, Work])
    early_wishes: set[str] = field(default_factory=set[str])

    def take(self, command: SubmitRelease) -> None:
        assert command.release_id not in self.works, "a release was submitted twice"
        left: dict[str, int] = {}
        for line in command.lines:
            left[line.sku] = left.get(line.sku, 0) + line.quantity
        self.works[command.release_id] = Work(command, left)

    def stop(self, command: CancelRelease) -> None:
        self.works[command.release_id].wish_to_stop = True

    def busy(self) -> list[Work]:
        return [w for w in self.works.values() if not w.closed or w.wish_to_stop]

    def act(self, work: Work, chance: Chance) -> list[Event]:
        name = work.command.release_id
        if work.wish_to_stop:
            work.wish_to_stop = False
            if work.closed or chance(2):
                return [_not_stopped(name)]
            work.closed = True
            return [_stopped(name)]
        if not chance(5):
            work.closed = True
            return [_refused(name, tuple(sku for sku, n in work.left.items() if n and chance(2)))]
        return self.act_by_units(work, chance)

    def act_by_units(self, work: Work, chance: Chance) -> list[Event]:
        """Do what may come in any order: accept, send some units, refuse some units."""
        name = work.command.release_id
        match chance(6):
            case 0 | 1:
                return [self._send(work, dict(work.left))]
            case 2:
                return [self._send(work, {_next(work): 1})]
            case 3 | 4:
                return [self._lack(work, {_next(work): 1}, short=bool(chance(2)))]
            case _:
                return [
                    ReleaseAccepted(order_id=ORDER_ID, release_id=name, fact_key=f"release:{name}:accepted")
                ]

    def _lack(self, work: Work, skus: dict[str, int], *, short: bool) -> Event:
        """Refuse some units, and go on with the others."""
        work.refusals += 1
        for sku, quantity in skus.items():
            work.left[sku] -= quantity
            work.lacking += quantity
        work.closed = not any(work.left.values())
        name = work.command.release_id
        return ReleaseRefused(
            order_id=ORDER_ID, release_id=name, reason="short", skus=tuple(skus) if short else (),
            units=tuple(skus.items()), fact_key=f"release:{name}:refused:{work.refusals}",
        )  # fmt: skip

    def finish(self, work: Work) -> list[Event]:
        if work.wish_to_stop:
            return self.act(work, lambda _: 0)
        return [self._send(work, dict(work.left))]

    def _send(self, work: Work, skus: dict[str, int]) -> Event:
        work.parcels += 1
        for sku, quantity in skus.items():
            work.left[sku] -= quantity
        work.closed = not any(work.left.values())
        name = work.command.release_id
        return GoodsDispatched(
            order_id=ORDER_ID,
            release_id=name,
            shipment_id=str(work.parcels),
            skus=tuple((sku, quantity) for sku, quantity in skus.items() if quantity),
            fact_key=f"dispatch:{name}:{work.parcels}",
        )

    def sent_units(self) -> int:
        asked = sum(line.quantity for w in self.works.values() for line in w.command.lines)
        return asked - sum(sum(w.left.values()) + w.lacking for w in self.works.values())


def _refused(name: str, skus: tuple[str, ...]) -> Event:
    return ReleaseRefused(
        order_id=ORDER_ID, release_id=name, reason="no", skus=skus, fact_key=f"release:{name}:refused"
    )


def _stopped(name: str) -> Event:
    return ReleaseCancelled(order_id=ORDER_ID, release_id=name, fact_key=f"release:{name}:cancelled")


def _not_stopped(name: str) -> Event:
    return ReleaseCancelRefused(
        order_id=ORDER_ID, release_id=name, reason="packed", fact_key=f"release:{name}:cancel_refused"
    )


@dataclass
class FraudDesk:
    """A fraud gateway that says what it likes, as often as it likes, about orders that it was asked about."""

    asked: int = 0
    words: int = 0

    def take(self, command: ScreenOrder) -> None:
        self.asked += 1
        assert command.turn == self.asked, "a question was asked twice, or out of turn"

    def decide(self, chance: Chance, at: datetime) -> Event:
        self.words += 1
        verdict = list(FraudVerdict)[chance(3)]
        return FraudDecided(
            order_id=ORDER_ID,
            gateway="fraud",
            verdict=verdict,
            occurred_at=at,
            fact_key=f"fraud:{self.words}",
        )


@dataclass
class Account:
    """One authorisation in the gateway's books, in cents."""

    reference: str
    amount: int
    multicapture: bool
    captured: int = 0
    refunded: int = 0
    closed: bool = False
    expired: bool = False


@dataclass
class Gateway:
    """A gateway's own books. It refuses what its rules forbid; the hub asking for that is a defect of the hub."""

    multicapture: bool = False
    declines: bool = False
    tells_keys: bool = True
    expires: datetime | None = None
    accounts: dict[str, Account] = field(default_factory=dict[str, Account])
    operations: int = 0
    misuse: list[str] = field(default_factory=list[str])

    def take(self, command: Command, now: datetime) -> Event | None:
        match command:
            case AuthorisePayment():
                return self._authorise(command, now)
            case CapturePayment():
                return self._capture(command)
            case VoidPayment():
                return self._void(command)
            case RefundPayment():
                return self._refund(command)
            case _:
                return None

    def _key(self, command: Command, operation: str) -> str:
        return command.key if self.tells_keys else f"stripe:{operation}"

    def _authorise(self, command: AuthorisePayment, now: datetime) -> Event:
        self.operations += 1
        if self.declines:
            self.declines = False
            return PaymentDeclined(
                order_id=ORDER_ID, fact_key=f"stripe:{command.key}:declined", key=command.key,
                gateway="stripe", amount=command.amount, reason="no",
            )  # fmt: skip
        adopted = command.method == "adopt"
        reference = (command.reference or "") if adopted else f"pi_again_{self.operations}"
        self.accounts[reference] = Account(reference, command.amount.minor, self.multicapture)
        return PaymentAuthorised(
            order_id=ORDER_ID, fact_key=f"stripe:{reference}:authorised", key=self._key(command, reference),
            gateway="stripe", reference=reference, amount=command.amount, multicapture=self.multicapture,
            capture_before=now + timedelta(days=7),
        )  # fmt: skip

    def _capture(self, command: CapturePayment) -> Event:
        self.operations += 1
        account = self.accounts[command.reference]
        once = account.captured and not account.multicapture
        if account.closed or once or account.captured + command.amount.minor > account.amount:
            if not account.expired:
                self.misuse.append(f"capture {command.key} of {command.amount}")
            return CaptureFailed(
                order_id=ORDER_ID, fact_key=f"stripe:{command.key}:failed", key=command.key, gateway="stripe",
                reference=command.reference, amount=command.amount, reason="not possible",
            )  # fmt: skip
        account.captured += command.amount.minor
        account.closed = command.final or not account.multicapture
        operation = f"ch_{self.operations}"
        return PaymentCaptured(
            order_id=ORDER_ID, fact_key=f"stripe:{operation}:captured", key=self._key(command, operation),
            gateway="stripe", reference=command.reference, amount=command.amount,
        )  # fmt: skip

    def _void(self, command: VoidPayment) -> Event:
        account = self.accounts[command.reference]
        if account.closed:
            return VoidFailed(
                order_id=ORDER_ID, fact_key=f"stripe:{command.key}:void_failed", key=command.key,
                gateway="stripe", reference=command.reference, amount=command.amount, reason="closed",
            )  # fmt: skip
        account.closed = True
        return self._voided(account, command.amount, self._key(command, f"void_{command.reference}"))

    def expire(self, account: Account) -> Event:
        account.closed = account.expired = True
        left = Money.from_minor(account.amount - account.captured, "EUR")
        return self._voided(account, left, f"stripe:expired_{account.reference}")

    def _voided(self, account: Account, amount: Money, key: str) -> Event:
        return PaymentVoided(
            order_id=ORDER_ID, fact_key=f"stripe:{account.reference}:voided", key=key, gateway="stripe",
            reference=account.reference, amount=amount, reason="let go",
        )  # fmt: skip

    def _refund(self, command: RefundPayment) -> Event:
        self.operations += 1
        account = self.accounts[command.reference]
        if account.refunded + command.amount.minor > account.captured:
            self.misuse.append(f"refund {command.key} of {command.amount}")
        account.refunded += command.amount.minor
        operation = f"re_{self.operations}"
        return PaymentRefunded(
            order_id=ORDER_ID, fact_key=f"stripe:{operation}:refunded", key=self._key(command, operation),
            gateway="stripe", reference=command.reference, amount=command.amount,
        )  # fmt: skip

    def taken(self) -> int:
        return sum(a.captured - a.refunded for a in self.accounts.values())

    def live(self) -> list[Account]:
        return [a for a in self.accounts.values() if not a.closed]
