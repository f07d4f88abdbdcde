"""What the simulator's parts share: requests, answers, and Amazon's way of saying no."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast

Obj = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What came in; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Obj:
        """Return the body's object, or refuse it."""
        try:
            found: object = json.loads(self.body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise RefusalError(400, "InvalidInput", "the request's body is not a JSON object")
        return cast("Obj", found)


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, data: Any, status: int = 200) -> "Reply":
        """Return a reply of JSON."""
        return cls(status, json.dumps(data).encode(), {"content-type": "application/json"})


class RefusalError(Exception):
    """Amazon says no: `{"errors": [{"code", "message", "details"}]}`."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.reply = Reply.of(
            {"errors": [{"code": code, "message": message, "details": details}]}, HTTPStatus(status)
        )


def invalid(details: str) -> RefusalError:
    """Return the refusal of what the model does not allow."""
    return RefusalError(400, "InvalidInput", "Invalid Input", details)
