"""JSON out of a partner's raw document, for readers that look at it before a mapping does."""

import json

from core.errors import DocumentError, Problem


def parse_json(body: bytes) -> object:
    """Return what `body` says; raise `DocumentError` with line and column where it is no JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        line, column = (
            (error.lineno, error.colno) if isinstance(error, json.JSONDecodeError) else (None, None)
        )
        raise DocumentError((Problem(f"this is not JSON: {error}", line=line, column=column),)) from error
