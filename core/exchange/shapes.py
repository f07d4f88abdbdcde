"""What passes between the ledger, which knows no EDI, and whoever reads and writes it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from core.errors import Problem
from core.exchange.numbers import Numbers


class Standing(StrEnum):
    """What became of an interchange or a set."""

    OPEN = "open"
    """Sent, and not acknowledged yet."""
    SENT = "sent"
    """Sent, and no acknowledgement is expected."""
    ACCEPTED = "accepted"
    WITH_ERRORS = "accepted with errors"
    PARTLY = "partly accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class SentSet:
    """One set of an interchange that we send."""

    kind: str
    group: int | None = None
    """Which of the interchange's groups it is in, counted from 0; None where there are none."""
    reference: str | None = None
    """The number of the business document that it is about: the purchase order's."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A set that the partner owes about a document."""

    kind: str
    reference: str
    after: str
    within: timedelta


@dataclass(frozen=True, slots=True)
class Draft:
    """An interchange that is written but for its control numbers. Writing it with numbers can't fail."""

    pair: str
    """Ours to theirs."""
    groups: int
    sets: tuple[SentSet, ...]
    write: Callable[[Numbers], bytes]
    """Pure: equal numbers give equal bytes."""
    name: Callable[[Numbers], str]
    """What the file is called; it is its own for good."""
    media_type: str
    answer_within: timedelta | None = None
    """By when it is to be acknowledged; None where no acknowledgement is expected."""
    wishes: tuple[Wish, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenSet:
    """One set that is accepted: a message of its own, that stands by itself."""

    kind: str
    group_control: str
    control: str
    body: bytes
    standing: Standing = Standing.ACCEPTED
    references: tuple[str, ...] = ()
    """The numbers of the documents that it is about."""


@dataclass(frozen=True, slots=True)
class RefusedSet:
    """One set that is not processed, and what was wrong with it."""

    kind: str
    group_control: str
    control: str
    reason: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class SetAnswer:
    """What the partner says of one of our sets."""

    control: str
    standing: Standing
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PartnerAnswer:
    """What the partner says of one of our interchanges, of one of its groups, or of a document in it."""

    kind: str
    """`TA1`, `997`, `CONTRL`, `APERAK`."""
    interchange: str | None
    """Its control number; None where only a group is named."""
    group: str | None
    standing: Standing | None
    """None: it only came."""
    sets: tuple[SetAnswer, ...] = ()
    """Those that are named."""
    codes: tuple[str, ...] = ()
    """Why; of an APERAK with its texts."""
    document: str | None = None
    """The number of the document that is meant, by which it is found where no control number is named."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is done with an interchange: all of it in one transaction."""

    standing: Standing
    reason: str | None = None
    problems: tuple[Problem, ...] = ()
    sets: tuple[TakenSet, ...] = ()
    refused: tuple[RefusedSet, ...] = ()
    answers: tuple[PartnerAnswer, ...] = ()
    acknowledgement: Draft | None = None
    wishes: tuple[Wish, ...] = ()


@dataclass(frozen=True, slots=True)
class Received:
    """One interchange of a file, before it is known whether its number came before."""

    control: str
    inward: str
    outward: str
    """The pairs whose numbers the partner and we draw."""
    digest: str
    """SHA-256 of its bytes."""
    media_type: str
    window: timedelta
    takes_other_bytes: bool
    ignores_same_bytes: bool
    answer_within: timedelta
    rule: Callable[[bool], Ruling] = field(compare=False)
    """Pure. Called with whether the control number is to be refused as a duplicate."""
