"""Stripe's idempotency keys (docs.stripe.com/api/idempotent_requests), with their true semantics."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from connectors.stripe.simulator.problems import StripeRefusalError
from core.clock import Clock

LIFETIME_S = 24 * 3600
_LONGEST = 255


@dataclass(slots=True)
class Reply:
    """An answer of the API. `keep`: an endpoint had begun to work, so the key remembers it."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict[str, str])
    keep: bool = True


@dataclass(slots=True)
class _Kept:
    request: str
    at: float
    reply: Reply | None = None


class IdempotencyKeys:
    """Remembers the first result of each key, whatever it was, and gives it again for 24 hours."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    async def once(self, key: str, request: str, work: Callable[[], Awaitable[Reply]]) -> Reply:
        """Return what `work` answers, or what it answered when this key came first.

        `request` is everything that must be the same when a key comes again: method, path and parameters.
        """
        if len(key) > _LONGEST:
            message = f"Idempotency keys can be up to {_LONGEST} characters long."
            raise StripeRefusalError(400, "invalid_request_error", message, code="idempotency_key_invalid")
        now = self._clock.monotonic()
        kept = self._kept.get(key)
        if kept is not None and (kept.reply is None or now - kept.at < LIFETIME_S):
            return self._again(key, request, kept)
        self._kept[key] = entry = _Kept(request, now)
        try:
            reply = await work()
        except BaseException:
            del self._kept[key]
            raise
        if reply.keep:
            entry.reply = reply
        else:
            del self._kept[key]
        return reply

    def is_busy(self, key: str) -> bool:
        """Say whether a request with that key is being worked on."""
        kept = self._kept.get(key)
        return kept is not None and kept.reply is None

    @staticmethod
    def _again(key: str, request: str, kept: _Kept) -> Reply:
        if kept.request != request:
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were first used"
                f" with. Try using a key other than '{key}' if you meant to execute a different request."
            )
            raise StripeRefusalError(400, "idempotency_error", message)
        if kept.reply is None:
            message = (
                "There is currently another in-progress request using this Idempotency Key (that probably"
                f" means you submitted twice, and the other request is still going through): {key}."
            )
            raise StripeRefusalError(409, "idempotency_error", message, code="idempotency_key_in_use")
        first = kept.reply
        headers = {
            **first.headers,
            "idempotent-replayed": "true",
            "original-request": first.headers["request-id"],
        }
        return Reply(first.status, first.body, headers)
