"""How screening for fraud changes an order. A gateway's word is kept; what follows from it is events of its own."""

from collections.abc import Callable, Mapping
from typing import Any

from canonical.errors import EvolveError
from canonical.events import (
    Event,
    FraudCleared,
    FraudDecided,
    FraudRejected,
    FraudReviewNeeded,
    FraudScreeningRequested,
)
from canonical.fraud import FraudCheck, FraudStanding
from canonical.order import Order


def _requested(order: Order, event: FraudScreeningRequested) -> dict[str, Any]:
    before = order.fraud
    check = FraudCheck(
        standing=FraudStanding.PENDING,
        by=event.gateway,
        gateway=event.gateway,
        reference=before.reference if before else None,
        turn=event.turn,
        asked_at=event.recorded_at or order.placed_at,
        total=event.total,
        destination=event.destination,
        verdict_at=before.verdict_at if before else None,
    )
    return {"fraud": check}


def _decided(order: Order, event: FraudDecided) -> dict[str, Any]:
    check = order.fraud
    if check is None or check.gateway != event.gateway:
        raise EvolveError(event, f"{event.gateway} was not asked about it")
    if check.is_older(event.occurred_at):
        return {}
    return {
        "fraud": check.replace(
            verdict=event.verdict,
            verdict_at=event.occurred_at or check.verdict_at,
            reference=event.reference or check.reference,
        )
    }


def _stands(standing: FraudStanding) -> Callable[[Order, Any], dict[str, Any]]:
    def change(order: Order, event: FraudCleared | FraudRejected | FraudReviewNeeded) -> dict[str, Any]:
        person = not isinstance(event, FraudReviewNeeded) and event.person
        check = order.fraud or FraudCheck(standing=standing, by=event.actor)
        return {"fraud": check.replace(standing=standing, by=event.actor, person=person)}

    return change


FRAUD_CHANGES: Mapping[type[Event], Callable[[Order, Any], dict[str, Any]]] = {
    FraudScreeningRequested: _requested,
    FraudDecided: _decided,
    FraudCleared: _stands(FraudStanding.CLEARED),
    FraudRejected: _stands(FraudStanding.REJECTED),
    FraudReviewNeeded: _stands(FraudStanding.REVIEW),
}
