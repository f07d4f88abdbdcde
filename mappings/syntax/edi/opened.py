"""What is known of a set, a group and an interchange while they are open."""

from dataclasses import dataclass, field

from mappings.syntax.edi.charsets import Charset, agreed
from mappings.syntax.edi.events import SetBegin
from mappings.syntax.edi.faults import Envelope, Faults, wrong_count, wrong_reference
from mappings.syntax.edi.model import Delimiters, Fault, Grammars, Segment, SetCheck
from mappings.syntax.edi.values import plain, raw

_REMEMBERED = 10_000
"""Control numbers that a duplicate is looked for among."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read."""

    grammars: Grammars | None = None
    """What sets are checked against; None checks envelopes only."""
    x12_charset: Charset = field(default_factory=lambda: agreed("utf-8"))
    """X12 names no character set: it is the partners' agreement."""
    strict: bool = True
    """Whether these are errors, and not warnings only: a byte that isn't in the character set, a control number that
    comes twice or isn't repeated in the trailer. Files of many partners have them, and their envelopes hold."""


class Seen:
    """The control numbers of the last ten thousand."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, None] = {}

    def again(self, reference: str) -> bool:
        """Remember a control number; say whether it was known."""
        if reference in self._known:
            return True
        self._known[reference] = None
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        return False


class OpenSet:
    """A transaction set or message."""

    __slots__ = ("begin", "check", "faults", "last", "number", "take")

    def __init__(self, begin: SetBegin, check: SetCheck | None) -> None:
        self.begin = begin
        self.check = check
        self.take = None if check is None else check.take
        self.number = 0
        self.faults = Faults()
        self.last = begin.head

    @property
    def counted(self) -> int:
        """What the trailer should say: segments that stand under no header are no set's."""
        return 0 if self.begin.headless else self.number


class OpenGroup:
    """A functional group."""

    __slots__ = ("control", "faults", "seen", "sets", "version")

    def __init__(self, control: str, version: str) -> None:
        self.control = control
        self.version = version
        self.sets = 0
        self.seen = Seen()
        self.faults = Faults()


class Counted:
    """What an interchange holds."""

    __slots__ = ("groups", "seen_groups", "seen_sets", "sets", "sets_outside")

    def __init__(self) -> None:
        self.groups = 0
        self.sets = 0
        self.sets_outside = 0
        self.seen_groups = Seen()
        self.seen_sets = Seen()


def check_tail(
    envelope: Envelope,
    tail: Segment,
    delimiters: Delimiters,
    found: int,
    control: str,
    number: int | None = None,
) -> list[Fault]:
    """Return what is wrong with a trailer: its count, and the control number that it repeats."""
    stated, reference = simple(tail, 1, delimiters), simple(tail, 2, delimiters)
    faults: list[Fault] = []
    if not (stated.isascii() and stated.isdigit() and len(stated) < 20 and int(stated) == found):  # noqa: PLR2004
        faults.append(wrong_count(envelope, tail, stated, found, number))
    if reference != control and not (envelope.is_number and _same_number(reference, control)):
        faults.append(wrong_reference(envelope, tail, reference, control, number))
    return faults


def simple(segment: Segment, element: int, delimiters: Delimiters) -> str:
    """Return an element of an envelope, none of which has components."""
    return plain(raw(segment, element), delimiters.release).strip()


def _same_number(one: str, other: str) -> bool:
    both = one + other
    return (
        both.isascii()
        and bool(one)
        and one.isdigit()
        and other.isdigit()
        and one.lstrip("0") == other.lstrip("0")
    )
