"""Stripe's test cards (docs.stripe.com/testing): a payment method's name, and what becomes of charging it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """A test card. `decline` is (error code, decline code, message) where it is declined."""

    brand: str = "visa"
    last4: str = "4242"
    decline: tuple[str, str, str] | None = None
    wants_authentication: bool = False
    is_disputed: bool = False
    refund: str = "succeeds"
    """`succeeds`, `fails_later` or `pends`."""


def _declined(last4: str, code: str, decline_code: str, message: str) -> Card:
    return Card(last4=last4, decline=(code, decline_code, message))


NO = "Your card was declined."

CARDS = {
    "pm_card_visa": Card(),
    "pm_card_mastercard": Card("mastercard", "4444"),
    "pm_card_amex": Card("amex", "8431"),
    "pm_card_chargeDeclined": _declined("0002", "card_declined", "generic_decline", NO),
    "pm_card_visa_chargeDeclined": _declined("0002", "card_declined", "generic_decline", NO),
    "pm_card_visa_chargeDeclinedInsufficientFunds": _declined(
        "9995", "card_declined", "insufficient_funds", "Your card has insufficient funds."
    ),
    "pm_card_visa_chargeDeclinedLostCard": _declined("9987", "card_declined", "lost_card", NO),
    "pm_card_chargeDeclinedFraudulent": _declined("0019", "card_declined", "fraudulent", NO),
    "pm_card_chargeDeclinedExpiredCard": _declined(
        "0069", "expired_card", "expired_card", "Your card has expired."
    ),
    "pm_card_chargeDeclinedProcessingError": _declined(
        "0119", "processing_error", "processing_error", "An error occurred while processing your card."
    ),
    "pm_card_authenticationRequired": Card(last4="3184", wants_authentication=True),
    "pm_card_createDispute": Card(last4="0259", is_disputed=True),
    "pm_card_refundFail": Card(last4="5126", refund="fails_later"),
    "pm_card_pendingRefund": Card(last4="7726", refund="pends"),
}
"""By the name that a request gives as its `payment_method`."""
