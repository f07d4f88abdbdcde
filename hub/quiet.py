"""Where the hub's log goes: to standard error in a service, to a file while a person looks at the screen."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import structlog


@contextmanager
def logs_to(file: Path) -> Generator[None]:
    """Write the log of everything in the block to a file, one JSON object a line."""
    with file.open("a", encoding="utf-8") as stream:
        structlog.configure(
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
            logger_factory=structlog.WriteLoggerFactory(file=stream),
            cache_logger_on_first_use=False,
        )
        handler = logging.StreamHandler(stream)
        root = logging.getLogger()
        before = root.handlers[:]
        root.handlers[:] = [handler]
        try:
            yield
        finally:
            root.handlers[:] = before
            structlog.reset_defaults()
