"""What a running hub says: lines for people on a terminal, JSON lines for everything that collects logs."""

import logging
import sys
from typing import Any

import structlog

from hub.config.sections import LogSection


def log_to_stdout(section: LogSection) -> None:
    """Send the log to standard output, as the configuration says."""
    as_text = section.format == "text" or (section.format == "auto" and sys.stdout.isatty())
    render: list[Any] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())]
        if as_text
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[section.level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    # Libraries log by the standard way; only what is worth a look is let through.
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s", force=True
    )
