"""Many orders at once on a Signifyd where much goes wrong: each is decided once, and everything is told once."""

import asyncio
from uuid import uuid4

import pytest

from canonical.commands import Command
from canonical.fraud import FraudReport
from canonical.order import Order
from core.errors import OutcomeUnknownError, RetryableError
from core.ports import Answer, Effect
from core.simulator import Faults
from tests.connectors.signifyd.stage import Stage
from tests.contracts.building import a_context, an_order
from tests.contracts.fraud_gateway import report, screen

ORDERS = 25
SHARES = {
    "http_429": 0.2, "http_409": 0.1, "http_503": 0.1, "http_500": 0.15, "http_500_after": 0.15, "reset_before": 0.15,
    "reset_after": 0.15, "truncated": 0.15, "malformed": 0.15, "duplicate_webhook": 0.3, "webhook_first": 0.3,
}  # fmt: skip


async def settle(stage: Stage, command: Command, order: Order) -> Answer:
    """Carry a wish out as the engine does: in doubt it asks first, and only what was not found is repeated."""
    outgoing = stage.gateway.render(command, a_context(order))
    in_doubt = False
    for attempt in range(1, 40):
        effect = Effect(uuid4(), command.key, command, outgoing, attempt, stage.clock.now())
        try:
            found = await stage.gateway.look_up(effect) if in_doubt else None
            return found or await stage.gateway.send(effect)
        except OutcomeUnknownError:
            in_doubt = True
        except RetryableError:
            continue
    pytest.fail(f"{command.key} did not settle")


async def live(stage: Stage, number: int) -> Answer:
    order = an_order(f"W-{number}")
    first = await settle(stage, screen().replace(order_id=order.id, key=f"screen:{number}"), order)
    for kind in (FraudReport.CAPTURED, FraudReport.SHIPPED, FraudReport.RETURNED):
        await settle(stage, report(kind).replace(key=f"{kind.value}:{number}"), order)
    return first


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_order_is_decided_once_and_everything_is_told_once(seed: int) -> None:
    faults = Faults(seed, SHARES)
    stage = await Stage(faults=faults).open()
    try:
        answers = await asyncio.gather(*(live(stage, number) for number in range(ORDERS)))
        told = await stage.documents()
    finally:
        await stage.close()
    assert {name for name in SHARES if faults.happened[name] == 0} == set()
    assert {entry["turn"] for entry in stage.ledger.of("screened")} == {1}
    assert len(stage.ledger.of("screened")) == len(stage.ledger.of("decided")) == ORDERS
    assert {one for answer in answers for one in answer.documents} == set(told)
    assert len(told) == ORDERS
    for kind in ("told_transaction", "told_fulfillment", "told_return"):
        assert sum(not entry["again"] for entry in stage.ledger.of(kind)) == ORDERS
