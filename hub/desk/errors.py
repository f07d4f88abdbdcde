"""How the desk says no. `status` is what HTTP calls it; `reason` is for a person."""

from collections.abc import Sequence

from core.errors import HubError, Problem


class DeskError(HubError):
    """A wish is not carried out, and nothing has changed. `code` is its name for programs."""

    status = 400
    code = "bad_request"

    def __init__(self, reason: str, *, problems: Sequence[Problem] = ()) -> None:
        super().__init__(reason)
        self.reason, self.problems = reason, tuple(problems)


class InvalidError(DeskError):
    """What was asked makes no sense: `problems` name each field, value and reason."""

    status = 422
    code = "invalid"


class NotFoundError(DeskError):
    """There is no such thing here."""

    status = 404
    code = "not_found"


class RefusedError(DeskError):
    """It makes sense, but not as things stand: the reason says why, and what would help."""

    status = 409
    code = "refused"


class ForbiddenError(DeskError):
    """The role of whoever asks does not allow it."""

    status = 403
    code = "forbidden"


class UnauthenticatedError(DeskError):
    """Nobody known asks: the token is missing, wrong, expired or revoked."""

    status = 401
    code = "unauthenticated"
