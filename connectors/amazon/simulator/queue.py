"""One SQS queue, by AWS's JSON protocol 1.0: enough to be read like the real one, and to lose nothing.

docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference
"""

import asyncio
import hashlib
import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from connectors.amazon.simulator.wire import Obj, Reply, Request
from core.clock import Clock

_MOST = 10


@dataclass(slots=True)
class _Message:
    id: str
    body: str
    hidden_until: float = 0.0
    receipt: str = ""
    receives: int = 0


class QueueError(Exception):
    """AWS says no."""

    def __init__(self, status: int, word: str, message: str) -> None:
        super().__init__(message)
        self.reply = Reply.of({"__type": f"com.amazonaws.sqs#{word}", "message": message}, status)


class Queue:
    """A standard queue: what was received is hidden for a while, and comes again unless it is deleted."""

    def __init__(self, clock: Clock, access_key_id: str, name: str = "orderhub") -> None:
        self._clock, self._access_key_id, self._name = clock, access_key_id, name
        self.base = ""
        self._messages: dict[str, _Message] = {}
        self._count = 0
        self._visibility_s = 30.0
        self._put = asyncio.Event()

    @property
    def url(self) -> str:
        """The queue's address."""
        return f"{self.base}/437568002678/{self._name}"

    def put(self, body: str) -> str:
        """Put a message in, as Amazon does; return its id."""
        self._count += 1
        message = _Message(f"00000000-0000-4000-8000-{self._count:012d}", body)
        self._messages[message.id] = message
        self._put.set()
        return message.id

    def __len__(self) -> int:
        return len(self._messages)

    async def answer(self, request: Request) -> Reply:
        """Answer a call of the JSON protocol."""
        actions: dict[str, Callable[[Obj], Any]] = {
            "SendMessage": self._send,
            "DeleteMessage": self._delete,
            "DeleteMessageBatch": self._delete_batch,
            "GetQueueAttributes": self._attributes,
            "GetQueueUrl": lambda _: {"QueueUrl": self.url},
        }
        try:
            self._admit(request)
            action, said = self._asked(request)
            if action == "ReceiveMessage":
                return Reply.of(await self._receive(said))
            known = actions.get(action)
            if known is not None:
                return Reply.of(known(said))
        except QueueError as error:
            return error.reply
        return QueueError(400, "UnsupportedOperation", f"{action} is not played here").reply

    def _admit(self, request: Request) -> None:
        found = re.match(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/[a-z0-9-]+/sqs/aws4_request, ?"
            r"SignedHeaders=\S+, ?Signature=[0-9a-f]{64}$",
            request.headers.get("authorization", ""),
        )
        if found is None:
            raise QueueError(403, "MissingAuthenticationToken", "the request is not signed for SQS")
        if found.group(1) != self._access_key_id:
            raise QueueError(403, "InvalidClientTokenId", "the access key is not known")

    def _asked(self, request: Request) -> tuple[str, Obj]:
        action = request.headers.get("x-amz-target", "").removeprefix("AmazonSQS.")
        try:
            said: Obj = json.loads(request.body)
        except ValueError:
            raise QueueError(400, "MalformedInput", "the body is not JSON") from None
        if action != "GetQueueUrl" and not str(said.get("QueueUrl", "")).endswith(f"/{self._name}"):
            raise QueueError(400, "QueueDoesNotExist", "The specified queue does not exist.")
        return action, said

    def _send(self, said: Obj) -> Obj:
        body = str(said["MessageBody"])
        return {"MessageId": self.put(body), "MD5OfMessageBody": _md5(body)}

    async def _receive(self, said: Obj) -> Obj:
        most = int(said.get("MaxNumberOfMessages", 1))
        if not 1 <= most <= _MOST:
            raise QueueError(400, "InvalidParameterValue", "MaxNumberOfMessages is 1 to 10")
        if not self._visible():
            await self._news(float(said.get("WaitTimeSeconds", 0)))
        found = self._visible()[:most]
        hidden_until = self._clock.monotonic() + float(said.get("VisibilityTimeout", self._visibility_s))
        return {"Messages": [self._taken(message, hidden_until) for message in found]} if found else {}

    async def _news(self, wait_s: float) -> None:
        """Wait for a new message; in wall time, for a long poll is spent on a real socket."""
        self._put.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._put.wait(), wait_s)

    def _visible(self) -> list[_Message]:
        now = self._clock.monotonic()
        return [message for message in self._messages.values() if message.hidden_until <= now]

    def _taken(self, message: _Message, hidden_until: float) -> Obj:
        message.receives += 1
        message.hidden_until = hidden_until
        message.receipt = f"{message.id}#{message.receives}"
        return {
            "MessageId": message.id, "ReceiptHandle": message.receipt, "MD5OfBody": _md5(message.body),
            "Body": message.body,
        }  # fmt: skip

    def _delete(self, said: Obj) -> Obj:
        self._messages.pop(str(said["ReceiptHandle"]).partition("#")[0], None)
        return {}

    def _delete_batch(self, said: Obj) -> Obj:
        for entry in said["Entries"]:
            self._delete(entry)
        return {"Successful": [{"Id": entry["Id"]} for entry in said["Entries"]], "Failed": []}

    def _attributes(self, _: Obj) -> Obj:
        return {"Attributes": {"ApproximateNumberOfMessages": str(len(self._visible()))}}


def _md5(body: str) -> str:
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
