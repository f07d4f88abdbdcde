"""From exceptions to sentences: what a person did wrong, or what went wrong, and never a traceback for either."""

import asyncio
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import typer

from hub.cli.output import Output

FAILED, MISUSED, INTERRUPTED = 1, 2, 130


class Failure(Exception):  # noqa: N818 - it is how a command fails
    """A command can't go on. `usage`: it was called the wrong way. `data` is what `--json` adds."""

    def __init__(self, reason: str, *, usage: bool = False, data: dict[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.reason, self.usage, self.data = reason, usage, data or {}


@contextmanager
def explain(out: Output) -> Generator[None]:
    """Turn what a command raises into lines on the other stream, and an exit status."""
    try:
        yield
    except typer.Exit:
        raise
    except Failure as failure:
        _tell(out, failure.reason, [], failure.data)
        raise typer.Exit(MISUSED if failure.usage else FAILED) from None
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(FAILED) from None
    except Exception as error:
        if not _is_expected(error):
            raise
        _tell(out, *_words(error))
        raise typer.Exit(_status(error)) from None


def _is_expected(error: Exception) -> bool:
    """Say whether an error is one that the hub understands; the machinery is imported only now."""
    from core.errors import HubError

    return isinstance(error, (HubError, OSError))


def _status(error: Exception) -> int:
    from hub.desk.errors import InvalidError

    return MISUSED if isinstance(error, InvalidError) else FAILED


def _words(error: Exception) -> tuple[str, list[Any], dict[str, Any]]:
    from core.errors import DocumentError
    from hub.config.problems import ConfigError
    from hub.desk.errors import DeskError

    if isinstance(error, (ConfigError, DocumentError)):
        return "", list(error.problems), {"error": "invalid"}
    if isinstance(error, DeskError):
        reason = "" if [str(problem) for problem in error.problems] == [error.reason] else error.reason
        return reason, list(error.problems), {"error": error.code}
    if isinstance(error, OSError):
        name = f"{error.filename}: " if error.filename else ""
        return f"{name}{error.strerror or error}", [], {"error": "failed"}
    return str(error) or type(error).__name__, [], {"error": "failed"}


def _tell(out: Output, reason: str, problems: list[Any], data: dict[str, Any]) -> None:
    if out.json:
        said = {"error": "failed", "reason": reason or str(problems[0]), **data}
        out.data({**said, "problems": [one.as_dict() for one in problems]} if problems else said)
        return
    for line in [reason] if reason else []:
        out.trouble(line)
    for problem in problems:
        warning = str(getattr(problem, "severity", "")) == "warning"
        out.trouble(str(problem), style="yellow" if warning else "red")
