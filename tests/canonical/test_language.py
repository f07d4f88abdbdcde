"""What holds for every event, command and value of the language."""

from decimal import Decimal
from uuid import UUID

import pytest
from pydantic import ValidationError

from canonical import events
from canonical.base import Value
from canonical.commands import COMMAND_BY_NAME, COMMANDS
from canonical.documents import DocumentTender, KeyKind
from canonical.events import (
    EVENT_BY_NAME,
    EVENTS,
    SCHEMA,
    Event,
    NoteAdded,
    PaymentAuthorised,
    ReleaseRequested,
    ShipmentCreated,
)
from canonical.evolve import evolve
from canonical.keys import keys_of
from canonical.money import Money
from canonical.order import Order, ReleaseLine
from canonical.policy import ChannelPolicy, Policy
from tests.canonical.building import ORDER_ID, eur, line, placed, tender


def test_every_event_is_listed_under_its_name() -> None:
    defined = {v for v in vars(events).values() if isinstance(v, type) and issubclass(v, Event)} - {Event}
    assert set(EVENTS) == defined
    assert {name: event.__name__ for name, event in EVENT_BY_NAME.items()} == {n: n for n in EVENT_BY_NAME}
    assert SCHEMA >= 1


def test_every_command_is_listed_under_its_name() -> None:
    assert {c.__name__ for c in COMMANDS} == set(COMMAND_BY_NAME)


def test_everything_says_what_it_is() -> None:
    assert all(kind.__doc__ for kind in (*EVENTS, *COMMANDS))


def test_a_value_is_closed_and_frozen() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Money.model_validate({"amount": "1", "currency": "EUR", "colour": "red"})
    with pytest.raises(ValidationError, match="frozen"):
        eur(1).amount = eur(2).amount  # type: ignore[misc]


def test_a_changed_value_is_checked_like_a_new_one() -> None:
    assert eur(1).replace(currency="USD") == Money.of(1, "USD")
    with pytest.raises(ValidationError):
        eur(1).replace(currency="dollars")
    with pytest.raises(ValidationError):
        eur(1).replace(colour="red")


def test_a_change_leaves_all_else_as_the_very_same_objects() -> None:
    order = evolve(None, placed(line("1"), line("2")))
    noted = evolve(order, NoteAdded(order_id=ORDER_ID, text="hello", actor="support"))
    assert noted.lines is order.lines
    assert noted.payment is order.payment
    assert noted == Order.model_validate_json(noted.model_dump_json())


def test_a_change_that_only_the_whole_can_judge_is_judged_by_the_whole() -> None:
    bought = tender(1, "5.00")
    document = DocumentTender(gateway="stripe", method=bought.method, reference="pi_1", amount=Decimal(5))
    with pytest.raises(ValidationError, match="reference"):
        document.replace(reference=None)
    assert isinstance(eur(1), Value)


def test_a_note_that_is_too_long_is_refused_before_it_is_kept() -> None:
    with pytest.raises(ValidationError):
        NoteAdded(order_id=ORDER_ID, text="x" * 2001, actor="support")


def test_a_channel_without_a_policy_has_the_defaults() -> None:
    own = ChannelPolicy(mail=False)
    policy = Policy(channels={"marketplace": own})
    assert policy.channel("marketplace") is own
    assert policy.channel("webstore") == ChannelPolicy()


def test_events_give_their_order_the_names_that_partners_use() -> None:
    lines = (ReleaseLine(line_id="1", sku="A", quantity=1),)
    authorised = PaymentAuthorised(
        order_id=ORDER_ID, key="a", gateway="stripe", reference="pi_2", amount=eur(1)
    )
    asked = ReleaseRequested(order_id=ORDER_ID, release_id="r1", node="n", connector="c", lines=lines)
    parcel = ShipmentCreated(order_id=ORDER_ID, shipment_id="s", release_id="r1", node="n", lines=lines)
    named = [
        (key.kind, key.value)
        for event in (
            placed(tenders=(tender(1, "5.00"), tender(2, "1.00").replace(reference=None, method="prepaid"))),
            authorised,
            asked,
            parcel,
            parcel.replace(tracking_number="T1"),
            NoteAdded(order_id=UUID(int=1), text="hello", actor="support"),
        )
        for key in keys_of(event)
    ]
    assert named == [
        (KeyKind.CHANNEL_REF, "webstore:1001"),
        (KeyKind.PAYMENT, "stripe:pi_1"),
        (KeyKind.PAYMENT, "stripe:pi_2"),
        (KeyKind.RELEASE, "r1"),
        (KeyKind.TRACKING, "T1"),
    ]
