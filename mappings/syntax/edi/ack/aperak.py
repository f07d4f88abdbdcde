"""APERAK: what the application says of one document, once its syntax was acknowledged (UN D.96A and D.01B)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mappings.syntax.edi.ack.composing import Body, Plain

ACCEPTED, NOT_ACCEPTED = "29", "27"
"""1225: accepted without amendment; not accepted."""
_TEXT, _TEXTS = 70, 5
"""C108 holds five texts of 70 characters in D.96A."""


@dataclass(frozen=True, slots=True)
class ApplicationProblem:
    """One reason why a document isn't taken."""

    code: str
    """As agreed with the partner (C901.9321)."""
    text: str
    """In words; no personal data."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The document that is answered, as its BGM names it."""

    number: str
    """BGM's 1004."""
    message: str
    """UNH's 0062."""


def aperak(
    answered: Answered,
    problems: Sequence[ApplicationProblem],
    number: str,
    at: datetime,
    version: str = "D:96A:UN",
) -> Body:
    """Return the APERAK about a document; without problems it says that the document is accepted."""
    segments: list[Plain] = [
        ("BGM", "", number, NOT_ACCEPTED if problems else ACCEPTED),
        ("DTM", ("137", f"{at:%Y%m%d%H%M}", "203")),
        ("RFF", ("ACW", answered.number)),  # reference number to previous message
        ("RFF", ("AGO", answered.message)),  # sender's reference to the original message
    ]
    for problem in problems:
        segments.append(("ERC", (problem.code,)))
        segments.append(("FTX", "AAO", "", "", _texts(problem.text)))
    return Body("APERAK", tuple(segments), version=version)


def _texts(text: str) -> tuple[str, ...]:
    pieces = tuple(text[start : start + _TEXT] for start in range(0, len(text), _TEXT))
    return pieces[:_TEXTS]
