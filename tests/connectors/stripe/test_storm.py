"""Many orders at once on a Stripe where much goes wrong: at the end all money moved once, and everybody knows."""

import asyncio
from collections import Counter
from uuid import uuid4

import pytest

from canonical.commands import AuthorisePayment, CapturePayment, Command, RefundPayment
from canonical.documents import PaymentDocument, PaymentFact
from canonical.money import Money
from canonical.order import Order
from canonical.payment import PaymentMethod
from core.errors import OutcomeUnknownError, RetryableError
from core.ports import Effect
from core.simulator import Faults
from tests.connectors.stripe.stage import Stage
from tests.contracts.building import a_context, an_order
from tests.contracts.payment_gateway import GATEWAY

ORDERS = 25
OWED, BACK = Money.of("44.80", "EUR"), Money.of("9.95", "EUR")
SHARES = {
    "http_429": 0.2, "lock_timeout": 0.1, "http_500": 0.15, "http_500_after": 0.15, "reset_before": 0.15,
    "reset_after": 0.15, "truncated": 0.15, "malformed": 0.15, "duplicate_webhook": 0.3, "webhook_first": 0.3,
}  # fmt: skip


async def settle(stage: Stage, command: Command, order: Order) -> PaymentDocument:
    """Carry a wish out as the engine does: in doubt it asks first, and only what was not found is repeated."""
    outgoing = stage.gateway.render(command, a_context(order))
    in_doubt = False
    for attempt in range(1, 30):
        effect = Effect(uuid4(), command.key, command, outgoing, attempt, stage.clock.now())
        try:
            found = await stage.gateway.look_up(effect) if in_doubt else None
            answer = found or await stage.gateway.send(effect)
        except OutcomeUnknownError:
            in_doubt = True
            continue
        except RetryableError:
            continue
        (document,) = answer.documents
        assert isinstance(document, PaymentDocument)
        return document
    pytest.fail(f"{command.key} did not settle")


async def live(stage: Stage, number: int) -> list[PaymentDocument]:
    """The life of an order's money: held for a shop or by a stored card, taken, and partly paid back."""
    order = an_order(f"W-{number}")
    method, reference, customer = PaymentMethod.ADOPT, "", None
    if number % 2:
        reference = await stage.simulator.create_intent_for_shop(4480, "eur")
    else:
        customer, reference = stage.simulator.store_card()
        method = PaymentMethod.STORED
    wish = AuthorisePayment(
        order_id=order.id, connector=GATEWAY, key=f"authorise:{number}", tender=1, method=method,
        reference=reference, customer_reference=customer, amount=OWED,
    )  # fmt: skip
    held = await settle(stage, wish, order)
    capture = CapturePayment(
        order_id=order.id, connector=GATEWAY, key=f"capture:{number}", reference=held.reference, amount=OWED,
        final=True,
    )  # fmt: skip
    refund = RefundPayment(
        order_id=order.id, connector=GATEWAY, key=f"refund:{number}", reference=held.reference, amount=BACK
    )
    return [held, await settle(stage, capture, order), await settle(stage, refund, order)]


@pytest.mark.parametrize("seed", [1, 2])
async def test_all_money_moves_once_and_everybody_knows(seed: int) -> None:
    faults = Faults(seed, SHARES)
    stage = await Stage(faults=faults).open()
    try:
        lives = await asyncio.gather(*(live(stage, number) for number in range(ORDERS)))
        await stage.all_told()
    finally:
        await stage.close()
    answered = {document.fact_key(): document for documents in lives for document in documents}
    assert len(answered) == 3 * ORDERS
    assert {name for name in SHARES if faults.happened[name] == 0} == set()

    moved = Counter((entry["kind"], entry["key"]) for entry in stage.ledger.entries)
    assert set(moved.values()) == {1}
    kinds = Counter(entry["kind"] for entry in stage.ledger.entries)
    assert kinds == {"authorised": ORDERS, "captured": ORDERS, "refunded": ORDERS}
    sums = (
        {entry["amount"] for entry in stage.ledger.of("captured")},
        {entry["amount"] for entry in stage.ledger.of("refunded")},
    )
    assert sums == ({4480}, {995})

    told = {document.fact_key(): document for document in stage.documents()}
    by_shops = {
        key for key, one in answered.items() if one.fact is PaymentFact.AUTHORISED and key not in told
    }
    assert len(by_shops) == ORDERS // 2
    assert set(told) == set(answered) - by_shops
    for key, document in told.items():
        assert document.replace(occurred_at=None) == answered[key].replace(occurred_at=None)
