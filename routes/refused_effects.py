"""A partner said no, for good: that is one of the answers which its documents could have given, or for a person."""

from collections.abc import Callable, Mapping

from canonical.events import (
    CaptureFailed,
    EffectRejected,
    Event,
    FraudDecided,
    LabelRefused,
    LabelVoidRefused,
    PaymentDeclined,
    PurchaseChangeRefused,
    RefundFailed,
    ReleaseCancelRefused,
    ReleaseRefused,
    StepRefused,
    SupplierReturnAnswered,
    VoidFailed,
)
from canonical.fraud import FraudVerdict
from canonical.order import Order
from canonical.parcels import ParcelStatus
from canonical.payment import Outcome
from canonical.policy import Policy
from canonical.purchases import ChangeStatus
from canonical.statuses import RELEASE_MOVES, ReleaseStatus, may_follow
from canonical.steps import Steps
from routes.booking import label_key, void_key
from routes.rules import rule

Meaning = Callable[[Order, EffectRejected], Event | None]


@rule(EffectRejected)
def understand_the_no(order: Order, event: EffectRejected, policy: Policy) -> Steps:
    """Take a partner's final no as what it means for the order: declined, refused, failed; else tell a person."""
    meaning = _MEANINGS.get(event.command)
    said = meaning(order, event) if meaning else None
    yield said or StepRefused(order_id=order.id, step=event.command, reason=event.reason)


def _release_refused(order: Order, event: EffectRejected) -> Event | None:
    release = order.release(event.key.removeprefix("release:"))
    if release is None or not may_follow(RELEASE_MOVES, release.status, ReleaseStatus.REFUSED):
        return None
    return ReleaseRefused(order_id=order.id, release_id=release.id, reason=event.reason)


def _purchase_refused(order: Order, event: EffectRejected) -> Event | None:
    for purchase in order.purchases:
        release = order.release(purchase.id)
        may = release and may_follow(RELEASE_MOVES, release.status, ReleaseStatus.REFUSED)
        if may and event.key == f"po:{order.id}:{purchase.n}":
            return ReleaseRefused(order_id=order.id, release_id=purchase.id, reason=event.reason)
    return None


def _purchase_stays(order: Order, event: EffectRejected) -> Event | None:
    for purchase in order.purchases:
        release = order.release(purchase.id)
        asked = release is not None and release.status is ReleaseStatus.CANCEL_REQUESTED
        if asked and event.key.startswith(f"po_cancel:{order.id}:{purchase.n}:"):
            return ReleaseCancelRefused(order_id=order.id, release_id=purchase.id, reason=event.reason)
    return None


def _change_refused(order: Order, event: EffectRejected) -> Event | None:
    for purchase in order.purchases:
        change = purchase.open_change()
        if change and event.key == f"po_change:{order.id}:{purchase.n}:{len(purchase.changes)}":
            return PurchaseChangeRefused(
                order_id=order.id, purchase_id=purchase.id, change_id=change.id, reason=event.reason
            )
    return None


def _not_taken_back(order: Order, event: EffectRejected) -> Event | None:
    for purchase in order.purchases:
        for wish in purchase.returns:
            asked = wish.status is ChangeStatus.REQUESTED
            if asked and event.key == f"supplier_return:{order.id}:{purchase.n}:{wish.id}":
                return SupplierReturnAnswered(
                    order_id=order.id, purchase_id=purchase.id, return_id=wish.id, reason=event.reason
                )
    return None


def _cancel_refused(order: Order, event: EffectRejected) -> Event | None:
    for release in order.releases:
        asked = release.status is ReleaseStatus.CANCEL_REQUESTED
        if asked and event.key.startswith(f"cancel_release:{release.id}:"):
            return ReleaseCancelRefused(order_id=order.id, release_id=release.id, reason=event.reason)
    return None


def _not_screened(order: Order, event: EffectRejected) -> Event | None:
    """A gateway that can't look at the order leaves it to a person."""
    check = order.fraud
    if check is None or check.gateway is None or event.key != f"screen:{order.id}:{check.turn}":
        return None
    return FraudDecided(
        order_id=order.id, gateway=check.gateway, verdict=FraudVerdict.REVIEW, reason=event.reason
    )


def _money(failure: type[PaymentDeclined | CaptureFailed | VoidFailed | RefundFailed]) -> Meaning:
    def meaning(order: Order, event: EffectRejected) -> Event | None:
        for entry in order.payment.latest():
            if entry.key == event.key and entry.outcome is Outcome.REQUESTED:
                return failure.model_validate(
                    {
                        "order_id": order.id,
                        "key": entry.key,
                        "gateway": entry.gateway,
                        "reference": entry.reference,
                        "amount": entry.amount,
                        "reason": event.reason,
                    }
                )
        return None

    return meaning


def _no_label(order: Order, event: EffectRejected) -> Event | None:
    for parcel in order.parcels:
        if parcel.status is ParcelStatus.PLANNED and event.key == label_key(parcel.id, parcel.asked):
            return LabelRefused(order_id=order.id, parcel_id=parcel.id, reason=event.reason)
    return None


def _label_stays(order: Order, event: EffectRejected) -> Event | None:
    for parcel in order.parcels:
        if event.key == void_key(parcel.id):
            return LabelVoidRefused(order_id=order.id, parcel_id=parcel.id, reason=event.reason)
    return None


_MEANINGS: Mapping[str, Meaning] = {
    "SubmitRelease": _release_refused,
    "CancelRelease": _cancel_refused,
    "PlacePurchaseOrder": _purchase_refused,
    "CancelPurchaseOrder": _purchase_stays,
    "ChangePurchaseOrder": _change_refused,
    "RequestSupplierReturn": _not_taken_back,
    "AuthorisePayment": _money(PaymentDeclined),
    "CapturePayment": _money(CaptureFailed),
    "VoidPayment": _money(VoidFailed),
    "RefundPayment": _money(RefundFailed),
    "BookLabel": _no_label,
    "BookReturnLabel": _no_label,
    "VoidLabel": _label_stays,
    "ScreenOrder": _not_screened,
}
