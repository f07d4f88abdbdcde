"""One side of an exchange, in memory: its own envelopes and control numbers, what it accepts, what it acknowledges.

For whoever plays a trading partner. It keeps to the standards, and knows nothing of the hub's ledger and profiles:
X12.5 and X12.6 (envelopes), X12.20 and X12.56 (997, TA1), 005010X231 (999); ISO 9735 (UNB, UNH, CONTRL).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256

from mappings.errors import MappingError
from mappings.syntax.edi.ack.acknowledging import acknowledged
from mappings.syntax.edi.ack.answers import Acknowledgement
from mappings.syntax.edi.ack.collecting import alone, collect
from mappings.syntax.edi.ack.composing import (
    USUAL_X12_ENVELOPE,
    Body,
    EdifactEnvelope,
    Numbers,
    Plain,
    X12Envelope,
    counts,
    raw_segments,
    write_edifact,
    write_x12,
)
from mappings.syntax.edi.ack.outline import ACKNOWLEDGEMENTS, InterchangeOutline, set_control, set_type
from mappings.syntax.edi.ack.reading import read_answer
from mappings.syntax.edi.ack.verdict import Agreement, Decision, Verdict, duplicate, judge
from mappings.syntax.edi.counterpart_shapes import Arrived, Refused, Sent, Taken, Terms
from mappings.syntax.edi.events import SetBegin, SetEnd
from mappings.syntax.edi.model import Delimiters, Grammars, Segment, Standard
from mappings.syntax.edi.opened import Reading
from mappings.syntax.edi.options import FUNCTIONAL_IDS
from mappings.syntax.edi.reading import read_events
from mappings.syntax.edi.values import components_of


class Counterpart:
    """One side of an exchange with one other."""

    def __init__(self, terms: Terms, grammars: Grammars | None = None) -> None:
        self.terms = terms
        self.sent: list[Sent] = []
        self._reading = Reading(grammars, terms.encoding)
        self._numbers = Numbers(0, (0,), (0,))
        self._came: dict[str, bytes] = {}

    # --- out ---------------------------------------------------------------------------------------------------

    def send(self, bodies: Sequence[Body], now: datetime) -> bytes:
        """Return an interchange of documents with the next control numbers; their texts are characters, not bytes."""
        return self._send([self._filled(body) for body in bodies], None, now)

    def unanswered(self) -> list[Sent]:
        """Return what the other side has not acknowledged."""
        return [one for one in self.sent if one.decision is None]

    def _filled(self, body: Body) -> Body:
        segments = raw_segments(body.segments, self.terms.encoding)
        functional_id = body.functional_id or FUNCTIONAL_IDS.get(body.type, "")
        return Body(body.type, segments, functional_id, body.version or self.terms.version)

    def _send(self, bodies: Sequence[Body], segment: Plain | None, now: datetime) -> bytes:
        terms, is_x12 = self.terms, self.terms.standard is Standard.X12
        numbers = self._next(bodies)
        acknowledges = not any(body.type not in ACKNOWLEDGEMENTS for body in bodies)
        asks = terms.wants_acknowledgement and not acknowledges
        if is_x12:
            around = X12Envelope(
                terms.ours, terms.theirs, terms.ours[1], terms.theirs[1], now, terms.marks,
                terms.envelope or USUAL_X12_ENVELOPE, terms.version, terms.test, asks,
            )  # fmt: skip
            raw = write_x12(around, numbers, bodies, segment)
        else:
            unb = EdifactEnvelope(
                terms.ours, terms.theirs, now, terms.marks, terms.syntax, terms.test, asks,
                una=terms.delimiters is not None,
            )  # fmt: skip
            raw = write_edifact(unb, numbers, bodies, "latin-1")
        if not acknowledges:
            kinds = tuple(body.type for body in bodies)
            self.sent.append(Sent(numbers.interchange, numbers.groups, numbers.sets, kinds, raw))
        return raw

    def _next(self, bodies: Sequence[Body]) -> Numbers:
        last = self._numbers
        groups, sets = counts(bodies) if self.terms.standard is Standard.X12 else (0, len(bodies))
        group, one = last.groups[-1], last.sets[-1]
        found = Numbers(
            last.interchange + 1,
            tuple(range(group + 1, group + 1 + groups)),
            tuple(range(one + 1, one + 1 + sets)),
        )
        self._numbers = Numbers(found.interchange, found.groups or last.groups, found.sets or last.sets)
        return found

    # --- in ----------------------------------------------------------------------------------------------------

    def receive(self, raw: bytes, now: datetime) -> Arrived:
        """Take a file: what is accepted of it, what isn't and why, and what goes back. It never raises."""
        arrived = Arrived()
        found = collect([raw], self._reading)
        arrived.problems += [fault.message for fault in found.faults]
        replies = [self._one(outline, raw, arrived, now) for outline in found.interchanges]
        arrived.reply = b"".join(replies)
        return arrived

    def _one(self, outline: InterchangeOutline, raw: bytes, arrived: Arrived, now: datetime) -> bytes:
        terms = self.terms
        if outline.standard is not terms.standard or outline.sender != terms.theirs:
            arrived.problems.append(
                f"interchange {outline.control} is from {':'.join(outline.sender)}: unknown"
            )
            return b""
        start, end = outline.span
        digest = sha256(raw[start:end]).digest()
        before = self._came.get(outline.control)
        if before == digest:
            arrived.repeated.append(outline.control)
            return b""
        agreement = Agreement(terms.takes, terms.ours, production=not terms.test)
        verdict = judge(outline, agreement, [duplicate(outline)] if before is not None else [])
        if verdict.decision is Decision.REJECTED:
            cause = verdict.cause
            arrived.problems.append(cause.message if cause else f"interchange {outline.control} is refused")
        else:
            self._came[outline.control] = digest
        self._sort(verdict, raw, arrived)
        return self._reply(verdict, now)

    def _sort(self, verdict: Verdict, raw: bytes, arrived: Arrived) -> None:
        outline = verdict.outline
        rejected = verdict.decision is Decision.REJECTED
        answers: list[tuple[str, Sequence[Segment]]] = []
        if not rejected:
            answers += [("TA1", (segment,)) for segment in outline.ta1]
        for group in verdict.groups:
            for one in group.sets:
                kind, control = set_type(one.outline, outline), set_control(one.outline, outline)
                if one.decision is Decision.REJECTED:
                    faults = one.faults or group.faults or verdict.faults
                    arrived.refused.append(Refused(kind, control, tuple(f.message for f in faults)))
                elif kind in ACKNOWLEDGEMENTS:
                    answers.append((kind, one.outline.segments))
                else:
                    body = alone(one.outline, group.outline, outline, raw)
                    meant = tuple(self._plain(body, outline.delimiters))
                    arrived.sets.append(Taken(kind, control, meant, body, one.outline.references))
        for kind, segments in answers:
            try:
                answer = read_answer(kind, segments, outline.delimiters)
            except MappingError as error:
                arrived.problems.append(f"a {kind} can't be read: {error}")
                continue
            arrived.answers.append(answer)
            for mine in self.sent:
                mine.decision = _said_of(mine, answer) or mine.decision

    def _plain(self, body: bytes, marks: Delimiters) -> Iterator[Plain]:
        """Yield a set's segments between header and trailer."""
        held: Segment | None = None
        inside = False
        for event in read_events([body], Reading(None, self._reading.x12_charset)):
            match event:
                case SetBegin():
                    inside, held = True, None
                case Segment() if inside and event.tag not in {"ST", "UNH", "SE", "UNT"}:
                    if held is not None:
                        yield self._meant(held, marks)
                    held = event
                case SetEnd():
                    inside = False
                case _:
                    pass
        if held is not None:
            yield self._meant(held, marks)

    def _meant(self, segment: Segment, marks: Delimiters) -> Plain:
        text = self.terms.encoding.text
        elements = [components_of(element, marks) for element in segment.fields[1:]]
        return (
            segment.tag,
            *(text(parts[0]) if len(parts) == 1 else tuple(map(text, parts)) for parts in elements),
        )

    def _reply(self, verdict: Verdict, now: datetime) -> bytes:
        terms = self.terms
        if terms.acknowledges == "none":
            return b""
        by_set = "999" if terms.acknowledges == "999" else "997"
        how = by_set if terms.standard is Standard.X12 else "contrl"
        bodies, segment = acknowledged(verdict, how, terms.marks)
        return self._send(bodies, segment, now) if bodies or segment is not None else b""


def _said_of(mine: Sent, answer: Acknowledgement) -> Decision | None:
    """Return what an acknowledgement makes of an interchange of ours; None where it is about another."""
    found: set[Decision | None]
    if answer.interchange is None:
        found = {g.decision for g in answer.groups if any(_is(g.control, n) for n in mine.groups)}
    elif not _is(answer.interchange, mine.control):
        return None
    elif answer.kind == "TA1":
        found = {answer.decision}  # of the envelope: a 997 says more
        if mine.decision is not None:
            found.add(mine.decision)
    else:
        found = {answer.of_set("", str(number)) for number in mine.sets}
    if len(found) == 1:
        return found.pop()
    some_lost = found & {Decision.REJECTED, Decision.PARTLY}
    return Decision.PARTLY if some_lost else Decision.WITH_ERRORS if found - {None} else None


def _is(text: str, number: int) -> bool:
    return text.isascii() and text.isdigit() and int(text) == number
