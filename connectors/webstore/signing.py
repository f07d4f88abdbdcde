"""Signatures in the manner of Standard Webhooks: HMAC-SHA256 over the raw bytes, in constant time.

A webhook of ours signs id, timestamp and body with dots between them, exactly as the standard says. A request
to our doors also signs method and target: id, timestamp, method, target and body, with line feeds between.
No part before the body can hold a line feed, so no two requests have the same signed content.
"""

import base64
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence

from core.clock import Clock
from core.errors import DoorError

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
_MOST_SIGNATURES = 10
_CHALLENGE = {"www-authenticate": "Webhook-Signature"}


def sign(key: bytes, content: bytes) -> str:
    """Return one signature of `content`, with its version."""
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()


def signed_headers(
    keys: Sequence[bytes], webhook_id: str, timestamp_s: int, content: bytes
) -> dict[str, str]:
    """Return the three headers; `content` is signed with every key, so that the receiver may rotate."""
    return {
        ID: webhook_id,
        TIMESTAMP: str(timestamp_s),
        SIGNATURE: " ".join(sign(key, content) for key in keys),
    }


def webhook_content(webhook_id: str, timestamp_s: int, body: bytes) -> bytes:
    """Return what a webhook of ours signs."""
    return f"{webhook_id}.{timestamp_s}.".encode() + body


def request_content(webhook_id: str, timestamp: str, method: str, target: str, body: bytes) -> bytes:
    """Return what a request to our doors signs. `target`: path and query behind the base URL."""
    head = f"{webhook_id}\n{timestamp}\n{method}\n{target}\n"
    return head.encode("utf-8", "surrogatepass") + body


class Verifier:
    """Says who signed a request: the shop, or nobody. `tolerance_s` counts both ways, by the hub's clock."""

    def __init__(self, keys: Iterable[bytes], clock: Clock, tolerance_s: int) -> None:
        self._keys, self._clock, self._tolerance_s = tuple(keys), clock, tolerance_s

    def verify(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> str:
        """Return the request's `webhook-id`; raise `DoorError` 401."""
        missing = [name for name in (ID, TIMESTAMP, SIGNATURE) if not headers.get(name)]
        if missing:
            detail = f"the request lacks {', '.join(missing)}: every request is signed"
            raise _refused("signature_missing", detail)
        webhook_id, timestamp = headers[ID], headers[TIMESTAMP]
        content = request_content(webhook_id, timestamp, method, target, body)
        if not self._is_ours(content, headers[SIGNATURE]):
            detail = (
                f"no v1 signature fits: sign webhook-id, webhook-timestamp, {method}, the target and the raw "
                "body, with line feeds between them, by one of the connector's api_secrets"
            )
            raise _refused("signature_mismatch", detail)
        self._check_time(timestamp)
        return webhook_id

    def _is_ours(self, content: bytes, signatures: str) -> bool:
        given = [word.encode("utf-8", "surrogatepass") for word in signatures.split(" ")[:_MOST_SIGNATURES]]
        found = False
        for key in self._keys:
            expected = sign(key, content).encode()
            for one in given:  # every pair is compared, so that the time says nothing about which key fitted
                found |= hmac.compare_digest(expected, one)
        return found

    def _check_time(self, timestamp: str) -> None:
        now_s = int(self._clock.now().timestamp())
        if not re.fullmatch("[0-9]{1,12}", timestamp):
            raise _refused(
                "timestamp_unreadable", f"{TIMESTAMP} is whole seconds since 1970, such as {now_s}"
            )
        away_s = int(timestamp) - now_s
        if abs(away_s) > self._tolerance_s:
            side = "ahead of" if away_s > 0 else "behind"
            detail = (
                f"{TIMESTAMP} is {abs(away_s)} s {side} the hub's clock, and {self._tolerance_s} s are "
                "allowed: set the sender's clock, and sign each sending anew"
            )
            raise _refused("timestamp_outside_tolerance", detail)


def _refused(code: str, detail: str) -> DoorError:
    return DoorError(
        401, code, "The request is not signed as agreed", detail=detail, headers=dict(_CHALLENGE)
    )
