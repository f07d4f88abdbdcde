"""Errors that say what to do next. Connectors raise only these, each `from` its cause, translated at the edge."""

from typing import Literal


class HubError(Exception):
    """Anything that goes wrong in a way that the hub understands."""


class PartnerError(HubError):
    """A partner did not do what it was asked. The subclass says what to do next."""


class RetryableError(PartnerError):
    """It certainly had no effect, and may succeed later: refused connection, 429, 503.

    `retry_after_s` holds back the whole connector, unless `scope` says that the limit is one operation's: then only
    commands of the same type wait, and the partner is not taken for broken.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        scope: Literal["connector", "operation"] = "connector",
    ) -> None:
        super().__init__(message)
        self.retry_after_s, self.scope = retry_after_s, scope


class RejectedError(PartnerError):
    """The partner says no, for good. `code` is the partner's word for it."""

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class UnauthorisedError(PartnerError):
    """The partner does not accept our credentials: pause the connector and alert somebody."""


class OutcomeUnknownError(PartnerError):
    """It may have taken effect: look it up by its key before repeating it."""


class DocumentError(HubError):
    """A wire document can't be read. Every problem found, each with its position."""

    def __init__(self, problems: tuple["Problem", ...]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems) or "the document can't be read")
        self.problems = problems


class Problem:
    """One thing wrong with a document: where, what stands there, why it is wrong, and the way out."""

    __slots__ = ("column", "field", "line", "reason", "source", "value")

    def __init__(
        self,
        reason: str,
        *,
        field: str | None = None,
        value: str | None = None,
        line: int | None = None,
        column: int | None = None,
        source: str | None = None,
    ) -> None:
        self.reason, self.field, self.value = reason, field, value
        self.line, self.column, self.source = line, column, source

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", column {self.column}" if self.column else "") if self.line else ""
        parts = [
            self.source,
            where,
            self.field,
            f"{self.value!r}" if self.value is not None else None,
            self.reason,
        ]
        return ": ".join(part for part in parts if part)

    def as_dict(self) -> dict[str, str | int]:
        """Return what is known, for JSON."""
        found = {name: getattr(self, name) for name in sorted(self.__slots__)}
        return {name: value for name, value in found.items() if value is not None}


class DoorError(HubError):
    """A request is refused at the door, before anything was stored (RFC 9457 problem details)."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        *,
        detail: str = "",
        problems: tuple[Problem, ...] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail or title)
        self.status, self.code, self.title, self.detail = status, code, title, detail
        self.problems, self.headers = problems, headers or {}
