"""The SQS queue of notifications: taken, dealt with, and only then deleted. JSON protocol of AWS, version 1.0.

docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import httpx

from connectors.amazon.plain import obj
from connectors.amazon.settings import QueueSettings
from connectors.amazon.signing import signed_headers
from core.clock import Clock
from core.errors import PartnerError, RejectedError, RetryableError, UnauthorisedError

_MOST = 10
_NOT_ALLOWED = ("AccessDenied", "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClient",
                "InvalidSignature", "ExpiredToken", "MissingAuthenticationToken", "InvalidSecurity")  # fmt: skip
_NO_QUEUE = ("QueueDoesNotExist", "NonExistentQueue", "InvalidAddress")


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was taken: it comes again unless it is deleted by its receipt."""

    id: str
    receipt: str
    body: str


class NotificationQueue:
    """One queue. Every call may be repeated."""

    def __init__(self, settings: QueueSettings, clock: Clock, http: httpx.AsyncClient, call_s: float) -> None:
        self._settings, self._clock, self._http, self._call_s = settings, clock, http, call_s
        parts = urlsplit(settings.url)
        self._endpoint = f"{parts.scheme}://{parts.netloc}/"

    async def receive(self) -> list[Message]:
        """Wait for news, as long as the queue is set to; return up to ten messages."""
        # The wait is spent on a real socket, whatever the hub's clock makes of a second.
        wait_s = int(self._clock.real_seconds(self._settings.wait_s))
        said = await self._call(
            "ReceiveMessage",
            {
                "MaxNumberOfMessages": _MOST,
                "WaitTimeSeconds": wait_s,
                "VisibilityTimeout": self._settings.visibility_s,
            },
            wait_s,
        )
        found: Any = said.get("Messages") or []
        try:
            return [Message(str(m["MessageId"]), str(m["ReceiptHandle"]), str(m["Body"])) for m in found]
        except (KeyError, TypeError) as error:
            raise RetryableError("the queue's answer is not as agreed") from error

    async def delete(self, messages: Sequence[Message]) -> None:
        """Forget messages that have been dealt with. One that can't be deleted comes again: that is harmless."""
        if messages:
            entries = [{"Id": str(i), "ReceiptHandle": m.receipt} for i, m in enumerate(messages)]
            await self._call("DeleteMessageBatch", {"Entries": entries}, 0)

    async def count(self) -> int:
        """Return about how many messages wait."""
        names = {"AttributeNames": ["ApproximateNumberOfMessages"]}
        said = await self._call("GetQueueAttributes", names, 0)
        return int(obj(said.get("Attributes")).get("ApproximateNumberOfMessages", 0))

    async def _call(self, action: str, more: Mapping[str, Any], wait_s: float) -> dict[str, Any]:
        body = json.dumps({"QueueUrl": self._settings.url, **more}).encode()
        headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"AmazonSQS.{action}"}
        signed = signed_headers(self._settings, self._endpoint, headers, body, self._clock.now())
        try:
            async with asyncio.timeout(self._clock.real_seconds(self._call_s) + wait_s):
                response = await self._http.post(self._endpoint, content=body, headers=signed)
        except (TimeoutError, httpx.HTTPError, httpx.StreamError) as error:
            raise RetryableError(f"the queue gave no answer ({type(error).__name__})") from error
        said = _object(response)
        if not response.is_success:
            raise _meaning(action, response.status_code, said)
        return said


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        found: object = json.loads(response.content or b"{}")
    except ValueError:
        found = None
    if isinstance(found, dict):
        return cast("dict[str, Any]", found)
    if response.is_success:
        raise RetryableError("the queue's answer is no JSON object")
    return {}


def _meaning(action: str, status: int, said: Mapping[str, Any]) -> PartnerError:
    word = str(said.get("__type", "")).rpartition("#")[2]
    message = f"SQS answers {action} with {status} {word}: {said.get('message') or said.get('Message') or ''}"
    if any(name in word for name in _NOT_ALLOWED):
        return UnauthorisedError(f"{message}; compare the queue's access key, region and policy")
    if any(name in word for name in _NO_QUEUE):
        return RejectedError(f"{message}; compare the queue's url with the one in AWS", code=word)
    return RetryableError(message)
