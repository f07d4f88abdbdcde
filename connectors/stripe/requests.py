"""The requests: pure, exact bytes, for each command. What Stripe can't be asked is refused here."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from canonical.commands import AuthorisePayment, CapturePayment, Command, RefundPayment, VoidPayment
from canonical.order import Order
from canonical.payment import PaymentMethod
from connectors.stripe import labels
from connectors.stripe.amounts import UnsayableAmountError, to_minor
from core.errors import RejectedError
from core.ports import Outgoing

_INTENTS = "/v1/payment_intents"
_ID = {
    "pi": re.compile(r"pi_\w{1,100}\Z", re.ASCII),
    "pm": re.compile(r"(pm|card|src)_\w{1,100}\Z", re.ASCII),
    "cus": re.compile(r"cus_\w{1,100}\Z", re.ASCII),
}
_NOTHING: Mapping[str, str] = {}


def write_request(command: Command, order: Order, api_version: str) -> Outgoing:
    """Return the request for `command`; raise `RejectedError` for what can't be said."""
    match command:
        case AuthorisePayment(method=PaymentMethod.ADOPT):
            target, form = _adopt(command)
        case AuthorisePayment(method=PaymentMethod.STORED):
            target, form = _authorise(command, order)
        case CapturePayment():
            target, form = _capture(command, order)
        case VoidPayment():
            target, form = f"{intent_path(command.reference)}/cancel", _NOTHING
        case RefundPayment():
            target, form = _refund(command, order)
        case _:
            raise RejectedError(f"Stripe can't be asked for {_name(command)}", code="command")
    # The library writes brackets plainly; written likewise, these very bytes are what it sends.
    body = urlencode(form).replace("%5B", "[").replace("%5D", "]").encode()
    return Outgoing(body, "application/x-www-form-urlencoded", target, {"stripe-version": api_version})


def intent_path(reference: str) -> str:
    """Return the address of a PaymentIntent. A shop named it, so it is looked at before it becomes a path."""
    return f"{_INTENTS}/{_id('pi', reference)}"


def _adopt(command: AuthorisePayment) -> tuple[str, Mapping[str, str]]:
    _minor(command)
    return intent_path(command.reference or ""), {
        **_marks(command, labels.AUTHORISE),
        "expand[0]": "latest_charge",
    }


def _authorise(command: AuthorisePayment, order: Order) -> tuple[str, Mapping[str, str]]:
    customer = command.customer_reference
    return _INTENTS, {
        "amount": _minor(command, order),
        "currency": command.amount.currency.lower(),
        **({"customer": _id("cus", customer)} if customer else {}),
        "payment_method": _id("pm", command.reference or ""),
        "payment_method_types[0]": "card",
        "confirm": "true",
        "off_session": "true",
        "capture_method": "manual",
        "payment_method_options[card][request_multicapture]": "if_available",
        **_marks(command, labels.AUTHORISE),
        "expand[0]": "latest_charge",
    }


def _capture(command: CapturePayment, order: Order) -> tuple[str, Mapping[str, str]]:
    amount = _minor(command, order)
    form = {
        "amount_to_capture": amount,
        f"metadata[{labels.ORDER}]": str(command.order_id),
        f"metadata[{labels.capture_mark(command.key)}]": labels.capture_note(command.key, command.amount),
        "expand[0]": "latest_charge",
    }
    if not command.final:
        held = order.payment.authorisations()
        if not any(entry.multicapture for entry in held if entry.reference == command.reference):
            message = (
                f"{command.reference} can be captured once, so a capture that is not the last is not possible"
            )
            raise RejectedError(message, code="multicapture_unavailable")
        form["final_capture"] = "false"
    return f"{intent_path(command.reference)}/capture", form


def _refund(command: RefundPayment, order: Order) -> tuple[str, Mapping[str, str]]:
    return "/v1/refunds", {
        "payment_intent": _id("pi", command.reference),
        "amount": _minor(command, order),
        **_marks(command, labels.REFUND),
    }


def _marks(command: Command, key_label: str) -> Mapping[str, str]:
    return {f"metadata[{labels.ORDER}]": str(command.order_id), f"metadata[{key_label}]": command.key}


def _minor(command: AuthorisePayment | CapturePayment | RefundPayment, order: Order | None = None) -> str:
    """Return the amount. Captures and refunds don't name a currency to Stripe, so it is checked here."""
    if order is not None and command.amount.currency != order.currency:
        message = f"{command.amount} is not in the order's currency, {order.currency}"
        raise RejectedError(message, code="currency")
    try:
        return str(to_minor(command.amount))
    except UnsayableAmountError as error:
        raise RejectedError(str(error), code="amount") from error


def _id(kind: str, value: str) -> str:
    if not _ID[kind].match(value):
        raise RejectedError(f"{value!r} is not a Stripe id of the kind {kind}_…", code="reference")
    return value


def _name(command: Command) -> str:
    if isinstance(command, AuthorisePayment):
        return f"an authorisation by method {command.method.value}"
    return type(command).__name__
