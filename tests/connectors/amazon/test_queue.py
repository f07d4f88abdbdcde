"""The queue's client, against a queue that AWS's users test with (moto), and AWS's own client against our queue."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped] # AWS ships no types
import httpx
import pytest
from botocore.auth import SigV4Auth  # type: ignore[import-untyped] # as boto3
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped] # as boto3
from botocore.credentials import Credentials  # type: ignore[import-untyped] # as boto3
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from connectors.amazon.queue import NotificationQueue
from connectors.amazon.settings import QueueSettings
from connectors.amazon.signing import signed_headers
from core.clock import SystemClock
from core.errors import RejectedError, RetryableError, UnauthorisedError
from tests.connectors.amazon.stage import CUPS, Basket, Stage, a_stage

KEY, SECRET = "AKIAEXAMPLE", "an-example-of-a-secret"


def a_queue(url: str, **changes: Any) -> QueueSettings:
    said = {"url": url, "region": "eu-west-1", "access_key_id": KEY, "secret_access_key": SECRET, "wait_s": 0}
    return QueueSettings.model_validate({**said, **changes})


def aws(url: str, key: str = KEY) -> Any:
    return boto3.client(
        "sqs", endpoint_url=url, region_name="eu-west-1", aws_access_key_id=key, aws_secret_access_key=SECRET
    )


# --- our client and somebody else's queue ---


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
async def theirs(
    moto: str, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Any, str, NotificationQueue]]:
    client = aws(moto)
    name = "".join(c if c.isalnum() else "-" for c in request.node.name)[:80]
    url = (await asyncio.to_thread(client.create_queue, QueueName=name))["QueueUrl"]
    async with httpx.AsyncClient(trust_env=False) as http:
        yield client, url, NotificationQueue(a_queue(url), SystemClock(), http, 30)


async def test_messages_are_received_with_their_bodies(theirs: tuple[Any, str, NotificationQueue]) -> None:
    client, url, queue = theirs
    for body in ('{"a": "ü"}', "second"):
        await asyncio.to_thread(client.send_message, QueueUrl=url, MessageBody=body)
    assert await queue.count() == 2
    assert sorted(message.body for message in await queue.receive()) == ["second", '{"a": "ü"}']


async def test_what_was_received_is_hidden_until_it_is_deleted_for_good(
    theirs: tuple[Any, str, NotificationQueue],
) -> None:
    client, url, queue = theirs
    for n in range(12):
        await asyncio.to_thread(client.send_message, QueueUrl=url, MessageBody=str(n))
    found = [*await queue.receive(), *await queue.receive()]
    assert sorted(int(message.body) for message in found) == list(range(12))
    assert await queue.receive() == []
    await queue.delete(found[:10])
    await queue.delete(found[10:])
    await queue.delete([])
    names = {"AttributeNames": ["All"]}
    told = (await asyncio.to_thread(client.get_queue_attributes, QueueUrl=url, **names))["Attributes"]
    assert (told["ApproximateNumberOfMessages"], told["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


async def test_what_is_not_deleted_comes_again(moto: str, theirs: tuple[Any, str, NotificationQueue]) -> None:
    client, url, queue = theirs
    await asyncio.to_thread(client.send_message, QueueUrl=url, MessageBody="again")
    (first,) = await queue.receive()
    await asyncio.to_thread(
        client.change_message_visibility, QueueUrl=url, ReceiptHandle=first.receipt, VisibilityTimeout=0
    )
    (second,) = await queue.receive()
    assert second.body == "again"
    assert second.receipt != first.receipt


async def test_a_queue_that_is_not_there_is_said_so(moto: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        queue = NotificationQueue(a_queue(f"{moto}/123456789012/nowhere"), SystemClock(), http, 30)
        with pytest.raises(RejectedError, match="url") as refused:
            await queue.receive()
    assert "QueueDoesNotExist" in str(refused.value.code)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (403, {"__type": "com.amazon.coral.service#InvalidClientTokenId"}, UnauthorisedError),
        (403, {"__type": "AccessDeniedException", "message": "no"}, UnauthorisedError),
        (403, {"__type": "SignatureDoesNotMatch"}, UnauthorisedError),
        (500, {"__type": "InternalError"}, RetryableError),
        (503, b"<html>", RetryableError),
        (400, {"__type": "com.amazonaws.sqs#RequestThrottled"}, RetryableError),
        (200, b"<html>", RetryableError),
        (200, b"[]", RetryableError),
        (200, {"Messages": [{"MessageId": "1"}]}, RetryableError),
    ],
)
async def test_each_answer_says_what_to_do_next(status: int, body: Any, error: type[Exception]) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=content))
    async with httpx.AsyncClient(transport=transport) as http:
        queue = NotificationQueue(a_queue("https://sqs.eu-west-1.amazonaws.com/1/q"), SystemClock(), http, 30)
        with pytest.raises(error) as refused:
            await queue.receive()
    assert SECRET not in str(refused.value)


# --- somebody else's client and our queue ---


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with a_stage(tmp_path) as made:
        yield made


async def test_awss_own_client_reads_the_simulators_queue(stage: Stage) -> None:
    url, client = stage.told["queue"]["url"], aws(stage.told["api_base"], "AKIASIMULATED")
    stage.market.sell("A-1", [CUPS])
    await asyncio.to_thread(client.send_message, QueueUrl=url, MessageBody="by hand")
    both = await asyncio.to_thread(client.receive_message, QueueUrl=url, MaxNumberOfMessages=10)
    bodies = [message["Body"] for message in both["Messages"]]
    assert json.loads(bodies[0])["Payload"]["OrderChangeNotification"]["AmazonOrderId"] == "A-1"
    assert bodies[1] == "by hand"
    hidden = await asyncio.to_thread(client.receive_message, QueueUrl=url, MaxNumberOfMessages=10)
    assert "Messages" not in hidden
    entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(both["Messages"])]
    gone = await asyncio.to_thread(client.delete_message_batch, QueueUrl=url, Entries=entries[:1])
    assert [one["Id"] for one in gone["Successful"]] == ["0"]
    await asyncio.to_thread(client.delete_message, QueueUrl=url, ReceiptHandle=entries[1]["ReceiptHandle"])
    assert len(stage.market.queue) == 0
    found = await asyncio.to_thread(client.get_queue_url, QueueName="orderhub")
    assert found["QueueUrl"] == url


async def test_awss_own_client_is_refused_by_the_simulator_as_by_aws(stage: Stage) -> None:
    url, base = stage.told["queue"]["url"], stage.told["api_base"]
    stranger, known = aws(base, "AKIASTRANGER"), aws(base, "AKIASIMULATED")
    with pytest.raises(stranger.exceptions.ClientError, match="InvalidClientTokenId"):
        await asyncio.to_thread(stranger.receive_message, QueueUrl=url)
    with pytest.raises(known.exceptions.QueueDoesNotExist):
        await asyncio.to_thread(known.receive_message, QueueUrl=f"{base}/1/elsewhere")
    with pytest.raises(known.exceptions.ClientError, match="InvalidParameterValue"):
        await asyncio.to_thread(known.receive_message, QueueUrl=url, MaxNumberOfMessages=11)


async def test_wrong_keys_pause_the_connector(stage: Stage) -> None:
    stage.told["queue"]["access_key_id"] = "AKIASTRANGER"
    feed = next(feed for feed in stage.open().feeds if feed.name == "notifications")
    with pytest.raises(UnauthorisedError, match="access key"):
        await feed.poll(Basket())


async def test_a_long_poll_ends_with_the_first_news(stage: Stage) -> None:
    stage.told["queue"]["wait_s"] = 20
    feed = next(feed for feed in stage.open().feeds if feed.name == "notifications")
    basket = Basket()
    waiting = asyncio.create_task(feed.poll(basket))
    await asyncio.sleep(0)
    stage.market.sell("A-1", [CUPS])
    await waiting
    assert [raw.kind for raw in basket.taken] == ["notification", "order"]


# --- signatures ---


@given(
    body=st.binary(max_size=200),
    target=st.sampled_from(["AmazonSQS.ReceiveMessage", "AmazonSQS.DeleteMessageBatch"]),
    path=st.sampled_from(["/", "/437568002678/orderhub", "/1/with space~and.dots"]),
    token=st.none() | st.just("a-session-token"),
    at=st.integers(1_577_836_800, 2_145_916_800).map(lambda s: datetime.fromtimestamp(s, UTC)),
)
def test_a_signature_is_the_one_that_aws_makes(
    body: bytes, target: str, path: str, token: str | None, at: datetime
) -> None:
    url = f"https://sqs.eu-west-1.amazonaws.com{path}".replace(" ", "%20")
    headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": target}
    settings = a_queue("https://sqs.eu-west-1.amazonaws.com/1/q", session_token=token)
    ours = signed_headers(settings, url, headers, body, at)
    theirs = AWSRequest("POST", url, headers=headers, data=body)
    theirs.context["timestamp"] = at.strftime("%Y%m%dT%H%M%SZ")
    signer = SigV4Auth(Credentials(KEY, SECRET, token), "sqs", "eu-west-1")
    for name in ("x-amz-date", "x-amz-security-token"):
        if name in ours:
            theirs.headers[name] = ours[name]
    signature = signer.signature(signer.string_to_sign(theirs, signer.canonical_request(theirs)), theirs)
    assert ours["authorization"].endswith(f"Signature={signature}")
