"""A subscriber by webhook is told until it has taken the event, always by one id; after the ladder a person is."""

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import httpx
import pytest
from pydantic import SecretStr

from connectors.webstore.settings import secret_key
from connectors.webstore.signing import ID, SIGNATURE, TIMESTAMP, sign, webhook_content
from core.bus.port import Bus
from core.clock import SystemClock
from core.connector import Limits, OpenConnector
from core.effects.runner import EffectRunner
from core.engine.announcing import Subscriptions
from core.store.sqlite import SqliteDatabase
from hub.subscribers.settings import SubscriberSettings
from hub.subscribers.webhook import MEDIA_TYPE, Telling
from tests.core.engine.stage import Broker, Stage, engine_on
from tests.hub.config.building import SECRET

URL = "https://erp.example.com/events"


class Erp(httpx.AsyncBaseTransport):
    """Answers with these statuses, the last one from then on; an exception is a connection that breaks."""

    def __init__(self, *answers: int | Exception) -> None:
        self._answers = list(answers)
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer, stream=httpx.ByteStream(b"thanks"))


@asynccontextmanager
async def telling(empty_store: Path, folder: Path, erp: Erp) -> AsyncIterator[Stage]:
    """Run an engine and an effect runner whose one connector is a subscriber."""
    file = folder / "hub.db"
    shutil.copy(empty_store, file)
    store = await SqliteDatabase.open(file, SystemClock())
    async with store.transaction() as session:
        await session.run("INSERT INTO items VALUES ('MUG', '{\"sku\":\"MUG\"}', $1)", session.now)
    port = Telling(SubscriberSettings(url=URL, secrets=(SecretStr(SECRET),)), SystemClock(), erp)
    connectors = {"erp": OpenConnector("erp", effects=(port,), close=port.close)}
    broker = Broker()
    try:
        async with engine_on(store, bus=broker) as stage:
            subscriptions = Subscriptions(webhooks={"erp": frozenset({"OrderPlaced"})})
            stage.engine.world = replace(stage.engine.world, subscriptions=subscriptions)
            held = {"erp": Limits(ladder_s=(0.01, 0.01), breaker_failures=100)}
            runner = EffectRunner(store, stage.engine, cast("Bus", broker), SystemClock(), connectors, held)
            runner.start()
            try:
                yield stage
            finally:
                await runner.stop(5)
                await port.close()
    finally:
        await store.close()


async def state(stage: Stage, wanted: str) -> None:
    await stage.until_rows(1, "SELECT id FROM effects WHERE state = $1", wanted)


async def test_an_event_is_posted_as_a_cloud_event_that_is_signed(empty_store: Path, tmp_path: Path) -> None:
    erp = Erp(204)
    async with telling(empty_store, tmp_path, erp) as stage:
        order_id = await stage.placed("R-1")
        await state(stage, "confirmed")
        (request,) = erp.asked
        event = json.loads(request.content)
        assert str(request.url) == URL
        assert request.headers["content-type"] == MEDIA_TYPE
        assert (event["type"], event["subject"]) == ("OrderPlaced", str(order_id))
        assert event["data"]["order"]["reference"] == "R-1"
        assert request.headers[ID] == event["id"]
        content = webhook_content(event["id"], int(request.headers[TIMESTAMP]), request.content)
        assert request.headers[SIGNATURE] == sign(secret_key(SecretStr(SECRET)), content)


@pytest.mark.parametrize(
    "trouble", [500, 429, 302, 404, httpx.ReadError("broke"), httpx.ConnectError("closed")]
)
async def test_what_it_did_not_take_is_told_again_with_the_same_id_and_bytes(
    empty_store: Path, tmp_path: Path, trouble: int | Exception
) -> None:
    erp = Erp(trouble, 200)
    async with telling(empty_store, tmp_path, erp) as stage:
        await stage.placed("R-1")
        await state(stage, "confirmed")
        first, second = erp.asked
        assert first.headers[ID] == second.headers[ID]
        assert first.content == second.content
        assert await stage.rows("SELECT id FROM failures") == []


async def test_after_the_ladder_there_is_a_failure_record_and_the_order_goes_on(
    empty_store: Path, tmp_path: Path
) -> None:
    erp = Erp(503)
    async with telling(empty_store, tmp_path, erp) as stage:
        order_id = await stage.placed("R-1")
        await state(stage, "parked")
        (failure,) = await stage.rows("SELECT connector, stage, reason FROM failures")
        assert (failure["connector"], failure["stage"]) == ("erp", "send")
        assert "503" in failure["reason"]
        assert len(erp.asked) == 3
        await stage.note(order_id, "it goes on")
        assert await stage.notes(order_id) == ["it goes on"]


async def test_wrong_secrets_pause_the_subscriber_and_lose_nothing(empty_store: Path, tmp_path: Path) -> None:
    async with telling(empty_store, tmp_path, Erp(401)) as stage:
        await stage.placed("R-1")
        (paused,) = await stage.until_rows(1, "SELECT reason FROM connector_states WHERE paused")
        assert "secrets" in paused["reason"]
        await state(stage, "pending")
