"""How EasyPost refuses (docs.easypost.com/docs/errors)."""

from typing import Any


class RefusalError(Exception):
    """A call ends in an error: status, code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"error": {"code": code, "message": message, "errors": []}}


def missing() -> RefusalError:
    """Return the refusal of something that is not there."""
    return RefusalError(404, "NOT_FOUND", "The requested resource could not be found.")


def unprocessable(code: str, message: str) -> RefusalError:
    """Return the refusal of something that can't be done."""
    return RefusalError(422, code, message)
