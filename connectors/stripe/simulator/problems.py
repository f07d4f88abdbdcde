"""Stripe's error bodies (docs.stripe.com/api/errors)."""

from typing import Any


class StripeRefusalError(Exception):
    """A refusal, as Stripe words it.

    `executed`: the endpoint had begun to work, so that the refusal is kept under the idempotency key. What
    fails validation, waits for a lock, or is turned away by a limit is not kept.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        executed: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status, self.executed = status, executed
        error = {"type": kind, "code": code, "message": message, "param": param, **more}
        self.error = {name: value for name, value in error.items() if value is not None}
        if code:
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"

    def body(self) -> dict[str, Any]:
        """Return the JSON of the answer."""
        return {"error": self.error}


def invalid(message: str, *, code: str | None = None, param: str | None = None) -> StripeRefusalError:
    """A parameter is wrong: 400, found before anything is done."""
    return StripeRefusalError(400, "invalid_request_error", message, code=code, param=param)


def refused(
    message: str, *, code: str | None = None, param: str | None = None, **more: Any
) -> StripeRefusalError:
    """The object does not allow it: 400, found while doing it."""
    return StripeRefusalError(
        400, "invalid_request_error", message, code=code, param=param, executed=True, **more
    )


def missing(kind: str, object_id: str, param: str) -> StripeRefusalError:
    """There is no such object: 404."""
    return StripeRefusalError(
        404, "invalid_request_error", f"No such {kind}: '{object_id}'", code="resource_missing", param=param
    )


def unauthorised(message: str, code: str | None = None) -> StripeRefusalError:
    """The key is missing, wrong or expired: 401."""
    return StripeRefusalError(401, "invalid_request_error", message, code=code)


def server_error() -> StripeRefusalError:
    """Something broke at Stripe: 500, and kept under the idempotency key."""
    return StripeRefusalError(
        500, "api_error", "An unexpected error occurred with a connection to our processor.", executed=True
    )
