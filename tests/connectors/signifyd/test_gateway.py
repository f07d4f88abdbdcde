"""What the gateway makes of Signifyd's answers, beyond what every fraud gateway does."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from canonical.commands import ScreenOrder
from canonical.documents import BusinessKey, FraudDecisionDocument, KeyKind
from canonical.fraud import FraudReport, FraudVerdict
from connectors.signifyd.client import SignifydClient
from connectors.signifyd.settings import SignifydSettings
from core.clock import ManualClock
from core.errors import OutcomeUnknownError, RejectedError, RetryableError, UnauthorisedError
from core.loopback import LoopbackServer
from core.ports import Effect
from tests.connectors.signifyd.stage import API_KEY, Stage
from tests.contracts.building import NOON, a_context, an_effect
from tests.contracts.fraud_gateway import GATEWAY, ORDER, REF, report, screen


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = await Stage(changes={"deadline_s": 5}).open()
    yield stage
    await stage.close()


def effect_of(stage: Stage, command: ScreenOrder, **more: Any) -> Effect:
    outgoing = stage.gateway.render(command, a_context(ORDER))
    made = an_effect(command, outgoing)
    return Effect(made.id, made.key, command, outgoing, made.attempt, **{"first_sent_at": None, **more})


class Wall(LoopbackServer):
    """Answers every request alike (ASGI)."""

    def __init__(self, status: int, body: bytes = b"{}", headers: dict[str, str] | None = None) -> None:
        super().__init__(self)
        self._said = status, body, {"content-type": "application/json", **(headers or {})}

    async def __call__(self, _: Any, receive: Any, send: Any) -> None:
        await receive()
        status, body, headers = self._said
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})


async def asked(wall: Wall, method: str = "post") -> Any:
    """What the client makes of a wall."""
    base = await wall.start()
    client = SignifydClient(
        SignifydSettings.model_validate({"api_key": API_KEY, "api_base": base}), ManualClock(NOON)
    )
    try:
        if method == "post":
            return await client.post("/v3/orders/events/sales", b"{}")
        return await client.find("/v3/orders/x/decision")
    finally:
        await client.close()
        await wall.stop()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RejectedError), (401, UnauthorisedError), (403, UnauthorisedError), (404, RetryableError),
        (405, RejectedError), (408, RetryableError), (409, RetryableError), (422, RejectedError),
        (429, RetryableError), (500, OutcomeUnknownError), (502, OutcomeUnknownError), (503, RetryableError),
        (504, OutcomeUnknownError), (302, RejectedError),
    ],
)  # fmt: skip
async def test_each_answer_says_what_to_do_next(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        await asked(Wall(status))


@pytest.mark.parametrize(
    ("status", "error"), [(500, RetryableError), (504, RetryableError), (400, RejectedError)]
)
async def test_to_ask_has_no_effect_and_may_be_repeated(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        await asked(Wall(status), "get")


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"signifydId": 1', b"[" * 5000])
async def test_an_answer_that_is_no_object_leaves_a_wish_in_doubt_and_a_question_open(body: bytes) -> None:
    with pytest.raises(OutcomeUnknownError):
        await asked(Wall(201, body))
    with pytest.raises(RetryableError):
        await asked(Wall(200, body), "get")


@pytest.mark.parametrize(("said", "wait_s"), [("2", 2.0), ("999999", 86_400.0), ("soon", None), ("", None)])
async def test_signifyd_says_how_long_to_wait(said: str, wait_s: float | None) -> None:
    with pytest.raises(RetryableError) as refused:
        await asked(Wall(429, headers={"retry-after": said}))
    assert refused.value.retry_after_s == wait_s


async def test_a_refusal_names_the_fields_and_the_trace_but_not_what_stands_there() -> None:
    body = b'{"messages": ["bad"], "traceId": "t-77", "errors": {"purchase.products": ["A. Customer is no product"]}}'
    with pytest.raises(RejectedError) as refused:
        await asked(Wall(400, body))
    assert str(refused.value) == "Signifyd answered 400 (it refuses purchase.products; trace t-77)"
    assert refused.value.code == "400"


@pytest.mark.parametrize("body", [b"{}", b'{"errors": [], "traceId": null}', b"nonsense"])
async def test_a_refusal_without_a_word_is_told_as_one(body: bytes) -> None:
    with pytest.raises(RejectedError, match=r"Signifyd answered 400$"):
        await asked(Wall(400, body))


async def test_a_broken_question_is_asked_again() -> None:
    class Hung(Wall):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            self.reset(scope)

    with pytest.raises(RetryableError):
        await asked(Hung(200), "get")


async def test_a_decision_is_found_by_signifyds_own_name_of_the_case(stage: Stage) -> None:
    answer = await stage.gateway.send(effect_of(stage, screen()))
    name = f"{GATEWAY}:{answer.reference}"
    assert answer.keys == (BusinessKey(kind=KeyKind.EXTERNAL_ID, value=name),)


async def test_a_decision_that_can_not_be_read_is_in_doubt(stage: Stage) -> None:
    stage.simulator.plan(REF, "CHALLENGE", None)
    effect = effect_of(stage, screen())
    await stage.gateway.send(effect)
    stage.simulator.desk.cases[REF].decision = {"createdAt": "never", "checkpointAction": "ACCEPT"}
    with pytest.raises(OutcomeUnknownError, match=r"decision\.createdAt"):
        await stage.gateway.look_up(effect)


async def test_an_older_decision_is_no_answer_to_a_new_question(stage: Stage) -> None:
    await stage.gateway.send(effect_of(stage, screen()))
    now = stage.clock.now()
    late = effect_of(stage, screen(2), first_sent_at=now + timedelta(hours=1))
    assert await stage.gateway.look_up(late) is None
    soon = effect_of(stage, screen(2), first_sent_at=now)
    assert await stage.gateway.look_up(soon) is not None
    assert (
        await stage.gateway.look_up(effect_of(stage, screen(), first_sent_at=late.first_sent_at)) is not None
    )


async def test_a_webhook_that_beats_the_answer_or_comes_twice_is_the_same_fact(stage: Stage) -> None:
    subject, webhook = f"sales {REF}", f"SALE {REF}"
    stage.faults.plan.update({"webhook_first": {subject}, "duplicate_webhook": {webhook}})
    answer = await stage.gateway.send(effect_of(stage, screen()))
    assert stage.desk.kept
    told = await stage.documents()
    assert told == answer.documents
    assert stage.desk.receipts[-1].duplicate


async def test_decisions_that_overtake_each_other_lose_nothing(stage: Stage) -> None:
    stage.simulator.plan(REF, "HOLD")
    await stage.gateway.send(effect_of(stage, screen()))
    stage.simulator.review(REF, "REJECT")
    told = {one.verdict: one.occurred_at for one in await stage.documents()}
    assert set(told) == {FraudVerdict.REVIEW, FraudVerdict.REJECTED}
    assert str(told[FraudVerdict.REVIEW]) < str(told[FraudVerdict.REJECTED])


async def test_what_signifyd_has_no_words_for_is_done_without_a_call(stage: Stage) -> None:
    command = report(FraudReport.VERDICT)
    effect = an_effect(command, stage.gateway.render(command, a_context(ORDER)))
    await stage.simulator.stop()
    assert (await stage.gateway.send(effect)).reference == "Signifyd has no words for this"
    assert await stage.gateway.look_up(effect) is None


async def test_decisions_may_be_asked_for_by_webhook_only() -> None:
    stage = await Stage(changes={"decision": "ASYNC_ONLY"}).open()
    try:
        assert (await stage.gateway.send(effect_of(stage, screen()))).documents == ()
        (told,) = await stage.documents()
        assert isinstance(told, FraudDecisionDocument)
    finally:
        await stage.close()


async def test_no_error_tells_a_secret(stage: Stage) -> None:
    other = Effect(uuid4(), "k", screen(), stage.gateway.render(screen(), a_context(ORDER)), 1, None)
    stage.faults.plan.update({"http_400": {f"sales {REF}"}})
    nowhere = stage.settings.model_copy(update={"api_base": "http://127.0.0.1:1"})
    for broken in (stage.gateway, stage.connect(nowhere).effects[0]):
        with pytest.raises((RejectedError, RetryableError)) as refused:
            await broken.send(other)
        assert API_KEY not in f"{refused.value} {refused.value.__cause__!r}"
