"""Effects that nobody knows the outcome of, resolved by a person or by asking the partner."""

from uuid import UUID, uuid4

import orjson
import pytest

from canonical.money import Money
from core.errors import OutcomeUnknownError, RetryableError
from core.ids import uuid7
from hub.desk import effects, failures, orders
from hub.desk.effects import EffectFilter, Resolution
from hub.desk.errors import ForbiddenError, InvalidError, NotFoundError, RefusedError
from tests.hub.stage import SUPPORT, VIEWER, Stage

PAUSE = "INSERT INTO connector_states (connector, paused, updated_at) VALUES ('wms', 1, $1)"


async def unknown(hub: Stage) -> tuple[UUID, UUID]:
    """Return an order and its release, of which nobody knows whether the warehouse has it."""
    hub.hub.runner.paused = frozenset({"wms"})
    await hub.run(PAUSE, hub.ctx.clock.now())
    order_id = await hub.placed("R-1")
    sql = "SELECT id FROM effects WHERE command = 'SubmitRelease'"
    effect_id = (await hub.until(lambda: hub.rows(sql)))[0]["id"]
    await hub.run(
        "UPDATE effects SET state = 'unknown', first_sent_at = $2 WHERE id = $1",
        effect_id,
        hub.ctx.clock.now(),
    )
    return order_id, effect_id


async def open_up(hub: Stage) -> None:
    await hub.run("DELETE FROM connector_states")
    hub.hub.runner.paused = frozenset()
    hub.hub.runner.wake("wms")


async def becomes(hub: Stage, effect_id: UUID, state: str) -> None:
    await hub.until(lambda: hub.rows("SELECT id FROM effects WHERE id = $1 AND state = $2", effect_id, state))


async def test_effects_are_listed_by_state_and_connector(hub: Stage) -> None:
    order_id, effect_id = await unknown(hub)
    found = await effects.list_effects(hub.ctx, VIEWER, EffectFilter(state="open", connector="wms"))
    assert [effect.id for effect in found.items] == [effect_id]
    assert found.items[0].order_id == order_id
    none = await effects.list_effects(hub.ctx, VIEWER, EffectFilter(state="rejected"))
    assert none.items == ()


async def test_a_person_says_that_it_happened(hub: Stage) -> None:
    _, effect_id = await unknown(hub)
    shown = await effects.resolve(
        hub.ctx, SUPPORT, effect_id, Resolution.CONFIRMED, "seen on their page", reference="W-9"
    )
    assert (shown.state, shown.reference, shown.reason) == ("confirmed", "W-9", "seen on their page")
    await open_up(hub)
    assert hub.partners["wms"].took == []
    log = await hub.rows("SELECT action, detail FROM audit_log WHERE action LIKE 'effect.%'")
    assert [(row["action"], row["detail"]) for row in log] == [("effect.confirmed", "seen on their page")]


async def test_a_person_says_that_it_was_not_sent_and_it_is_sent(hub: Stage) -> None:
    _, effect_id = await unknown(hub)
    await effects.resolve(hub.ctx, SUPPORT, effect_id, Resolution.NOT_SENT, "they never had it")
    await open_up(hub)
    await becomes(hub, effect_id, "confirmed")
    assert len(hub.partners["wms"].took) == 1
    assert hub.partners["wms"].looked_up == []


async def test_the_partner_is_asked_before_anything_is_sent_again(hub: Stage) -> None:
    _, effect_id = await unknown(hub)
    key = (await effects.show_effect(hub.ctx, VIEWER, effect_id)).key
    hub.partners["wms"].took.append(key)
    await effects.resolve(hub.ctx, SUPPORT, effect_id, Resolution.LOOK_UP, "let us see")
    await open_up(hub)
    await becomes(hub, effect_id, "confirmed")
    assert hub.partners["wms"].took == [key]
    assert (await effects.show_effect(hub.ctx, VIEWER, effect_id)).reference == "found"


async def test_what_is_decided_is_not_resolved_again(hub: Stage) -> None:
    await hub.placed("R-1")
    await hub.settled()
    effect_id = (await effects.list_effects(hub.ctx, VIEWER, EffectFilter(connector="wms"))).items[0].id
    for resolution in Resolution:
        with pytest.raises(RefusedError, match="not in doubt"):
            await effects.resolve(hub.ctx, SUPPORT, effect_id, resolution, "again")
    with pytest.raises(ForbiddenError):
        await effects.resolve(hub.ctx, VIEWER, effect_id, Resolution.LOOK_UP, "again")
    with pytest.raises(NotFoundError):
        await effects.resolve(hub.ctx, SUPPORT, uuid4(), Resolution.LOOK_UP, "again")
    with pytest.raises(InvalidError):
        await effects.resolve(hub.ctx, SUPPORT, effect_id, Resolution.LOOK_UP, " ")


async def test_a_confirmed_refund_is_told_to_its_order(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    await hub.settled()
    refund = {
        "order_id": str(order_id), "connector": "till", "key": f"refund:{order_id}:1", "reference": "pay-1",
        "amount": Money.of("5.00", "EUR").model_dump(mode="json"),
    }  # fmt: skip
    effect_id, now = uuid7(), hub.ctx.clock.now()
    await hub.run(
        "INSERT INTO effects (id, key, connector, command, body, order_id, state, due_at, recorded_at) "
        "VALUES ($1, $2, 'till', 'RefundPayment', $3, $4, 'parked', $5, $5)",
        effect_id, refund["key"], orjson.dumps(refund).decode(), order_id, now,
    )  # fmt: skip
    with pytest.raises(InvalidError, match="reference"):
        await effects.resolve(hub.ctx, SUPPORT, effect_id, Resolution.CONFIRMED, "paid by hand")
    await effects.resolve(hub.ctx, SUPPORT, effect_id, Resolution.CONFIRMED, "paid by hand", reference="re-1")
    shown = await orders.show_order(hub.ctx, SUPPORT, order_id)
    assert str(shown.order.payment.refunded("EUR")) == "5.00 EUR"
    assert shown.journal[-1].body["fact_key"] == "till:re-1:refunded"


async def test_resolving_a_parked_effect_closes_its_failure(hub: Stage) -> None:
    hub.partners["wms"].troubles = [OutcomeUnknownError("silence") for _ in range(9)]
    hub.partners["wms"].look_up = hub.partners["wms"].send  # type: ignore[method-assign] # silence here too
    await hub.placed("R-1")
    row = (await hub.until(lambda: hub.rows("SELECT id, effect_id FROM failures WHERE stage = 'send'")))[0]
    hub.partners["wms"].troubles = [OutcomeUnknownError("silence")]
    await effects.resolve(hub.ctx, SUPPORT, row["effect_id"], Resolution.CONFIRMED, "they have it")
    shown = await failures.show_failure(hub.ctx, SUPPORT, row["id"])
    assert (shown.status, shown.closed_by, shown.closed_reason) == ("resolved", "helper", "they have it")


async def test_what_is_known_at_the_partner_and_who_decided_is_shown(hub: Stage) -> None:
    hub.partners["wms"].troubles = [RetryableError("closed") for _ in range(2)]
    await hub.placed("R-1")
    rows = await hub.until(lambda: hub.rows("SELECT id FROM effects WHERE state = 'parked'"))
    effect_id = rows[0]["id"]
    in_doubt = await effects.list_effects(hub.ctx, VIEWER, EffectFilter(state="in_doubt"))
    assert [(one.id, one.standing.value, one.in_doubt) for one in in_doubt.items] == [
        (effect_id, "unknown", True)
    ]
    before = await effects.show_effect(hub.ctx, SUPPORT, effect_id)
    assert (before.reason, before.decisions, before.failure_id is None) == ("closed", (), False)
    await effects.resolve(hub.ctx, SUPPORT, effect_id, Resolution.LOOK_UP, "they are back")
    await hub.settled()
    shown = await effects.show_effect(hub.ctx, SUPPORT, effect_id)
    assert (shown.state, shown.standing.value, shown.failure_id) == ("confirmed", "confirmed", None)
    assert [(d.actor, d.action, d.detail) for d in shown.decisions] == [
        ("helper", "effect.look_up", "they are back")
    ]
    assert (await effects.show_effect(hub.ctx, VIEWER, effect_id)).decisions[0].detail != "they are back"


@pytest.mark.parametrize(
    ("state", "first_sent_at", "standing"),
    [
        ("pending", None, "not_sent"), ("pending", "x", "not_sent"), ("sending", "x", "under_way"),
        ("unknown", "x", "unknown"), ("parked", None, "not_sent"), ("parked", "x", "unknown"),
        ("confirmed", "x", "confirmed"), ("rejected", "x", "rejected"),
    ],
)  # fmt: skip
def test_what_is_known_of_an_effect(state: str, first_sent_at: str | None, standing: str) -> None:
    assert effects.standing_of({"state": state, "first_sent_at": first_sent_at}).value == standing
